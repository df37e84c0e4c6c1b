"""Keeps ECS clusters equal to git."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    AwsError,
    Context,
    Controller,
    Env,
    Health,
    Identity,
    Ignored,
    Owned,
    Problem,
    Resource,
    Step,
    Transient,
    Wait,
    is_unknown,
)
from apollo_ecs_cluster import check, steps
from apollo_ecs_cluster.codes import CODES
from apollo_ecs_cluster.reads import Cluster, every, look
from apollo_ecs_cluster.spec import ClusterSpec

__all__ = ["ClusterController"]

Want = Resource[ClusterSpec]

_HOLDS = {
    "ClusterContainsServicesException": "services",
    "ClusterContainsTasksException": "tasks",
    "ClusterContainsContainerInstancesException": "container instances",
    "ClusterContainsCapacityProviderException": "capacity providers",
}
"""Why AWS does not delete a cluster.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html
"""


class ClusterController(Controller[ClusterSpec, Cluster]):
    """A cluster, found by its name. Everything but the name is changed in place. A cluster that was deleted
    is INACTIVE and can be made again at once."""

    kind = "Cluster"
    spec_type = ClusterSpec
    permissions = frozenset(
        {
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:DescribeClusters",
            "ecs:ListClusters",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateCluster",
            "servicediscovery:GetNamespace",  # the name of what Service Connect uses by default
        }
    )
    write_permissions = frozenset(
        {
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateCluster",
        }
    )
    output_names = frozenset({"arn", "name"})
    codes = CODES
    stable_outputs = output_names
    rank = 95  # last of all: everything else runs in it

    def identity(self, spec: ClusterSpec, env: Env) -> Identity:
        return Identity("ecs:cluster", spec.clusterName or "")

    def provides(self, spec: ClusterSpec) -> Iterable[str]:
        """A service may name the cluster without referring to this resource."""
        return (f"cluster:{spec.clusterName}",)

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec)

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> Cluster | None:
        assert at is not None  # every cluster has a name
        defaults = want.spec.serviceConnectDefaults if want is not None else None
        namespace = "" if defaults is None or is_unknown(defaults.namespace) else defaults.namespace
        return await look(ctx, at.id, namespace=namespace)

    def diff(self, want: Want | None, seen: Cluster | None) -> Sequence[Step]:
        return steps.deletion(seen) if want is None else steps.steps(want, seen)

    def outputs(self, seen: Cluster) -> Mapping[str, str]:
        return {"arn": seen.arn, "name": seen.name}

    def settled(self, want: Want, seen: Cluster | None) -> Wait | None:
        """While capacity providers are attached, AWS refuses another change of them."""
        if seen is None or not seen.busy:
            return None
        return Wait("UpdateInProgress", seen.busy, after=5.0, blocking=True)

    def health(self, want: Want, seen: Cluster | None) -> Health:
        if seen is None:
            return Health("Missing")
        if seen.failed:
            return Health("Degraded", "UpdateFailed", seen.failed)
        if seen.busy:
            return Health("Progressing", "UpdateInProgress", seen.busy)
        return Health("Healthy", "", _content(seen))

    def ignored(self, want: Want, seen: Cluster | None) -> Sequence[Ignored]:
        return steps.left_alone(want, seen) if seen is not None else ()

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        async for one in every(ctx):
            key = ctx.env.key_of(one.tags.get(OWNER_TAG, ""))
            if key is not None and key.kind == self.kind:
                prune = one.tags.get(PRUNE_TAG, "auto")
                yield Owned(key, Identity("ecs:cluster", one.name), one, complete=True, prune=prune)

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        """AWS deletes no cluster that holds something. What is Apollo's goes first; what it leaves behind,
        such as tasks that are still stopping, goes by itself a little later."""
        try:
            return await ctx.write(step.call)
        except AwsError as error:
            if error.aws_code not in _HOLDS or step.call.operation != "DeleteCluster":
                raise
            name = step.call.params["cluster"]
            raise Transient(
                f"{step.target} is not deleted yet: cluster {name} still holds {_HOLDS[error.aws_code]}",
                code="APO-CLUSTER-003",
                hint="what is not Apollo's has to be removed by whoever made it; or keep the cluster: "
                "lifecycle.prune: never, before the manifest leaves git",
                reason="InUse",
            ) from None


def _content(seen: Cluster) -> str:
    parts = ((seen.services, "service"), (seen.tasks, "task"), (seen.instances, "container instance"))
    said = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in parts if count]
    return ", ".join(said) or "empty"

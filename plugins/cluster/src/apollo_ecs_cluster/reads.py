"""What there is in AWS, in as few calls as it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apollo.api import AwsError, Context, Loader, Transient
from apollo.compare import tag_map
from apollo.reads import pages

__all__ = ["Cluster", "every", "look"]

_FIELDS = (
    "settings",
    "configuration",
    "serviceConnectDefaults",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
)
_INCLUDE = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "TAGS"]


@dataclass(frozen=True)
class Cluster:
    """A live cluster. One that was deleted is INACTIVE for a while, and counts as absent.

    :ivar fields: under the names of the spec.
    :ivar busy: why nothing else may be changed now; empty when AWS is done.
    :ivar failed: what AWS could not do, such as to attach a capacity provider.
    """

    arn: str
    name: str
    status: str
    fields: Mapping[str, Any]
    services: int = 0
    tasks: int = 0
    instances: int = 0
    busy: str = ""
    failed: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class _Clusters(Loader[str, Cluster]):
    """DescribeClusters, 100 in a call. Keys are names.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
    """

    name = "ecs.DescribeClusters.whole"
    batch = 100

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Cluster]:
        answer = await ctx.read("ecs", "DescribeClusters", clusters=list(keys), include=_INCLUDE)
        for failure in answer.get("failures") or ():
            if failure.get("reason") != "MISSING":
                arn, why = failure.get("arn"), failure.get("reason")
                raise Transient(f"AWS does not say whether {arn} exists: {why}", code="APO-CLUSTER-002")
        return {one["clusterName"]: _cluster(one) for one in answer["clusters"]}


_CLUSTERS = _Clusters()


def _cluster(live: Mapping[str, Any]) -> Cluster:
    """What DescribeClusters says of a cluster."""
    status = str(live["status"])
    attachments = str(live.get("attachmentsStatus") or "")
    busy = failed = ""
    if status in ("PROVISIONING", "DEPROVISIONING"):
        busy = f"the cluster is {status}"
    elif attachments == "UPDATE_IN_PROGRESS":
        busy = "capacity providers are being attached or detached"
    if status == "FAILED":
        failed = "AWS could not make the cluster"
    elif attachments == "UPDATE_FAILED":
        failed = "AWS could not attach or detach a capacity provider"
    return Cluster(
        str(live["clusterArn"]),
        str(live["clusterName"]),
        status,
        {name: live[name] for name in _FIELDS if live.get(name) is not None},
        services=int(live.get("activeServicesCount") or 0),
        tasks=int(live.get("runningTasksCount") or 0) + int(live.get("pendingTasksCount") or 0),
        instances=int(live.get("registeredContainerInstancesCount") or 0),
        busy=busy,
        failed=failed,
        tags=tag_map(live.get("tags")),
    )


async def look(ctx: Context, name: str, *, namespace: str = "") -> Cluster | None:
    """The cluster of a name; None when there is none.

    :param namespace: what git wants as the default of Service Connect; where it is a name, AWS is asked for
        the name of what it holds, since it tells only the ARN.
    """
    found = await ctx.load(_CLUSTERS, name)
    if found is None or found.status == "INACTIVE":
        return None
    held = str((found.fields.get("serviceConnectDefaults") or {}).get("namespace") or "")
    if namespace and not namespace.startswith("arn:") and held.startswith("arn:"):
        told = {"namespace": await _name_of(ctx, held)}
        found = replace(found, fields={**found.fields, "serviceConnectDefaults": told})
    return found


async def _name_of(ctx: Context, namespace: str) -> str:
    """The name of a Cloud Map namespace; its ARN where it does not exist any more."""
    try:
        answer = await ctx.read("servicediscovery", "GetNamespace", Id=namespace.rpartition("/")[2])
    except AwsError as error:
        if error.category != "not-found":
            raise
        return namespace
    return str(answer["Namespace"]["Name"])


async def every(ctx: Context) -> AsyncIterator[Cluster]:
    """Every cluster of the account and region: two calls for each 100.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html
    """
    async for arns in pages(ctx, "ecs", "ListClusters", "clusterArns", maxResults=100):
        names = [str(arn).rpartition("/")[2] for arn in arns]
        if names:
            answer = await ctx.read("ecs", "DescribeClusters", clusters=names, include=_INCLUDE)
            for one in answer["clusters"]:
                yield _cluster(one)

"""The kind Service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve

from apollo.api import (
    Around,
    Context,
    Controller,
    Env,
    Forecast,
    Health,
    Identity,
    Ignored,
    Key,
    Owned,
    Problem,
    Resource,
    Step,
    Wait,
    is_unknown,
)
from apollo.controllers.service import check
from apollo.controllers.service.places import cluster_name, identity_of
from apollo.resources.service import ServiceSpec

if TYPE_CHECKING:
    from apollo.controllers.service.observe import Listed
    from apollo.controllers.service.seen import ServiceSeen

__all__ = ["ServiceController"]

Want = Resource[ServiceSpec]


class ServiceController(Controller[ServiceSpec, "ServiceSeen"]):
    """An ECS service, followed through its rollouts.

    Each change is one UpdateService. What AWS cannot change in place is deleted and created anew, which the
    manifest has to allow. A deployment that AWS gave up is told as rejected, with its reasons.
    """

    kind = "Service"
    spec_type = ServiceSpec
    permissions = frozenset(
        {
            "application-autoscaling:DescribeScalableTargets",  # who owns desiredCount
            "application-autoscaling:ListTagsForResource",
            "ecs:CreateService",
            "ecs:DeleteService",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
            "ecs:DescribeServices",
            "ecs:DescribeTasks",
            "ecs:ListServiceDeployments",
            "ecs:ListServices",
            "ecs:ListTasks",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateService",
            "iam:PassRole",  # of spec.role, of EBS volume and of load balancer roles
            "tag:GetResources",
        }
    )
    write_permissions = frozenset(
        {
            "ecs:CreateService",
            "ecs:DeleteService",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateService",
            "iam:PassRole",
        }
    )
    output_names = frozenset({"arn", "name", "cluster"})
    stable_outputs = output_names
    rank = 20

    def identity(self, spec: ServiceSpec, env: Env) -> Identity:
        return identity_of(spec.cluster or env.cluster or "default", spec.serviceName or "")

    def provides(self, spec: ServiceSpec) -> Iterable[str]:
        """What is scaled, as Application Auto Scaling names it."""
        yield f"scalable:service/{(spec.cluster or 'default').rpartition('/')[2]}/{spec.serviceName}"

    def requires(self, spec: ServiceSpec) -> Iterable[str]:
        """Its cluster, which git may hold as well without being referred to. And ECS takes a target group
        only once a listener or a rule forwards to it."""
        if not is_unknown(cluster := spec.cluster or "default"):
            yield f"cluster:{cluster_name(cluster)}"
        for balancer in spec.loadBalancers or ():
            if balancer.targetGroupArn:
                yield f"targetGroup:{balancer.targetGroupArn}"

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec.declared(), want.env)

    def check_beside(self, want: Want, beside: Mapping[Key, Resource[Any]]) -> Iterable[Problem]:
        return check.together(want, beside)

    @cached_property
    def verify_permissions(self) -> frozenset[str]:  # type: ignore[override]
        from apollo.controllers.service import verify

        return verify.ACTIONS

    async def verify(
        self, ctx: Context, want: Want, seen: ServiceSeen | None, around: Around
    ) -> AsyncIterator[Problem]:
        from apollo.controllers.service import verify  # many modules, for `plan --verify` alone

        for problem in await verify.problems(ctx, want, seen, around):
            yield problem

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> ServiceSeen | None:
        from apollo.controllers.service import work

        if at is None:
            if want is None:
                return None
            at = self.identity(want.spec, want.env)
        seen = await work.observe.look(ctx, at)
        if seen is None or want is None:
            return None if seen is None or seen.absent else seen
        if seen.absent:
            # The name is free for whoever wants it; only who was here before is told.
            return evolve(seen, tags=want.tags)
        if seen.status != "ACTIVE":
            return seen
        seen = await work.observe.complete(ctx, want, await work.with_count_owner(ctx, want, seen))
        return await work.observe.follow(ctx, want, seen)

    def diff(self, want: Want | None, seen: ServiceSeen | None) -> Sequence[Step]:
        from apollo.controllers.service import work

        return work.diff.steps(want, seen) if want is not None else work.diff.deletion(seen)

    def outputs(self, seen: ServiceSeen) -> Mapping[str, str]:
        if seen.status != "ACTIVE":
            return {}
        return {"arn": seen.arn, "name": seen.name, "cluster": seen.cluster}

    def settled(self, want: Want | None, seen: ServiceSeen | None) -> Wait | None:
        from apollo.controllers.service import work

        return work.follow.settled(want, seen)

    def health(self, want: Want | None, seen: ServiceSeen | None) -> Health:
        from apollo.controllers.service import work

        return work.follow.health(want, seen)

    def rejected(self, want: Want, seen: ServiceSeen | None) -> str | None:
        from apollo.controllers.service import work

        return work.follow.rejected(want, seen)

    def ignored(self, want: Want, seen: ServiceSeen | None) -> Sequence[Ignored]:
        from apollo.controllers.service import work

        return work.ignored_changes(want, seen) if seen is not None and seen.status == "ACTIVE" else ()

    def forecast(self, want: Want | None, seen: ServiceSeen | None, steps: Sequence[Step]) -> Forecast | None:
        from apollo.controllers.service import work

        return work.forecast.forecast(want, seen, steps)

    async def durations(self, ctx: Context, at: Identity) -> Sequence[float]:
        from apollo.controllers.service import work

        return await work.forecast.durations(ctx, at)

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        from apollo.controllers.service import work

        async for one in work.observe.owned(ctx, want):
            yield one

    async def ahead(self, ctx: Context) -> Listed:
        """Most of what is ours lies in the environment's own cluster, whatever git asks for."""
        from apollo.controllers.service import work

        return await work.observe.ahead(ctx)

    async def owned_beside(self, ctx: Context, want: Collection[Want], read: Listed) -> AsyncIterator[Owned]:
        from apollo.controllers.service import work

        async for one in work.observe.owned(ctx, want, read):
            yield one

    def acted(self, ctx: Context, step: Step, answer: Mapping[str, Any]) -> ServiceSeen | None:
        from apollo.controllers.service import work

        live = answer.get("service")
        if not live or step.call.operation not in ("CreateService", "UpdateService"):
            return None
        ctx.remember(work.OURS, str(work.primary(live).get("id", "")), True)
        if step.call.operation == "UpdateService":
            return None  # the answer does not tell the tags
        params = step.call.params
        seen = work.project(live, cluster_name(str(params.get("cluster") or "default")))
        return evolve(seen, tags=work.tag_map(params["tags"]))

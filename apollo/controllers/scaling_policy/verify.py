"""What a scaling names in AWS: its service and its role, and whether AWS grants so many tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from apollo.api import Around, Context, Problem, Resource, is_unknown
from apollo.controllers.existence import clusters, roles
from apollo.controllers.existence.base import Check, Unknown, find, run
from apollo.controllers.existence.clusters import SERVICES, TASKS_PER_SERVICE, quota
from apollo.resources.scaling_policy import ScalingPolicySpec

__all__ = ["ACTIONS", "problems"]

ACTIONS = clusters.SERVICE_ACTIONS | clusters.QUOTA_ACTIONS | roles.ACTIONS

_SCALING = "application-autoscaling.amazonaws.com"

Want = Resource[ScalingPolicySpec]


async def problems(ctx: Context, want: Want, around: Around) -> Sequence[Problem]:
    """Everything at once."""
    return await run(_checks(ctx, want, around))


def _checks(ctx: Context, want: Want, around: Around) -> Iterator[Check]:
    if not is_unknown(want.spec.place) and not _is_planned(want, around):
        yield partial(_service, ctx, want)
    role = want.spec.roleARN
    # Where it names the service-linked role, AWS uses that one in any case.
    if role and "/aws-service-role/" not in role:
        yield partial(roles.role_problems, ctx, role, "/roleARN", _SCALING)
    yield partial(_count, ctx, want)


def _is_planned(want: Want, around: Around) -> bool:
    """Whether git holds the service, which is therefore there by then."""
    for other in around.resources.values():
        cluster, name = getattr(other.spec, "cluster", None), getattr(other.spec, "serviceName", None)
        if name and f"service/{str(cluster or 'default').rsplit('/', 1)[-1]}/{name}" == want.spec.place:
            return True
    return False


async def _service(ctx: Context, want: Want) -> Iterable[Problem]:
    _, cluster, name = want.spec.place.split("/", 2)
    live = await find(ctx, SERVICES, (cluster, name))
    if isinstance(live, Unknown):
        return [live.told("services to scale", "/service")]
    if live:
        return ()
    return [
        Problem(
            "APO-PRE-110",
            f"there is no service {name} in cluster {cluster} to scale",
            path="/service",
            hint="name a Service of this environment, or one that is there",
        )
    ]


async def _count(ctx: Context, want: Want) -> Iterable[Problem]:
    count = want.spec.maxCapacity
    if count <= 1000:
        return ()
    most = await quota(ctx, TASKS_PER_SERVICE)
    if count <= most:
        return ()
    return [
        Problem(
            "APO-PRE-100",
            f"{count} tasks are more than the {most} that AWS grants a service",
            path="/maxCapacity",
            hint="ask for more with Service Quotas (Tasks per service)",
        )
    ]

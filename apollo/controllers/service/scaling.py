"""Who looks after a service's desired count: its manifest, or Application Auto Scaling.

A count that is reset at every sync undoes what the load asked for. So the manifest's count is a beginning: it
rules while there is no scalable target, and whoever scales the service finds it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from apollo.api import OWNER_TAG, AwsError, Context, Env, Loader, Resource
from apollo.controllers.service.seen import ServiceSeen
from apollo.reads import listed
from apollo.resources.service import ServiceSpec

__all__ = ["count_owner", "first_count", "with_count_owner"]

Want = Resource[ServiceSpec]

_FIELD = "/desiredCount"
_UNSEEN = (
    "it differs, and whether a scalable target owns it is not known: "
    "application-autoscaling:DescribeScalableTargets is denied"
)
_FOREIGN = "owned by a scalable target that is not Apollo's"


def first_count(want: Want) -> int:
    """How many tasks a new service starts with: at least as many as its scaling asks for, so that it is not
    scaled as soon as it is there. AWS asks for a count; CloudFormation takes 1 as well."""
    declared = want.spec.desiredCount
    return max([1 if declared is None else declared, *_least(want).values()])


def count_owner(want: Want, seen: ServiceSeen) -> str:
    """Why the count of a live service is not the manifest's, or nothing when it is.

    A scaling that git holds owns it even before its target is registered, and after somebody has deleted that
    by hand: the count that the load asked for is kept meanwhile.
    """
    scaling = _least(want)
    return f"owned by {next(iter(scaling))}" if scaling else seen.count_owner


async def with_count_owner(ctx: Context, want: Want, seen: ServiceSeen) -> ServiceSeen:
    """``seen`` with who owns the desired count; asked only where it is declared and differs.

    :raises AwsError: when it cannot be known for now. Where the role may not ask, the count is left alone.
    """
    declared = want.spec.desiredCount
    if declared is None or declared == seen.desired or _least(want) or _FIELD in want.lifecycle.ignore:
        return seen
    if want.spec.schedulingStrategy == "DAEMON":
        return seen
    try:
        target = await ctx.load(_TARGETS, f"service/{seen.cluster}/{seen.name}")
    except AwsError as error:
        if error.category != "access-denied":
            raise
        return evolve(seen, count_owner=_UNSEEN)
    if target is None:
        return seen
    return evolve(seen, count_owner=await _owner(ctx, str(target.get("ScalableTargetARN", ""))))


def _least(want: Want) -> Mapping[str, int]:
    """By key, the lowest count of each scaling that git holds for this service."""
    found = ((str(user.key), getattr(user.spec, "minCapacity", None)) for user in want.users)
    return {key: least for key, least in found if isinstance(least, int)}


async def _owner(ctx: Context, arn: str) -> str:
    """Whose target it is, for the reader: in the way it is in any case."""
    try:
        tags = await ctx.load(_TAGS, arn)
    except AwsError:
        return "owned by a scalable target whose tags cannot be read"
    return _named(ctx.env, (tags or {}).get(OWNER_TAG))


def _named(env: Env, owner: str | None) -> str:
    if not owner:
        return _FOREIGN
    return f"owned by {env.key_of(owner) or owner}"


class _Targets(Loader[str, Mapping[str, Any]]):
    """DescribeScalableTargets: 50 in a call. Keys are ids: ``service/CLUSTER/SERVICE``.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """

    name = "autoscaling.DescribeScalableTargets:service"
    batch = 50

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        found = await listed(
            ctx,
            "application-autoscaling",
            "DescribeScalableTargets",
            "ScalableTargets",
            ServiceNamespace="ecs",
            ResourceIds=list(keys),
            ScalableDimension="ecs:service:DesiredCount",
            MaxResults=50,
        )
        return {str(target["ResourceId"]): target for target in found}


class _Tags(Loader[str, Mapping[str, str]]):
    """ListTagsForResource of scalable targets: one in a call. Keys are ARNs."""

    name = "autoscaling.ListTagsForResource:service"
    batch = 1

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        answers = {
            arn: await ctx.read("application-autoscaling", "ListTagsForResource", ResourceARN=arn)
            for arn in keys
        }
        return {arn: answer.get("Tags") or {} for arn, answer in answers.items()}


_TARGETS = _Targets()
_TAGS = _Tags()

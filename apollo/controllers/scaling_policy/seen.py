"""What is seen of a service's scaling, and how it is read: many targets in few calls.

Application Auto Scaling has one small rate bucket for all its operations, so a look at the whole account
pages through everything, and a look at a few targets asks for those.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from apollo.api import AwsError, Context, Loader, Transient
from apollo.compare.scaling_policy import live_spec
from apollo.reads import TagIndex, tagged, together
from apollo.resources.scaling_policy import DIMENSION

__all__ = [
    "ACTIONS",
    "COUNTS",
    "NAMESPACE",
    "POLICIES",
    "TARGETS",
    "ScalingSeen",
    "every",
    "owned_tags",
    "project",
    "tags_of",
]

NAMESPACE = "ecs"
_SERVICE = "application-autoscaling"
_FEW = 3
"""Up to so many targets are asked for one by one."""


@frozen
class ScalingSeen:
    """The scaling of one service as AWS has it.

    :ivar place: AWS's id: ``service/CLUSTER/SERVICE``. :ivar arn: of the scalable target; empty when there is
        none. :ivar fields: what can be compared with a spec, under its names.
    :ivar tags: of the target; where there is none, those of whoever wants it.
    :ivar desired: the service's desired count, where it matters what the bounds do to it.
    """

    place: str
    arn: str = ""
    fields: Mapping[str, Any] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    desired: int | None = None

    @property
    def absent(self) -> bool:
        return not self.arn


def project(
    target: Mapping[str, Any],
    policies: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    tags: Mapping[str, str],
) -> ScalingSeen:
    """AWS's answers, joined."""
    fields = live_spec(target, policies, actions)
    return ScalingSeen(str(target["ResourceId"]), str(target["ScalableTargetARN"]), fields, tags)


class _Targets(Loader[str, Mapping[str, Any]]):
    """DescribeScalableTargets: 50 in a call. Keys are resource ids.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """

    name = "autoscaling.DescribeScalableTargets"
    batch = 50

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        found = await every(ctx, "DescribeScalableTargets", "ScalableTargets", 50, ResourceIds=list(keys))
        return {str(target["ResourceId"]): target for target in found or ()}


class _Parts(Loader[str, Sequence[Mapping[str, Any]]]):
    """The policies, or the scheduled actions, of targets. Keys are resource ids.

    AWS takes one resource id in a call, or none: so many targets are read by paging through all there are,
    unless that takes more calls than asking for each.
    """

    batch = 1000

    def __init__(self, operation: str, member: str, size: int) -> None:
        self.name = f"autoscaling.{operation}"
        self._operation, self._member, self._size = operation, member, size

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return await self.read(ctx, keys)

    async def read(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Those of any number of targets."""
        found: list[Mapping[str, Any]] | None = None
        if len(keys) > _FEW:
            found = await every(ctx, self._operation, self._member, self._size, most=len(keys))
        if found is None:

            async def one(key: str) -> list[Mapping[str, Any]]:
                its = await every(ctx, self._operation, self._member, self._size, ResourceId=key)
                return its or []

            found = [item for its in await together(one, keys) for item in its]
        by_place: dict[str, list[Mapping[str, Any]]] = {key: [] for key in keys}
        for item in found:
            if item.get("ResourceId") in by_place and item.get("ScalableDimension") == DIMENSION:
                by_place[str(item["ResourceId"])].append(item)
        return by_place


class _Tags(Loader[str, Mapping[str, str]]):
    """ListTagsForResource: one target in a call. Keys are ARNs."""

    name = "autoscaling.ListTagsForResource"
    batch = 50

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        async def one(arn: str) -> Mapping[str, str] | None:
            try:
                answer = await ctx.read(_SERVICE, "ListTagsForResource", ResourceARN=arn)
            except AwsError as error:
                if error.category == "not-found":
                    return None  # deleted since it was listed
                raise
            return dict(answer.get("Tags") or {})

        found = zip(keys, await together(one, keys), strict=True)
        return {arn: tags for arn, tags in found if tags is not None}


class _Counts(Loader[tuple[str, str], int]):
    """The desired counts of services: 10 in a call. Keys are (cluster, name)."""

    name = "autoscaling.DescribeServices"
    batch = 10

    def scope(self, key: tuple[str, str]) -> Hashable:
        return key[0]

    async def fetch(self, ctx: Context, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        cluster = keys[0][0]
        names = [name for _, name in keys]
        answer = await ctx.read("ecs", "DescribeServices", cluster=cluster, services=names)
        return {
            (cluster, str(live["serviceName"])): int(live.get("desiredCount") or 0)
            for live in answer.get("services") or ()
            if live.get("status") == "ACTIVE"
        }


TARGETS = _Targets()
POLICIES = _Parts("DescribeScalingPolicies", "ScalingPolicies", 10)
ACTIONS = _Parts("DescribeScheduledActions", "ScheduledActions", 50)
COUNTS = _Counts()
TAGS = _Tags()
_INDEX = TagIndex("application-autoscaling:scalable-target")


async def tags_of(
    ctx: Context, target: Mapping[str, Any], wanted: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """The tags of a target; None when it is gone.

    Asking for them is a call per target. So where nothing is to be written, an index that tells of a hundred
    is believed when it says that they are as ``wanted``.
    """
    arn = str(target["ScalableTargetARN"])
    if wanted is not None and not ctx.thorough:
        tags = await ctx.load(_INDEX, arn)
        if tags is not None and wanted.items() <= tags.items():
            return tags
    return await ctx.load(TAGS, arn)


async def owned_tags(ctx: Context) -> Mapping[str, Mapping[str, str]] | None:
    """By ARN, the tags of every target that carries an ownership tag, whoever's, as the index knows them.
    None when the role may not ask the index."""
    try:
        return {arn: tags async for arn, tags in tagged(ctx, "application-autoscaling:scalable-target")}
    except AwsError as error:
        if error.category != "access-denied":
            raise
        return None


async def every(
    ctx: Context, operation: str, member: str, size: int, *, most: int | None = None, **params: Any
) -> list[Mapping[str, Any]] | None:
    """All items of a Describe operation; None when there are more pages than ``most``.

    :raises Transient: when AWS does not list to the end.
    """
    found: list[Mapping[str, Any]] = []
    more: dict[str, str] = {}
    count = 0
    while True:
        page = await ctx.read(
            _SERVICE, operation, ServiceNamespace=NAMESPACE, MaxResults=size, **params, **more
        )
        if member not in page:
            raise Transient(f"AWS answered {operation} incompletely", code="APO-AWS-038")
        found += page[member]
        count += 1
        token = page.get("NextToken")
        if not token:
            return found
        if token == more.get("NextToken"):
            raise Transient(f"AWS answers {operation} in a circle", code="APO-AWS-038")
        if most is not None and count >= most:
            return None
        more = {"NextToken": token}

"""What there is in AWS, in as few calls as it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apollo.api import AwsError, Context, Loader
from apollo.compare import spec_names, tag_map
from apollo.reads import listed, tagged

__all__ = ["TargetGroup", "look", "ours"]

_NOT_IN_SPEC = ("targetGroupArn", "targetGroupName", "loadBalancerArns")


@dataclass(frozen=True)
class TargetGroup:
    """A live target group.

    :ivar fields: under the names of the spec; ``attributes`` only where they were asked for.
    :ivar balancers: the load balancers whose listeners or rules forward to it.
    """

    arn: str
    name: str
    fields: Mapping[str, Any]
    balancers: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class _Groups(Loader[str, Mapping[str, Any]]):
    """DescribeTargetGroups by name, 20 in a call. AWS refuses the whole call when one of the names does not
    exist; then all there are are listed instead, which is cheaper than to ask for each.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
    """

    name = "elbv2.DescribeTargetGroups.names"
    batch = 20

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        try:
            answer = await ctx.read("elbv2", "DescribeTargetGroups", Names=list(keys))
            found = answer["TargetGroups"]
        except AwsError as error:
            if error.category != "not-found":
                raise
            if len(keys) == 1:
                return {}
            found = await listed(ctx, "elbv2", "DescribeTargetGroups", "TargetGroups", PageSize=400)
        wanted = set(keys)
        return {one["TargetGroupName"]: one for one in found if one["TargetGroupName"] in wanted}


class _Tags(Loader[str, Mapping[str, str]]):
    """DescribeTags, 20 in a call. Keys are ARNs.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
    """

    name = "elbv2.DescribeTags.targetGroups"
    batch = 20

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        try:
            answer = await ctx.read("elbv2", "DescribeTags", ResourceArns=list(keys))
        except AwsError as error:
            if error.category != "not-found":
                raise
            if len(keys) == 1:
                return {}  # deleted since it was described
            found: dict[str, Mapping[str, str]] = {}
            for key in keys:
                found.update(await self.fetch(ctx, [key]))
            return found
        return {
            one["ResourceArn"]: tag_map(spec_names(one.get("Tags") or ()))
            for one in answer["TagDescriptions"]
        }


_GROUPS = _Groups()
_TAGS = _Tags()


async def look(ctx: Context, name: str, *, attributes: bool) -> TargetGroup | None:
    """The target group of a name; None when there is none.

    :param attributes: whether to read them, too: AWS takes one call for each target group.
    """
    live = await ctx.load(_GROUPS, name)
    if live is None:
        return None
    arn = str(live["TargetGroupArn"])
    tags = await ctx.load(_TAGS, arn)
    if tags is None:
        return None
    fields = {key: value for key, value in spec_names(live).items() if key not in _NOT_IN_SPEC}
    if attributes:
        answer = await ctx.read("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=arn)
        fields["attributes"] = spec_names(answer["Attributes"])
    return TargetGroup(arn, name, fields, tuple(live.get("LoadBalancerArns") or ()), tags)


async def ours(ctx: Context) -> AsyncIterator[tuple[str, Mapping[str, str]]]:
    """Name and tags of every target group that carries an ownership tag: one call for each 100. What this
    index does not tell yet is found the next time; what it still tells though it is gone is looked for in
    vain.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    async for arn, tags in tagged(ctx, "elasticloadbalancing:targetgroup"):
        yield arn.split("/")[-2], tags

"""How log groups are read: fifty in a call, and their tags from an index where that is good enough.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apollo.api import AwsError, Context, Loader
from apollo.reads import TagIndex, pages, tagged


@dataclass(frozen=True)
class LogGroup:
    """What there is in AWS.

    :ivar live: as DescribeLogGroups tells it. :ivar arn: without the ``:*`` that some calls append.
    """

    name: str
    arn: str
    live: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def protected(self) -> bool:
        """Whether AWS refuses to delete it."""
        return bool(self.live.get("deletionProtectionEnabled"))

    @property
    def size(self) -> str:
        """How much log it holds, for a reader; AWS tells it some hours late."""
        size = float(self.live.get("storedBytes") or 0)
        for unit in ("bytes", "KB", "MB", "GB"):
            if size < 1024:
                return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
            size /= 1024
        return f"{size:.1f} TB"


class _Groups(Loader[str, Mapping[str, Any]]):
    """DescribeLogGroups. Keys are names.

    One is found by its name as a prefix: the answer is in the order of the names, so it comes first. Many are
    asked for by ``logGroupIdentifiers``; what AWS says of a name in it that does not exist is not documented,
    so an error makes us ask one by one.
    """

    name = "logs.DescribeLogGroups:LogGroup"
    batch = 50

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        if len(keys) > 1:
            try:
                return await _listed(ctx, keys)
            except AwsError as error:
                if error.category not in ("not-found", "invalid"):
                    raise
        found: dict[str, Mapping[str, Any]] = {}
        for name in keys:
            page = await ctx.read("logs", "DescribeLogGroups", logGroupNamePrefix=name, limit=1)
            for one in page.get("logGroups") or ():
                if one["logGroupName"] == name:
                    found[name] = one
        return found


async def _listed(ctx: Context, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    wanted, found = set(names), dict[str, Mapping[str, Any]]()
    async for page in pages(
        ctx, "logs", "DescribeLogGroups", "logGroups", logGroupIdentifiers=sorted(wanted)
    ):
        found |= {str(one["logGroupName"]): one for one in page if one["logGroupName"] in wanted}
        if len(found) == len(wanted):
            break
    return found


GROUPS = _Groups()
INDEX = TagIndex("logs:log-group")


async def find(ctx: Context, name: str, wanted: Mapping[str, str] | None) -> LogGroup | None:
    """A log group as it is now.

    :param wanted: tags; where nothing is about to be written and the index tells of these, it is believed.
    """
    live = await ctx.load(GROUPS, name)
    if live is None:
        return None
    group = LogGroup(name, arn_of(live), live)
    if wanted is not None and not ctx.thorough:
        tags = await ctx.load(INDEX, group.arn)
        if tags is not None and wanted.items() <= tags.items():
            return LogGroup(name, group.arn, live, tags)
    try:
        answer = await ctx.read("logs", "ListTagsForResource", resourceArn=group.arn)
    except AwsError as error:
        if error.category == "not-found":
            return None  # deleted in between
        raise
    return LogGroup(name, group.arn, live, dict(answer.get("tags") or {}))


async def owned_tags(ctx: Context) -> dict[str, Mapping[str, str]]:
    """By ARN the tags of every log group that has an ownership tag, whoever's, as the index knows them."""
    found = {arn.removesuffix(":*"): tags async for arn, tags in tagged(ctx, "logs")}
    return {arn: tags for arn, tags in found.items() if ":log-group:" in arn}


def arn_of(live: Mapping[str, Any]) -> str:
    """The ARN that tags and references take."""
    return str(live.get("logGroupArn") or live.get("arn") or "").removesuffix(":*")


def name_of(arn: str) -> str:
    """The name in an ARN."""
    return arn.removesuffix(":*").partition(":log-group:")[2]

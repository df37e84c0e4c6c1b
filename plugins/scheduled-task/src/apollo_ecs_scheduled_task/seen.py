"""What there is of a scheduled task, and how it is read.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetScheduleGroup.html
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from apollo.api import AwsError, Context
from apollo.reads import TagIndex, tagged
from apollo.reads import listed as _listed


@dataclass(frozen=True)
class Seen:
    """A schedule group, and the schedules in it.

    :ivar arn: of the group; empty when there is none.
    :ivar tags: of the group; where there is none, those of whoever wants it.
    :ivar schedule: GetSchedule's answer for the wanted one; None when the group has no such schedule.
    :ivar others: the names of the other schedules in the group. :ivar deleting: AWS is still deleting it.
    :ivar now: when this was seen. :ivar account: where. :ivar region: where.
    """

    group: str
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    schedule: Mapping[str, Any] | None = None
    others: tuple[str, ...] = ()
    deleting: bool = False
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    account: str = ""
    region: str = ""


INDEX = TagIndex("scheduler:schedule-group")


async def find(ctx: Context, group: str, name: str | None, wanted: Mapping[str, str] | None) -> Seen:
    """A group as it is now; one without an ARN when there is none.

    :param name: the schedule that is wanted in it; None: none is.
    :param wanted: the group's tags; where nothing is about to be written, an index is believed that has them.
    """
    there = replace(here(ctx), group=group, tags=wanted or {})
    live = await _there(ctx, "GetScheduleGroup", Name=group)
    if live is None:
        return there
    arn = str(live["Arn"])
    if live.get("State") == "DELETING":
        return replace(there, deleting=True)
    tags: Mapping[str, str] | None = None
    if wanted is not None and not ctx.thorough:
        tags = await ctx.load(INDEX, arn)
    if tags is None or not (wanted or {}).items() <= tags.items():
        answer = await _there(ctx, "ListTagsForResource", ResourceArn=arn)
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in (answer or {}).get("Tags") or ()}
    names = [str(one["Name"]) for one in await listed(ctx, GroupName=group)]
    schedule = await get(ctx, group, name) if name is not None else None
    others = tuple(sorted(one for one in names if one != name))
    return replace(there, arn=arn, tags=tags, schedule=schedule, others=others)


def here(ctx: Context) -> Seen:
    """Nothing yet, in this place and now."""
    return Seen("", now=datetime.now(UTC), account=ctx.env.account or "", region=ctx.env.region)


async def get(ctx: Context, group: str, name: str) -> Mapping[str, Any] | None:
    """One schedule; None when there is none."""
    return await _there(ctx, "GetSchedule", GroupName=group, Name=name)


async def listed(ctx: Context, **where: str) -> list[Mapping[str, Any]]:
    """The schedules of a group, or of all groups: names and targets, no more."""
    try:
        return await _listed(ctx, "scheduler", "ListSchedules", "Schedules", MaxResults=100, **where)
    except AwsError as error:
        if error.category == "not-found":
            return []  # the group is gone since it was seen
        raise


async def owned_tags(ctx: Context) -> dict[str, Mapping[str, str]]:
    """By ARN the tags of every schedule group with an ownership tag, whoever's, as the index knows them."""
    return {arn: tags async for arn, tags in tagged(ctx, "scheduler:schedule-group")}


async def _there(ctx: Context, operation: str, **params: str) -> Mapping[str, Any] | None:
    try:
        return await ctx.read("scheduler", operation, **params)
    except AwsError as error:
        if error.category == "not-found":
            return None
        raise

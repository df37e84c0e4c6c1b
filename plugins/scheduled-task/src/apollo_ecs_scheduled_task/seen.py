"""What there is of a scheduled task, and how it is read.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetScheduleGroup.html
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import anyio

from apollo.api import OWNER_TAG, AwsError, Context, Loader, Transient

A = TypeVar("A")
B = TypeVar("B")


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


class _Index(Loader[str, Mapping[str, str]]):
    """GetResources of the tagging API: the tags of 100 groups in a call. Keys are ARNs. It may lag, so it is
    good for finding that there is nothing to do, and for nothing else."""

    name = "tag.GetResources:scheduler:schedule-group"
    batch = 100

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        try:
            answer = await ctx.read("resourcegroupstaggingapi", "GetResources", ResourceARNList=list(keys))
        except AwsError as error:
            if error.category != "access-denied":
                raise
            return {}  # each is asked for by itself then
        return _by_arn(answer)


INDEX = _Index()


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
    found: list[Mapping[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        try:
            page = await ctx.read("scheduler", "ListSchedules", MaxResults=100, **where, **more)
        except AwsError as error:
            if error.category == "not-found":
                return []  # the group is gone since it was seen
            raise
        found += page.get("Schedules") or ()
        token = page.get("NextToken")
        if not token:
            return found
        more = _next(more, "NextToken", str(token), "ListSchedules")


async def tagged(ctx: Context) -> dict[str, Mapping[str, str]]:
    """By ARN the tags of every schedule group with an ownership tag, whoever's, as the index knows them."""
    found: dict[str, Mapping[str, str]] = {}
    more: dict[str, str] = {}
    while True:
        page = await ctx.read(
            "resourcegroupstaggingapi",
            "GetResources",
            ResourceTypeFilters=["scheduler:schedule-group"],
            TagFilters=[{"Key": OWNER_TAG}],
            ResourcesPerPage=100,
            **more,
        )
        found |= _by_arn(page)
        token = page.get("PaginationToken")
        if not token:
            return found
        more = _next(more, "PaginationToken", str(token), "GetResources")


async def together(read: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """``read`` of every item at once, in order; the first error comes bare."""
    wanted = list(items)
    found: dict[int, B] = {}

    async def one(index: int) -> None:
        found[index] = await read(wanted[index])

    try:
        async with anyio.create_task_group() as tasks:
            for index in range(len(wanted)):
                tasks.start_soon(one, index)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None
    return [found[index] for index in range(len(wanted))]


async def _there(ctx: Context, operation: str, **params: str) -> Mapping[str, Any] | None:
    try:
        return await ctx.read("scheduler", operation, **params)
    except AwsError as error:
        if error.category == "not-found":
            return None
        raise


def _by_arn(page: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    return {
        str(entry["ResourceARN"]): {str(tag["Key"]): str(tag["Value"]) for tag in entry.get("Tags") or ()}
        for entry in page.get("ResourceTagMappingList") or ()
    }


def _next(more: Mapping[str, str], name: str, token: str, operation: str) -> dict[str, str]:
    if more.get(name) == token:
        raise Transient(f"AWS answers {operation} in a circle", code="APO-SCHEDULED-TASK-001")
    return {name: token}

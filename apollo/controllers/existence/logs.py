"""CloudWatch log groups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, find

__all__ = ["ACTIONS", "log_problems"]

ACTIONS = frozenset({"logs:DescribeLogGroups"})

_PAGES = 4  # of 50, before the names that are left are asked for one by one


class _LogGroups(Existing[str, bool]):
    """DescribeLogGroups: AWS looks for one prefix in a call, and answers in the order of the names.

    So the names of a batch are looked for by the prefix they share, and what a long list does not reach is
    asked for by its whole name, which then comes first.
    """

    name = "logs.DescribeLogGroups"
    action = "logs:DescribeLogGroups"
    batch = 200

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        left = set(keys)
        found: dict[str, bool] = {}
        shared = _shared(min(keys), max(keys))
        more: dict[str, str] = {}
        for _ in range(_PAGES if len(keys) > _PAGES and shared else 0):
            page = await ctx.read("logs", "DescribeLogGroups", logGroupNamePrefix=shared, limit=50, **more)
            names = [str(one["logGroupName"]) for one in page.get("logGroups") or ()]
            found.update((name, True) for name in names if name in left)
            if not page.get("nextToken"):
                return found
            more = {"nextToken": str(page["nextToken"])}
            left -= {name for name in left if names and name <= names[-1]}
        for name in sorted(left - found.keys()):
            page = await ctx.read("logs", "DescribeLogGroups", logGroupNamePrefix=name, limit=1)
            if any(one["logGroupName"] == name for one in page.get("logGroups") or ()):
                found[name] = True
        return found


LOG_GROUPS = _LogGroups()


def _shared(first: str, last: str) -> str:
    """How the first and the last of some names begin alike, and therefore all of them."""
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]


async def log_problems(
    ctx: Context, configuration: Mapping[str, Any], path: str, provided: frozenset[str]
) -> Iterable[Problem]:
    """What is wrong with where a container's log goes (a ``logConfiguration``)."""
    options = configuration.get("options") or {}
    group = options.get("awslogs-group")
    if configuration.get("logDriver") != "awslogs" or not group or is_unknown(options):
        return ()
    if str(options.get("awslogs-create-group", "")).lower() == "true" or f"logGroup:{group}" in provided:
        return ()
    region = options.get("awslogs-region")
    if region and ctx.env.region and region != ctx.env.region:
        why = f"{region} is not the region of this environment"
        return [Unknown(why, "APO-PRE-003").told("log groups", path)]
    live = await find(ctx, LOG_GROUPS, group)
    if isinstance(live, Unknown):
        return [live.told("log groups", path)]
    if live:
        return ()
    return [
        Problem(
            "APO-PRE-040",
            f"there is no log group {group}, and a container whose log has nowhere to go does not start",
            path=f"{path}/options/awslogs-group",
            hint='create it, or say awslogs-create-group: "true" and allow the execution role '
            "logs:CreateLogGroup",
        )
    ]

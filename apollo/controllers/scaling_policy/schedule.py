"""When a scheduled action runs: at(…), rate(…), cron(…), time zone, first and last time.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, text, unrendered

__all__ = ["problems"]

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_EXAMPLE = "at(2030-01-31T08:00:00), rate(1 hour) or cron(0 8 ? * MON-FRI *)"
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
_DAYS = "SUN MON TUE WED THU FRI SAT"
_PARTS = (
    ("minutes", 0, 59, ""),
    ("hours", 0, 23, ""),
    ("day of month", 1, 31, ""),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ""),
)


def problems(action: Mapping[str, Any], path: str) -> Iterator[Problem]:
    given = text(action, "schedule")
    if given is not None and not unrendered(given):
        why = _wrong(given)
        if why:
            yield error(
                "APO-SCALE-007", f"'{given[:80]}' is no schedule: {why}", f"{path}/schedule", _EXAMPLE
            )
    start, end = _moment(text(action, "startTime")), _moment(text(action, "endTime"))
    if start is not None and end is not None and end <= start:
        yield error("APO-SCALE-007", "endTime comes before startTime", f"{path}/endTime")
    zone = text(action, "timezone")
    if zone and not unrendered(zone) and not _zone(zone):
        message = f"'{zone[:60]}' is no time zone"
        yield error("APO-SCALE-007", message, f"{path}/timezone", "a name such as Europe/Berlin")


def _wrong(given: str) -> str:
    if found := _RATE.fullmatch(given):
        if int(found[1]) == 0:
            return "a rate is at least 1"
        one = int(found[1]) == 1
        return "" if one != bool(found[3]) else f"{found[1]} {found[2]}{'' if one else 's'}"
    if found := _AT.fullmatch(given):
        return "" if _moment(found[1]) is not None else "there is no such time"
    if found := _CRON.fullmatch(given):
        return _cron(found[1])
    return "it is at(…), rate(…) or cron(…)"


def _cron(given: str) -> str:
    fields = given.split()
    if len(fields) != 6:
        return f"cron has six fields, not {len(fields)}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of day of month and day of week is ?"
    for field, (called, low, high, names) in zip(fields, _PARTS, strict=True):
        for part in field.split(","):
            if not _fits(part, low, high, names.split(), called):
                return f"{called} '{part}' is not between {low} and {high}"
    return ""


def _fits(part: str, low: int, high: int, names: list[str], called: str) -> bool:
    if part == "?":
        return called.startswith("day")
    if called == "day of month" and re.fullmatch(r"L|LW|\d{1,2}W|L-\d{1,2}", part):
        return True
    if called == "day of week" and re.fullmatch(r"(?:[1-7]|[A-Z]{3})?(?:L|#[1-5])", part):
        return True
    part, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step[:9]) > 0):
        return False
    return part == "*" or all(
        one.upper() in names or (one.isdigit() and low <= int(one[:9]) <= high) for one in part.split("-", 1)
    )


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).replace(tzinfo=None)
    except ValueError:
        return None


def _zone(name: str) -> bool:
    """Without the names of the zones on this machine, every one is taken for real."""
    known = _zones()
    return not known or name in known


@cache
def _zones() -> frozenset[str]:
    """Read once: it is a walk through some hundred files."""
    import zoneinfo

    return frozenset(zoneinfo.available_timezones())

"""Schedules of scheduled actions: at(…), rate(…), cron(…).

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from apollo.testing.services.autoscaling.cron import Cron
from apollo.testing.services.autoscaling.region import invalid

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}

Next = Callable[[float], float | None]
"""(moment) -> the first time after it, or None."""


def zone_of(name: str | None) -> tzinfo:
    """ "If a time zone is not provided, UTC is used by default." """
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise invalid(f"Unknown time zone '{name}'") from None


def parse(text: str, timezone: str | None, anchor: float) -> Next:
    """When a schedule fires. `anchor`: the moment from which a rate counts."""
    zone = zone_of(timezone)
    if found := _AT.fullmatch(text):
        try:
            once = datetime.fromisoformat(found[1]).replace(tzinfo=zone).timestamp()
        except ValueError:
            raise invalid(f"Invalid schedule expression '{text}': no such time") from None
        return lambda moment: once if once > moment else None
    if found := _RATE.fullmatch(text):
        step = int(found[1]) * _SECONDS[found[2]]
        if not step:
            raise invalid(f"Invalid schedule expression '{text}': the value must be positive")
        return lambda moment: anchor + step * max(1, int((moment - anchor) // step) + 1)
    if found := _CRON.fullmatch(text):
        try:
            return Cron(found[1], zone).next_after
        except ValueError as error:
            raise invalid(f"Invalid schedule expression '{text}': {error}") from None
    raise invalid(f"Invalid schedule expression '{text}': use at(…), rate(…) or cron(…)")

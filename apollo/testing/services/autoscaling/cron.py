"""Cron expressions of six fields, as Application Auto Scaling and EventBridge take them.

[Minutes] [Hours] [Day_of_Month] [Month] [Day_of_Week] [Year]
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_HORIZON = 366 * 5
"""Days after which an expression counts as never coming again."""


class Cron:
    """Raises ValueError, with what is wrong, for an expression that AWS would not take."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        fields = text.split()
        if len(fields) != 6:
            raise ValueError("a cron expression has six fields")
        minutes, hours, days, months, weekdays, years = fields
        if (days == "?") == (weekdays == "?"):
            raise ValueError("exactly one of day of month and day of week must be '?'")
        self._zone = zone
        self._minutes = sorted(_numbers(minutes, 0, 59, {}))
        self._hours = sorted(_numbers(hours, 0, 23, {}))
        self._months = _numbers(months, 1, 12, _MONTHS)
        self._years = _numbers(years, 1970, 2199, {})
        self._holds = _day_of_month(days) if weekdays == "?" else _day_of_week(weekdays)

    def next_after(self, moment: float) -> float | None:
        """The first time after a moment (seconds since the epoch); None when there is none for years.

        "When time shifts forward in the spring, if a cron expression falls on a non-existent date and time,
        your schedule invocation is skipped. When time shifts backwards in the fall, your schedule runs only
        once" (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
        """
        day = datetime.fromtimestamp(moment, self._zone).date()
        for _ in range(_HORIZON):
            if day.year in self._years and day.month in self._months and self._holds(day):
                for hour in self._hours:
                    for minute in self._minutes:
                        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone)
                        at = local.timestamp()
                        if at > moment and datetime.fromtimestamp(at, self._zone).hour == hour:
                            return at
            day += timedelta(days=1)
        return None


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names.get(text.upper(), int(text) if text.isdigit() else low - 1)
    if not low <= number <= high:
        raise ValueError(f"'{text}' is not between {low} and {high}")
    return number


def _numbers(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    """Numbers, names, ranges, lists, `*`, and steps with `/`."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if first == "*" else _number(first, low, high, names)
        end = high if first == "*" or (slash and not dash) else begin
        if dash:
            end = _number(last, low, high, names)
        if slash and not (step.isdigit() and int(step)):
            raise ValueError(f"'{part}' has no valid step")
        span_of = range(begin, end + 1) if begin <= end else [*range(begin, high + 1), *range(low, end + 1)]
        found.update(list(span_of)[:: int(step) if slash else 1])
    return frozenset(found)


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _day_of_month(text: str) -> Callable[[date], bool]:
    """`L` is the last day, `3W` the weekday nearest to the third."""
    if text == "L":
        return lambda day: day.day == _last(day)
    nearest = re.fullmatch(r"(\d+)W", text)
    if nearest is not None:
        wanted = _number(nearest[1], 1, 31, {})
        return lambda day: day.day == _nearest_weekday(day, wanted)
    numbers = _numbers(text, 1, 31, {})
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, wanted: int) -> int:
    if wanted > _last(day):
        return 0
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < _last(day) else wanted - 2
    return wanted


def _day_of_week(text: str) -> Callable[[date], bool]:
    """1 is Sunday. `L` is Saturday, `6L` the last Friday of the month, `6#2` its second Friday."""
    if text == "L":
        text = "7"
    last = re.fullmatch(r"(\w+)L", text)
    if last is not None and last[1].upper() not in _DAYS:
        wanted = _number(last[1], 1, 7, _DAYS)
        return lambda day: _weekday(day) == wanted and day.day > _last(day) - 7
    nth = re.fullmatch(r"(\w+)#([1-5])", text)
    if nth is not None:
        wanted, week = _number(nth[1], 1, 7, _DAYS), int(nth[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == week
    numbers = _numbers(text, 1, 7, _DAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1

"""Schedules that fire: those of EventBridge Scheduler, and the rules of EventBridge with a schedule.

moto keeps them; what is here reads them from it, and has their targets called at their time.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apollo.testing.errors import ApiError
from apollo.testing.others import invocations
from apollo.testing.services.autoscaling.schedule import Next, parse

if TYPE_CHECKING:
    from apollo.testing.world import Call, World

Answer = tuple[int, dict[str, str], bytes]

_WRITES = {
    ("scheduler", "CreateSchedule"): "ScheduleExpression",
    ("scheduler", "UpdateSchedule"): "ScheduleExpression",
    ("events", "PutRule"): "ScheduleExpression",
}
_SOON = 1e-3


@dataclass(frozen=True, slots=True)
class Place:
    """Which schedule or rule; `group` is a rule's event bus."""

    service: str
    account: str
    region: str
    group: str
    name: str


def checked(call: "Call", payload: Any, ask: Callable[[], Answer]) -> Answer:
    """moto's answer; an expression or a time zone that AWS would not take is refused in its place."""
    if (call.service, call.operation) not in _WRITES or not isinstance(payload, dict):
        return ask()
    text, zone = payload.get("ScheduleExpression"), payload.get("ScheduleExpressionTimezone")
    if isinstance(text, str) and text:
        try:
            if call.service == "events" and text.startswith("at("):
                raise ApiError("", "a rule takes rate(…) or cron(…)")
            parse(text, zone or None, 0.0)
        except ApiError:
            message = f"Invalid Schedule Expression {text}" + (f" in time zone {zone}" if zone else "")
            if call.service == "events":
                message = "Parameter ScheduleExpression is not valid."
            body = {"__type": "ValidationException", "message": message, "Message": message}
            headers = {"content-type": "application/json", "x-amzn-errortype": "ValidationException"}
            return 400, headers, json.dumps(body).encode()
    return ask()


def heard(world: "World", call: "Call", payload: Any) -> None:
    """A schedule was made or changed: plan when it fires. What was planned for it before no longer holds."""
    if (call.service, call.operation) not in _WRITES or not isinstance(payload, dict):
        return
    group = payload.get("GroupName" if call.service == "scheduler" else "EventBusName") or "default"
    place = Place(call.service, call.account, call.region, str(group), str(payload.get("Name")))
    number = world.schedules[place] = world.schedules.get(place, 0) + 1
    found = _look(world, place)
    if found is None:
        return
    if call.operation == "UpdateSchedule":
        # "EventBridge Scheduler uses all values, including empty values, specified in the request": what is
        # left out has its default again, which moto does not know of these two.
        found.item.state = payload.get("State") or "ENABLED"
        found.item.action_after_completion = payload.get("ActionAfterCompletion")
    # "With rate-based schedules, you use the StartDate property to set the first occurrence of the schedule.
    # If you do not provide a StartDate for a rate-based schedule, your schedule starts invoking the target
    # immediately." A rule's rate fires first when it has passed once.
    anchor = found.made if found.begin is None else found.begin
    if call.service == "scheduler" and found.text.startswith("rate(") and anchor >= call.now:
        _plan(world, place, number, call.now, anchor, anchor)
    else:
        _plan(world, place, number, max(call.now, (found.begin or 0.0) - _SOON), anchor)


@dataclass(frozen=True, slots=True)
class _Found:
    """A schedule or a rule, as it is now."""

    text: str
    zone: str | None
    begin: float | None
    end: float | None
    made: float
    enabled: bool
    item: Any


def _look(world: "World", place: Place) -> _Found | None:
    with world.moto.inside():
        backend = world.moto.backend(place.service, place.account, place.region)
        if place.service == "scheduler":
            group = backend.schedule_groups.get(place.group)
            one = group.schedules.get(place.name) if group is not None else None
            if one is None:
                return None
            return _Found(
                one.schedule_expression,
                one.schedule_expression_timezone,
                _moment(one.start_date),
                _moment(one.end_date),
                float(one.creation_date),
                one.state == "ENABLED",
                one,
            )
        bus = backend.event_buses.get(place.group.rpartition("/")[2])
        rule = bus.rules.get(place.name) if bus is not None else None
        if rule is None or not rule.scheduled_expression:
            return None
        enabled = str(rule.state).startswith("ENABLED")
        return _Found(rule.scheduled_expression, None, None, None, world.clock.now(), enabled, rule)


def _moment(given: Any) -> float | None:
    try:
        return None if given is None else float(given)
    except (TypeError, ValueError):
        return None


def _plan(
    world: "World", place: Place, number: int, after: float, anchor: float, at: float | None = None
) -> None:
    """Have it fire at its next time, or at one that is known already."""
    found = _look(world, place)
    if found is None:
        return
    coming: Next = parse(found.text, found.zone, anchor)
    if at is None:
        at = coming(after)
    if at is None or (found.end is not None and at > found.end):
        _over(world, place, found)
        return

    def fire(moment: float) -> None:
        now = _look(world, place)
        if now is None or world.schedules.get(place) != number:
            return  # deleted or changed since it was planned
        if now.enabled:
            invocations.fire(world, place.service, place.account, place.region, now.item, moment)
        _plan(world, place, number, moment, anchor)

    world.at(at, fire)


def _over(world: "World", place: Place, found: _Found) -> None:
    """ "ActionAfterCompletion: … DELETE", once there will be no further invocation."""
    if place.service == "scheduler" and found.item.action_after_completion == "DELETE":
        with world.moto.inside():
            backend = world.moto.backend(place.service, place.account, place.region)
            backend.schedule_groups[place.group].schedules.pop(place.name, None)

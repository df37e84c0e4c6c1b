"""Scheduled actions, and the moments at which they happen.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from datetime import UTC, datetime

import pytest

from apollo.testing.services.autoscaling.schedule import parse
from tests.testing.autoscaling.conftest import WHERE, Scaling
from tests.testing.conftest import Json, Refused

LOW: Json = {"MinCapacity": 0, "MaxCapacity": 1}


@pytest.fixture
def registered(scaling: Scaling) -> Scaling:
    scaling.register(1, 4)
    return scaling


def test_an_action_round_trips(registered: Scaling) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    registered.schedule(
        Schedule="cron(0 22 ? * MON-FRI *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 0},
        StartTime=start,
    )
    [seen] = registered.actions()
    assert seen["ScheduledActionARN"].endswith(":resource/ecs/service/green/web:scheduledActionName/night")
    assert {k: seen[k] for k in ("Schedule", "Timezone", "ScalableTargetAction", "StartTime")} == {
        "Schedule": "cron(0 22 ? * MON-FRI *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 0},
        "StartTime": start,
    }
    assert "EndTime" not in seen


def test_an_update_keeps_what_it_does_not_name_but_start_and_end(registered: Scaling) -> None:
    """ "specify the parameters that you want to change. If you don't specify start and end times, the old
    values are deleted."."""
    start, end = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    registered.schedule(
        Schedule="rate(1 hour)", ScalableTargetAction=LOW, StartTime=start, EndTime=end, Timezone="UTC"
    )
    [before] = registered.actions()
    registered.schedule(ScalableTargetAction={"MaxCapacity": 2})
    [after] = registered.actions()
    assert {"StartTime", "EndTime"}.isdisjoint(after)
    assert (after["Schedule"], after["Timezone"]) == ("rate(1 hour)", "UTC")
    assert after["ScalableTargetAction"] == {"MaxCapacity": 2}
    assert (after["ScheduledActionARN"], after["CreationTime"]) == (
        before["ScheduledActionARN"],
        before["CreationTime"],
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Schedule": None}, "schedule must be specified"),
        ({"Schedule": "every day"}, "Invalid schedule expression"),
        ({"Schedule": "rate(0 minutes)"}, "positive"),
        ({"Schedule": "rate(5 fortnights)"}, "Invalid schedule expression"),
        ({"Schedule": "at(2030-13-01T00:00:00)"}, "no such time"),
        ({"Schedule": "cron(0 22 ? * MON-FRI)"}, "six fields"),
        ({"Schedule": "cron(0 22 * * * *)"}, "'?'"),
        ({"Schedule": "cron(60 22 ? * * *)"}, "between 0 and 59"),
        ({"Timezone": "Europe/Nowhere"}, "time zone"),
        ({"ScalableTargetAction": None}, "At least one of minimum capacity and maximum capacity"),
        ({"ScalableTargetAction": {}}, "At least one of minimum capacity and maximum capacity"),
        ({"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}}, "cannot be less than"),
        (
            {"StartTime": datetime(2031, 1, 1, tzinfo=UTC), "EndTime": datetime(2030, 1, 1, tzinfo=UTC)},
            "after the start",
        ),
        ({"ScheduledActionName": "a:b"}, "name"),
    ],
)
def test_refused_actions(registered: Scaling, refused: Refused, change: Json, message: str) -> None:
    given: Json = {"ScheduledActionName": "n", "Schedule": "rate(1 hour)", "ScalableTargetAction": LOW}
    given = {k: v for k, v in (given | change).items() if v is not None}
    with refused("ValidationException", message):
        registered.client.put_scheduled_action(**WHERE, **given)
    assert registered.actions() == []


def test_an_action_needs_a_target_and_ends_with_it(scaling: Scaling, refused: Refused) -> None:
    with refused("ObjectNotFoundException"):
        scaling.schedule(Schedule="rate(1 hour)", ScalableTargetAction=LOW)
    scaling.register()
    with refused("ObjectNotFoundException", "No scheduled action found"):
        scaling.client.delete_scheduled_action(ScheduledActionName="night", **WHERE)
    scaling.schedule(Schedule="rate(1 hour)", ScalableTargetAction=LOW)
    scaling.client.delete_scheduled_action(ScheduledActionName="night", **WHERE)
    assert scaling.actions() == []


def test_an_action_moves_bounds_and_capacity_at_its_time(registered: Scaling) -> None:
    """API_ScalableTargetAction: scales out to the minimum, in to the maximum."""
    registered.schedule(Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 3})
    registered.aws.advance(3599)
    assert registered.desired() == 2
    registered.aws.advance(1)
    assert registered.desired() == 3
    target = registered.target()
    assert target is not None
    assert (target["MinCapacity"], target["MaxCapacity"]) == (3, 4)
    causes = [item["Cause"] for item in registered.activities()]
    assert causes == ["minimum capacity was set to 3", "scheduled action name night was triggered"]
    assert all(not request.mutating or request.service != "ecs" for request in registered.aws.requests[-5:])


def test_what_happened_in_the_meantime_happened_in_order(registered: Scaling) -> None:
    """A jump over both actions shows the effect of both, each at its own moment."""
    soon = datetime.fromtimestamp(registered.aws.clock.now(), UTC)
    day = soon.strftime("%Y-%m-%d")
    registered.schedule("up", Schedule=f"at({day}T22:00:00)", ScalableTargetAction={"MinCapacity": 4})
    registered.schedule("down", Schedule=f"at({day}T23:00:00)", ScalableTargetAction=LOW)
    registered.aws.advance(2 * 86400)
    service = registered.stage.look()
    assert (service["desiredCount"], service["runningCount"]) == (1, 1)
    started = [event for event in registered.stage.events() if "has started" in event]
    assert len(started) == 2
    assert registered.aws.settle() < 60


def test_suspended_and_deleted_actions_do_nothing(registered: Scaling) -> None:
    """SuspendedState, ScheduledScalingSuspended."""
    registered.register(None, None, SuspendedState={"ScheduledScalingSuspended": True})
    registered.schedule("up", Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 4})
    registered.aws.advance(4000)
    assert registered.desired() == 2
    registered.register(None, None, SuspendedState={"ScheduledScalingSuspended": False})
    registered.client.delete_scheduled_action(ScheduledActionName="up", **WHERE)
    registered.aws.advance(4000)
    assert registered.desired() == 2


def test_a_recurring_action_keeps_nobody_waiting(registered: Scaling) -> None:
    registered.schedule(Schedule="rate(1 minute)", ScalableTargetAction={"MinCapacity": 1})
    assert registered.aws.settle() < 60


def times(text: str, zone: str | None = None, count: int = 3) -> list[str]:
    moment = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # a Thursday
    following = parse(text, zone, moment)
    found = []
    for _ in range(count):
        coming = following(moment)
        if coming is None:
            break
        moment = coming
        found.append(datetime.fromtimestamp(moment, UTC).strftime("%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("at(2026-01-05T10:00:00)", None, ["01-05 10:00"]),
        ("at(2026-01-05T10:00:00)", "America/New_York", ["01-05 15:00"]),
        ("at(2025-01-05T10:00:00)", None, []),
        ("rate(2 hours)", None, ["01-01 02:00", "01-01 04:00", "01-01 06:00"]),
        ("cron(30 6 ? * MON *)", None, ["01-05 06:30", "01-12 06:30", "01-19 06:30"]),
        ("cron(0/20 9 ? * 2-6 *)", None, ["01-01 09:00", "01-01 09:20", "01-01 09:40"]),
        ("cron(0 0 L * ? *)", None, ["01-31 00:00", "02-28 00:00", "03-31 00:00"]),
        ("cron(0 8,20 1 JAN,MAR ? *)", None, ["01-01 08:00", "01-01 20:00", "03-01 08:00"]),
        ("cron(0 9 ? * 6#1 *)", None, ["01-02 09:00", "02-06 09:00", "03-06 09:00"]),
        ("cron(0 9 ? * 6L *)", None, ["01-30 09:00", "02-27 09:00", "03-27 09:00"]),
        ("cron(0 9 3W * ? *)", None, ["01-02 09:00", "02-03 09:00", "03-03 09:00"]),
        ("cron(0 9 ? * MON-FRI 2027)", None, ["01-01 09:00", "01-04 09:00", "01-05 09:00"]),
        ("cron(0 9 1 * ? *)", "Europe/Berlin", ["01-01 08:00", "02-01 08:00", "03-01 08:00"]),
    ],
)
def test_when_schedules_come(text: str, zone: str | None, expected: list[str]) -> None:
    """scheduled-scaling-using-cron-expressions, and EventBridge's cron reference."""
    assert times(text, zone) == expected

"""Per rule of scaling: what is no difference, and that a real change still shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apollo.compare import differences
from apollo.compare.scaling_policy import RULES, instant, live_spec

Data = dict[str, Any]


def bounds(**more: Any) -> Data:
    return {"minCapacity": 1, "maxCapacity": 4, **more}


def tracking(**config: Any) -> Data:
    base = {"targetValue": 60, **config}
    return bounds(policies=[{"name": "cpu", "targetTrackingScalingPolicyConfiguration": base}])


def stepping(*steps: Data, **config: Any) -> Data:
    base = {"stepAdjustments": list(steps), **config}
    return bounds(policies=[{"name": "burst", "stepScalingPolicyConfiguration": base}])


def step(low: float | None, high: float | None, by: int) -> Data:
    ends = {"metricIntervalLowerBound": low, "metricIntervalUpperBound": high}
    return {name: end for name, end in ends.items() if end is not None} | {"scalingAdjustment": by}


def action(**more: Any) -> Data:
    return bounds(scheduledActions=[{"name": "night", "schedule": "rate(1 hour)", **more}])


def metric(*dimensions: tuple[str, str]) -> Data:
    pairs = [{"name": name, "value": value} for name, value in dimensions]
    return tracking(customizedMetricSpecification={"metricName": "m", "dimensions": pairs})


FALSE = {
    "dynamicScalingInSuspended": False,
    "dynamicScalingOutSuspended": False,
    "scheduledScalingSuspended": False,
}
T = "/policies/cpu/targetTrackingScalingPolicyConfiguration"
S = "/policies/burst/stepScalingPolicyConfiguration"

# (what it is about, declared, live that means the same, live that does not, where that shows)
CASES: list[tuple[str, Data, Data, Data, str]] = [
    ("bounds", bounds(), bounds(), bounds(minCapacity=2), "/minCapacity"),
    (
        "suspended by hand",
        bounds(),
        bounds(suspendedState={**FALSE, "scheduledScalingSuspended": True}),
        bounds(maxCapacity=5),
        "/maxCapacity",
    ),
    (
        "not suspended",
        bounds(suspendedState={"scheduledScalingSuspended": False}),
        bounds(suspendedState=FALSE),
        bounds(suspendedState={**FALSE, "scheduledScalingSuspended": True}),
        "/suspendedState/scheduledScalingSuspended",
    ),
    ("a role that AWS chose", bounds(), bounds(roleARN="arn:role"), bounds(minCapacity=0), "/minCapacity"),
    (
        "a whole number",
        tracking(),
        tracking(targetValue=60.0),
        tracking(targetValue=60.5),
        f"{T}/targetValue",
    ),
    (
        "scaling in",
        tracking(),
        tracking(disableScaleIn=False),
        tracking(disableScaleIn=True),
        f"{T}/disableScaleIn",
    ),
    (
        "0 is not absent",
        tracking(scaleInCooldown=0),
        tracking(scaleInCooldown=0),
        tracking(),
        f"{T}/scaleInCooldown",
    ),
    ("a cooldown taken away", tracking(), tracking(), tracking(scaleInCooldown=0), f"{T}/scaleInCooldown"),
    (
        "dimensions",
        metric(("a", "1"), ("b", "2")),
        metric(("b", "2"), ("a", "1")),
        metric(("a", "1"), ("b", "3")),
        f"{T}/customizedMetricSpecification/dimensions/b/value",
    ),
    (
        "the order of steps",
        stepping(step(None, 0, -1), step(0, None, 2)),
        stepping(step(0.0, None, 2), step(None, 0.0, -1)),
        stepping(step(None, 0, -1), step(0, None, 3)),
        f"{S}/stepAdjustments/0../scalingAdjustment",
    ),
    (
        "step defaults",
        stepping(step(0, None, 1)),
        stepping(step(0, None, 1), metricAggregationType="Average", cooldown=300),
        stepping(step(0, None, 1), cooldown=60),
        f"{S}/cooldown",
    ),
    (
        "the type it is",
        tracking(),
        {**tracking(), "policies": [{**tracking()["policies"][0], "policyType": "TargetTrackingScaling"}]},
        bounds(policies=[]),
        "/policies/cpu",
    ),
    ("somebody's policy", bounds(), bounds(policies=[]), tracking(), "/policies"),
    (
        "the timezone",
        action(),
        action(timezone="UTC"),
        action(timezone="Europe/Berlin"),
        "/scheduledActions/night/timezone",
    ),
    (
        "moments",
        action(startTime="2031-01-01T01:00:00+01:00"),
        action(startTime=datetime(2031, 1, 1, tzinfo=UTC)),
        action(startTime=datetime(2031, 1, 2, tzinfo=UTC)),
        "/scheduledActions/night/startTime",
    ),
    (
        "an end taken away",
        action(),
        action(),
        action(endTime=datetime(2031, 1, 1, tzinfo=UTC)),
        "/scheduledActions/night/endTime",
    ),
]


@pytest.mark.parametrize(
    ("declared", "same", "other", "where"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_rule(declared: Data, same: Data, other: Data, where: str) -> None:
    assert differences(declared, same, RULES) == []
    assert where in [change.path for change in differences(declared, other, RULES)]


def test_every_pointer_of_the_table_leads_to_a_field() -> None:
    assert [pointer for pointer in RULES.table if not RULES.knows(pointer)] == []


def test_moments_without_a_zone_are_utc_and_nonsense_is_left_to_aws() -> None:
    assert instant("2031-01-01T00:00:00") == instant("2031-01-01T00:00:00Z")
    assert instant("soon") == "soon"


def test_what_aws_computes_is_left_out() -> None:
    policy = {"PolicyName": "cpu", "PolicyARN": "arn", "Alarms": [{"AlarmName": "a"}], "CreationTime": 1}
    scheduled = {"ScheduledActionName": "n", "ScheduledActionARN": "arn", "Schedule": "rate(1 hour)"}
    target = {"MinCapacity": 1, "MaxCapacity": 2, "ScalableTargetARN": "arn", "PredictedCapacity": 7}
    assert live_spec(target, [policy], [scheduled]) == {
        "minCapacity": 1,
        "maxCapacity": 2,
        "policies": [{"name": "cpu"}],
        "scheduledActions": [{"name": "n", "schedule": "rate(1 hour)"}],
    }

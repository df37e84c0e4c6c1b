"""Rules of scaling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.compare.cases import Case, Data, filled


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


def custom(**metric: Any) -> Data:
    return tracking(customizedMetricSpecification={"metricName": "m", **metric})


def measured(*names: str) -> Data:
    stat = {"stat": "Average", "metric": {"dimensions": pairs(*names)}}
    return custom(metrics=[{"id": "m", "metricStat": stat}])


def pairs(*names: str) -> list[Data]:
    return [{"name": name, "value": "x"} for name in names]


def typed(name: str) -> Data:
    return bounds(policies=[{"name": "cpu", "policyType": name}])


def forecasting(**config: Any) -> Data:
    base = {"metricSpecifications": [{"targetValue": 1}], **config}
    return bounds(policies=[{"name": "soon", "predictiveScalingPolicyConfiguration": base}])


FALSE = {
    "dynamicScalingInSuspended": False,
    "dynamicScalingOutSuspended": False,
    "scheduledScalingSuspended": False,
}
T = "/policies/cpu/targetTrackingScalingPolicyConfiguration"
S = "/policies/burst/stepScalingPolicyConfiguration"
F = "/policies/soon/predictiveScalingPolicyConfiguration"
ANY_T, ANY_S, ANY_F = (f"/policies/*/{one.rpartition('/')[2]}" for one in (T, S, F))
TARGET = f"{T}/targetValue"
END = "/scheduledActions/night/endTime"

CASES: list[Case] = [
    ("the bounds", bounds(), bounds(), bounds(minCapacity=2), "/minCapacity"),
    (
        "/suspendedState",
        bounds(),
        bounds(suspendedState={**FALSE, "scheduledScalingSuspended": True}),
        bounds(maxCapacity=5),
        "/maxCapacity",
    ),
    (
        "/suspendedState",
        bounds(suspendedState={"scheduledScalingSuspended": True}),
        bounds(suspendedState={"scheduledScalingSuspended": True, "dynamicScalingInSuspended": True}),
        bounds(),
        "/suspendedState",
    ),
    *(
        (
            f"/suspendedState/{name}",
            bounds(suspendedState={name: False}),
            bounds(suspendedState={}),
            bounds(suspendedState={**FALSE, name: True}),
            f"/suspendedState/{name}",
        )
        for name in FALSE
    ),
    (
        "/policies",
        bounds(policies=[*tracking()["policies"], *stepping()["policies"]]),
        bounds(policies=[*stepping()["policies"], *tracking()["policies"]]),
        bounds(policies=stepping()["policies"]),
        "/policies/cpu",
    ),
    ("somebody's policy", bounds(), bounds(policies=[]), tracking(), "/policies"),
    (
        "/policies/*/policyType",
        tracking(),
        {**tracking(), "policies": [{**tracking()["policies"][0], "policyType": "TargetTrackingScaling"}]},
        bounds(policies=[]),
        "/policies/cpu",
    ),
    (
        "/policies/*/policyType",
        typed("StepScaling"),
        typed("StepScaling"),
        typed("TargetTrackingScaling"),
        "/policies/cpu/policyType",
    ),
    ("a whole number", tracking(), tracking(targetValue=60.0), tracking(targetValue=60.5), TARGET),
    ("0 is not absent", tracking(), tracking(), tracking(scaleInCooldown=0), f"{T}/scaleInCooldown"),
    filled(f"{ANY_T}/disableScaleIn", tracking, False, True, at=f"{T}/disableScaleIn"),
    (
        f"{ANY_T}/customizedMetricSpecification/dimensions",
        custom(dimensions=pairs("a", "b")),
        custom(dimensions=pairs("b", "a")),
        custom(dimensions=pairs("a")),
        f"{T}/customizedMetricSpecification/dimensions/b",
    ),
    (
        f"{ANY_T}/customizedMetricSpecification/metrics",
        custom(metrics=[{"id": "a"}, {"id": "b"}]),
        custom(metrics=[{"id": "b"}, {"id": "a"}]),
        custom(metrics=[{"id": "a"}]),
        f"{T}/customizedMetricSpecification/metrics/b",
    ),
    (
        f"{ANY_T}/customizedMetricSpecification/metrics/*/returnData",
        custom(metrics=[{"id": "a", "label": "x"}]),
        custom(metrics=[{"id": "a", "label": "x", "returnData": True}]),
        custom(metrics=[{"id": "a", "label": "x", "returnData": False}]),
        f"{T}/customizedMetricSpecification/metrics/a/returnData",
    ),
    (
        f"{ANY_T}/customizedMetricSpecification/metrics/*/metricStat/metric/dimensions",
        measured("a", "b"),
        measured("b", "a"),
        measured("b"),
        f"{T}/customizedMetricSpecification/metrics/m/metricStat/metric/dimensions/a",
    ),
    (
        f"{ANY_S}/stepAdjustments",
        stepping(step(None, 0, -1), step(0, None, 2)),
        stepping(step(0.0, None, 2), step(None, 0.0, -1)),
        stepping(step(None, 0, -1), step(0, None, 3)),
        f"{S}/stepAdjustments/0../scalingAdjustment",
    ),
    (
        f"{ANY_S}/metricAggregationType",
        stepping(step(0, None, 1)),
        stepping(step(0, None, 1), metricAggregationType="Average"),
        stepping(step(0, None, 1), metricAggregationType="Maximum"),
        f"{S}/metricAggregationType",
    ),
    (
        f"{ANY_S}/cooldown",
        stepping(step(0, None, 1)),
        stepping(step(0, None, 1), cooldown=300),
        stepping(step(0, None, 1), cooldown=60),
        f"{S}/cooldown",
    ),
    *(
        (
            f"{ANY_F}/{name}",
            forecasting(),
            forecasting(**{name: default}),
            forecasting(**{name: other}),
            f"{F}/{name}",
        )
        for name, default, other in (
            ("mode", "ForecastOnly", "ForecastAndScale"),
            ("schedulingBufferTime", 300, 60),
            ("maxCapacityBreachBehavior", "HonorMaxCapacity", "IncreaseMaxCapacity"),
        )
    ),
    (
        f"{ANY_F}/metricSpecifications",
        forecasting(metricSpecifications=[{"targetValue": 1}, {"targetValue": 2}]),
        forecasting(metricSpecifications=[{"targetValue": 2.0}, {"targetValue": 1.0}]),
        forecasting(metricSpecifications=[{"targetValue": 2}, {"targetValue": 3}]),
        f"{F}/metricSpecifications",
    ),
    (
        "/scheduledActions",
        bounds(scheduledActions=[{"name": "day"}, {"name": "night"}]),
        bounds(scheduledActions=[{"name": "night"}, {"name": "day"}]),
        bounds(scheduledActions=[{"name": "night"}]),
        "/scheduledActions/day",
    ),
    filled(
        "/scheduledActions/*/timezone", action, "UTC", "Europe/Berlin", at="/scheduledActions/night/timezone"
    ),
    *(
        (
            f"/scheduledActions/*/{name}",
            action(**{name: "2031-01-01T01:00:00+01:00"}),
            action(**{name: datetime(2031, 1, 1, tzinfo=UTC)}),
            action(**{name: datetime(2031, 1, 2, tzinfo=UTC)}),
            f"/scheduledActions/night/{name}",
        )
        for name in ("startTime", "endTime")
    ),
    ("an end taken away", action(), action(), action(endTime=datetime(2031, 1, 1, tzinfo=UTC)), END),
]

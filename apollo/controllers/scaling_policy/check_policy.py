"""What a scaling policy may hold, by its type.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, mapping, number, text, unrendered

__all__ = ["predictive", "steps", "tracking"]

_METRICS = frozenset(
    {
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ECSServiceAverageCPUUtilizationHighResolution",
        "ECSServiceAverageMemoryUtilizationHighResolution",
        "ALBRequestCountPerTarget",
    }
)
_STEPS = 20
"""https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-limits.html"""
_INF = float("inf")


def tracking(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html"""
    for field in ("scaleOutCooldown", "scaleInCooldown"):
        if (number(config, field) or 0) < 0:
            yield error("APO-SCALE-005", f"{field} is not negative", f"{path}/{field}")
    predefined = mapping(config, "predefinedMetricSpecification")
    at = f"{path}/predefinedMetricSpecification"
    kind, label = text(predefined, "predefinedMetricType"), text(predefined, "resourceLabel")
    if kind is not None and kind not in _METRICS and not unrendered(kind):
        message = f"ECS services are not scaled by {kind[:80]}"
        yield error(
            "APO-SCALE-005", message, f"{at}/predefinedMetricType", f"one of {', '.join(sorted(_METRICS))}"
        )
    elif kind == "ALBRequestCountPerTarget" and label is not None and not unrendered(label):
        parts = label.split("/")
        if len(parts) != 6 or (parts[0], parts[3]) != ("app", "targetgroup"):
            hint = "app/NAME/ID/targetgroup/NAME/ID, the ends of the two ARNs"
            yield error(
                "APO-SCALE-005", "this resourceLabel names no target group", f"{at}/resourceLabel", hint
            )
    elif label is not None and kind != "ALBRequestCountPerTarget":
        yield error("APO-SCALE-005", f"{kind} has no resourceLabel", f"{at}/resourceLabel")
    yield from _customized(
        mapping(config, "customizedMetricSpecification"), f"{path}/customizedMetricSpecification"
    )


def _customized(metric: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_CustomizedMetricSpecification.html"""
    if not metric:
        return
    plain = [name for name in ("metricName", "namespace", "statistic") if metric.get(name) is not None]
    if metric.get("metrics"):
        if plain:
            message = f"metrics and {plain[0]} exclude each other"
            yield error("APO-SCALE-005", message, f"{path}/{plain[0]}")
        queries = items(metric, "metrics", path, "id")
        returned = [query for query, _ in queries if query.get("returnData") is not False]
        if len(returned) != 1:
            message = f"exactly one metric returns the data that is scaled by, not {len(returned)}"
            yield error("APO-SCALE-005", message, f"{path}/metrics", "returnData: false at the others")
        for query, where in queries:
            if (query.get("expression") is None) == (query.get("metricStat") is None):
                yield error("APO-SCALE-005", "a metric has either expression or metricStat", where)
    elif len(plain) != 3:
        missing = [name for name in ("metricName", "namespace", "statistic") if name not in plain]
        yield error("APO-SCALE-005", f"the metric needs {' and '.join(missing)}", path)


def steps(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html"""
    kind = text(config, "adjustmentType")
    given = items(config, "stepAdjustments", path, "")
    if len(given) > _STEPS:
        yield error(
            "APO-SCALE-008", f"a policy has at most {_STEPS} steps", f"{path}/stepAdjustments/{_STEPS}"
        )
    if config.get("minAdjustmentMagnitude") is not None and kind not in (None, "PercentChangeInCapacity"):
        message = "minAdjustmentMagnitude goes with PercentChangeInCapacity"
        yield error("APO-SCALE-008", message, f"{path}/minAdjustmentMagnitude")
    if (number(config, "cooldown") or 0) < 0:
        yield error("APO-SCALE-008", "cooldown is not negative", f"{path}/cooldown")
    for step, where in given:
        if kind == "ExactCapacity" and (number(step, "scalingAdjustment") or 0) < 0:
            message = "an exact capacity is not negative"
            yield error("APO-SCALE-008", message, f"{where}/scalingAdjustment")
    yield from _ranges([step for step, _ in given], f"{path}/stepAdjustments")


def _ranges(given: list[Mapping[str, Any]], path: str) -> Iterator[Problem]:
    ranges = []
    for index, step in enumerate(given):
        low, high = number(step, "metricIntervalLowerBound"), number(step, "metricIntervalUpperBound")
        ranges.append((-_INF if low is None else low, _INF if high is None else high, index))
    if not ranges or any(low >= high or (low, high) == (-_INF, _INF) for low, high, _ in ranges):
        return  # a finding of each by itself
    ranges.sort()
    for (_, high, _), (low, _, index) in pairwise(ranges):
        if low != high:
            what = "overlap" if low < high else "leave a gap"
            message = f"two steps {what} between {min(low, high):g} and {max(low, high):g}"
            yield error("APO-SCALE-008", message, f"{path}/{index}")
            return
    if -_INF < ranges[0][0] < 0:
        message = "below a negative bound there has to be a step without a lower bound"
        yield error("APO-SCALE-008", message, f"{path}/{ranges[0][2]}")
    if 0 < ranges[-1][1] < _INF:
        message = "above a positive bound there has to be a step without an upper bound"
        yield error("APO-SCALE-008", message, f"{path}/{ranges[-1][2]}")


def predictive(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredictiveScalingPolicyConfiguration.html"""
    given = items(config, "metricSpecifications", path, "")
    if config.get("metricSpecifications") is not None and len(given) != 1:
        message = "a predictive policy has exactly one metric specification"
        yield error("APO-SCALE-009", message, f"{path}/metricSpecifications")
    for one, where in given:
        pair = one.get("predefinedMetricPairSpecification") is not None
        parts = [
            [f"{how}{what}MetricSpecification" for how in ("predefined", "customized")]
            for what in ("Scaling", "Load")
        ]
        counts = [sum(one.get(name) is not None for name in names) for names in parts]
        if any(counts) if pair else counts != [1, 1]:
            message = "it has a metric pair, or one scaling metric and one load metric"
            yield error("APO-SCALE-009", message, where)
    grows = config.get("maxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    if grows != (config.get("maxCapacityBuffer") is not None):
        message = "maxCapacityBuffer goes with maxCapacityBreachBehavior IncreaseMaxCapacity, and only so"
        yield error("APO-SCALE-009", message, path)

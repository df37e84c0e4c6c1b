"""What PutScalingPolicy refuses, and how a configuration is kept.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from itertools import pairwise
from typing import Any

from apollo.testing.services.autoscaling.region import invalid
from apollo.testing.services.autoscaling.state import Json

CONFIGURATION = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
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


def checked(kind: str, given: Json) -> Json:
    """The configuration of a request, for its policy type. What is left out is not filled in."""
    match kind:
        case "TargetTrackingScaling":
            return _target_tracking(given)
        case "StepScaling":
            return _step(given)
    return _predictive(given)


def _target_tracking(given: Json) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html"""
    predefined, customized = (
        given.get("PredefinedMetricSpecification"),
        given.get("CustomizedMetricSpecification"),
    )
    if (predefined is None) == (customized is None):
        raise invalid("Exactly one of predefined metric and customized metric must be specified")
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        if given.get(name, 0) < 0:
            raise invalid(f"{name} cannot be negative")
    if not abs(given["TargetValue"]) <= 2.0**360:
        raise invalid("The target value must be between -2^360 and 2^360")
    if predefined is not None:
        _check_predefined(predefined)
    if customized is not None:
        _check_customized(customized)
    return given | {"TargetValue": float(given["TargetValue"])}


def _check_predefined(metric: Json) -> None:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"""
    kind = metric["PredefinedMetricType"]
    if kind not in _METRICS:
        raise invalid(f"Predefined metric type '{kind}' is not supported for ECS services")
    label = metric.get("ResourceLabel")
    if kind != "ALBRequestCountPerTarget":
        if label is not None:
            raise invalid(f"A resource label cannot be specified for predefined metric type '{kind}'")
    elif label is None:
        raise invalid(
            "A resource label must be specified for predefined metric type 'ALBRequestCountPerTarget'"
        )
    else:
        parts = label.split("/")
        if len(parts) != 6 or (parts[0], parts[3]) != ("app", "targetgroup"):
            raise invalid(
                "The resource label must be app/<load balancer>/<id>/targetgroup/<target group>/<id>"
            )


def _check_customized(metric: Json) -> None:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_CustomizedMetricSpecification.html"""
    plain = [name for name in ("MetricName", "Namespace", "Statistic") if name in metric]
    if "Metrics" in metric:
        if plain:
            raise invalid("A customized metric is given by Metrics or by MetricName, Namespace and Statistic")
        returned = [query for query in metric["Metrics"] if query.get("ReturnData", True)]
        if len(returned) != 1:
            raise invalid("Exactly one metric must return data")
        if any(("Expression" in query) == ("MetricStat" in query) for query in metric["Metrics"]):
            raise invalid("Either Expression or MetricStat must be specified for a metric")
    elif len(plain) != 3:
        raise invalid("MetricName, Namespace and Statistic must be specified for a customized metric")


def _step(given: Json) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html"""
    if "AdjustmentType" not in given:
        raise invalid("An adjustment type must be specified for a step scaling policy")
    steps = given.get("StepAdjustments", [])
    if not steps:
        raise invalid("At least one step adjustment must be specified for a step scaling policy")
    if len(steps) > _STEPS:
        raise invalid(f"A step scaling policy can have at most {_STEPS} step adjustments")
    if "MinAdjustmentMagnitude" in given and given["AdjustmentType"] != "PercentChangeInCapacity":
        raise invalid("MinAdjustmentMagnitude can be specified with PercentChangeInCapacity only")
    if given.get("Cooldown", 0) < 0:
        raise invalid("Cooldown cannot be negative")
    if given["AdjustmentType"] == "ExactCapacity" and any(step["ScalingAdjustment"] < 0 for step in steps):
        raise invalid("The scaling adjustment of an exact capacity cannot be negative")
    _check_steps(steps)
    return given | {"StepAdjustments": [_floats(step) for step in steps]}


def _check_steps(steps: list[Json]) -> None:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html"""
    bounds = sorted(
        (step.get("MetricIntervalLowerBound", -_INF), step.get("MetricIntervalUpperBound", _INF))
        for step in steps
    )
    if any(low == -_INF and high == _INF for low, high in bounds):
        raise invalid("The upper and lower bound can't be null in the same step adjustment")
    if any(low >= high for low, high in bounds):
        raise invalid("The upper bound of a step adjustment must be greater than its lower bound")
    if any(high != low for (_, high), (low, _) in pairwise(bounds)):
        raise invalid("The ranges of step adjustments can't overlap or have a gap")
    if -_INF < bounds[0][0] < 0:
        raise invalid("With a negative lower bound there must be a step adjustment with a null lower bound")
    if 0 < bounds[-1][1] < _INF:
        raise invalid("With a positive upper bound there must be a step adjustment with a null upper bound")


def _floats(step: Json) -> Json:
    return {key: float(value) if key.startswith("MetricInterval") else value for key, value in step.items()}


def _predictive(given: Json) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredictiveScalingPolicyConfiguration.html"""
    specifications: list[Any] = given["MetricSpecifications"]
    if len(specifications) != 1:
        raise invalid("Exactly one metric specification must be given for a predictive scaling policy")
    names = set(specifications[0]) - {"TargetValue", "CustomizedCapacityMetricSpecification"}
    pair = "PredefinedMetricPairSpecification" in names
    scaling = names & {"PredefinedScalingMetricSpecification", "CustomizedScalingMetricSpecification"}
    load = names & {"PredefinedLoadMetricSpecification", "CustomizedLoadMetricSpecification"}
    others = len(names) - pair
    if others if pair else (len(scaling), len(load), others) != (1, 1, 2):
        raise invalid("Either a metric pair, or one scaling metric and one load metric must be specified")
    increase = given.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    if increase != ("MaxCapacityBuffer" in given):
        raise invalid("MaxCapacityBuffer is required with IncreaseMaxCapacity, and cannot be used otherwise")
    specification = specifications[0] | {"TargetValue": float(specifications[0]["TargetValue"])}
    return given | {"MetricSpecifications": [specification]}

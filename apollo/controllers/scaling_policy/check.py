"""What is certainly wrong with a service's scaling, found without AWS.

https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.controllers.scaling_policy import check_policy, schedule
from apollo.resources.checks import tags

__all__ = ["problems"]

_CONFIGURATIONS = {
    "TargetTrackingScaling": "targetTrackingScalingPolicyConfiguration",
    "StepScaling": "stepScalingPolicyConfiguration",
    "PredictiveScaling": "predictiveScalingPolicyConfiguration",
}


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    resource = declared.get("resourceId")
    if (
        resource is not None
        and not is_unknown(resource)
        and not re.fullmatch(r"service/[^/]+/[^/]+", resource)
    ):
        hint = "give names, not ARNs: service/green/web; or leave it out and give service: web"
        yield Problem("APO-SCALE-001", "resourceId is service/CLUSTER/SERVICE", path="/resourceId", hint=hint)
    yield from _bounds(declared, "")
    yield from tags.problems(declared)
    for field, what in (("policies", "policies"), ("scheduledActions", "scheduled actions")):
        names = [item.get("name") for item in declared.get(field) or ()]
        for name in sorted({str(name) for name in names if names.count(name) > 1}):
            yield Problem("APO-SCALE-003", f"two {what} are called {name}", path=f"/{field}")
    for index, policy in enumerate(declared.get("policies") or ()):
        yield from _of_policy(policy, f"/policies/{index}")
    for index, action in enumerate(declared.get("scheduledActions") or ()):
        yield from _of_action(action, f"/scheduledActions/{index}")


def _bounds(given: Mapping[str, Any], path: str) -> Iterator[Problem]:
    least, most = given.get("minCapacity"), given.get("maxCapacity")
    for name, value in (("minCapacity", least), ("maxCapacity", most)):
        if value is not None and value < 0:
            yield Problem("APO-SCALE-002", f"{name} is at least 0", path=f"{path}/{name}")
    if least is not None and most is not None and most < least:
        message = f"maxCapacity ({most}) is less than minCapacity ({least})"
        yield Problem("APO-SCALE-002", message, path=f"{path}/maxCapacity")


def _of_policy(policy: Mapping[str, Any], path: str) -> Iterator[Problem]:
    name = policy.get("name")
    given = {kind: field for kind, field in _CONFIGURATIONS.items() if policy.get(field) is not None}
    kind = policy.get("policyType") or (next(iter(given)) if len(given) == 1 else None)
    if kind is None or (kind in _CONFIGURATIONS and list(given) != [kind]):
        wanted = _CONFIGURATIONS.get(str(kind)) or " or ".join(_CONFIGURATIONS.values())
        message = f"policy {name} needs exactly one configuration: {wanted}"
        yield Problem("APO-SCALE-004", message, path=path)
        return
    tracking = policy.get(_CONFIGURATIONS["TargetTrackingScaling"])
    if tracking is not None:
        yield from _of_tracking(tracking, f"{path}/{_CONFIGURATIONS['TargetTrackingScaling']}")
    step = policy.get(_CONFIGURATIONS["StepScaling"])
    if step is not None:
        yield from _of_steps(step, f"{path}/{_CONFIGURATIONS['StepScaling']}")
        yield from check_policy.steps(step, f"{path}/{_CONFIGURATIONS['StepScaling']}")
    if tracking is not None:
        yield from check_policy.tracking(tracking, f"{path}/{_CONFIGURATIONS['TargetTrackingScaling']}")
    predictive = policy.get(_CONFIGURATIONS["PredictiveScaling"])
    if predictive is not None:
        yield from check_policy.predictive(predictive, f"{path}/{_CONFIGURATIONS['PredictiveScaling']}")


def _of_tracking(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    predefined, own = config.get("predefinedMetricSpecification"), config.get("customizedMetricSpecification")
    if (predefined is None) == (own is None):
        message = "exactly one of predefinedMetricSpecification and customizedMetricSpecification is given"
        yield Problem("APO-SCALE-005", message, path=path)
    if not math.isfinite(config.get("targetValue", 0)):
        yield Problem("APO-SCALE-005", "targetValue is a finite number", path=f"{path}/targetValue")
    kind = (predefined or {}).get("predefinedMetricType")
    if kind == "ALBRequestCountPerTarget" and not (predefined or {}).get("resourceLabel"):
        yield Problem(
            "APO-SCALE-005",
            "ALBRequestCountPerTarget needs a resourceLabel",
            path=f"{path}/predefinedMetricSpecification",
            hint="resourceLabel: app/NAME/ID/targetgroup/NAME/ID, the ends of the two ARNs",
        )


def _of_steps(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    steps = config.get("stepAdjustments") or []
    if not config.get("adjustmentType") or not steps:
        message = "a step scaling policy needs adjustmentType and stepAdjustments"
        yield Problem("APO-SCALE-006", message, path=path)
    for index, step in enumerate(steps):
        low, high = step.get("metricIntervalLowerBound"), step.get("metricIntervalUpperBound")
        where = f"{path}/stepAdjustments/{index}"
        if low is None and high is None:
            yield Problem("APO-SCALE-006", "a step has a lower or an upper bound", path=where)
        elif low is not None and high is not None and low >= high:
            yield Problem(
                "APO-SCALE-006", "the upper bound of a step is greater than its lower bound", path=where
            )


def _of_action(action: Mapping[str, Any], path: str) -> Iterator[Problem]:
    yield from schedule.problems(action, path)
    bounds = action.get("scalableTargetAction") or {}
    if bounds.get("minCapacity") is None and bounds.get("maxCapacity") is None:
        message = "a scheduled action sets minCapacity, maxCapacity or both"
        yield Problem("APO-SCALE-007", message, path=f"{path}/scalableTargetAction")
    yield from _bounds(bounds, f"{path}/scalableTargetAction")

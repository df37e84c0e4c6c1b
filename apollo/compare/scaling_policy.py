"""When a live scalable target, its policies and its scheduled actions are what a manifest says.

https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from apollo.compare.names import spec_names
from apollo.compare.rules import CLEARED, KEPT, Cleared, Field, Rules
from apollo.resources.scaling_policy import ScalingPolicySpec

__all__ = ["RULES", "instant", "live_spec"]

Data = Mapping[str, Any]


def instant(value: Any) -> Any:
    """A moment as seconds since 1970, however it is written; text without a zone is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value  # AWS will say what is wrong with it
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return value


def _bounds(member: Data) -> str | None:
    """A step's name: its interval, of which either end may be open."""
    ends = (member.get("metricIntervalLowerBound"), member.get("metricIntervalUpperBound"))
    low, high = ("" if end is None else f"{float(end):g}" for end in ends)
    return f"{low}..{high}"


_TRACKING: Final = "/policies/*/targetTrackingScalingPolicyConfiguration"
_STEP: Final = "/policies/*/stepScalingPolicyConfiguration"
_FORECAST: Final = "/policies/*/predictiveScalingPolicyConfiguration"

RULES: Final = Rules(
    ScalingPolicySpec,
    {
        # Where it is: the identity.
        "/service": Field(never=True),
        "/cluster": Field(never=True),
        "/resourceId": Field(never=True),
        "/scalableDimension": Field(never=True),
        "/tags": Field(never=True),
        # For ECS AWS takes its service-linked role, whatever is given.
        "/roleARN": Field(never=True),
        # An operator may suspend scaling by hand; only what is declared is set.
        "/suspendedState": Field(absence=KEPT, below=KEPT),
        "/suspendedState/dynamicScalingInSuspended": Field(default=False),
        "/suspendedState/dynamicScalingOutSuspended": Field(default=False),
        "/suspendedState/scheduledScalingSuspended": Field(default=False),
        "/policies": Field(key="name", absence=CLEARED),
        "/policies/*/policyType": Field(absence=KEPT),
        f"{_TRACKING}/disableScaleIn": Field(default=False),
        f"{_TRACKING}/customizedMetricSpecification/dimensions": Field(key="name"),
        f"{_TRACKING}/customizedMetricSpecification/metrics": Field(key="id"),
        f"{_TRACKING}/customizedMetricSpecification/metrics/*/returnData": Field(default=True),
        f"{_TRACKING}/customizedMetricSpecification/metrics/*/metricStat/metric/dimensions": Field(
            key="name"
        ),
        f"{_STEP}/stepAdjustments": Field(key=_bounds),
        f"{_STEP}/metricAggregationType": Field(default="Average"),
        f"{_STEP}/cooldown": Field(default=300),
        f"{_FORECAST}/mode": Field(default="ForecastOnly"),
        f"{_FORECAST}/schedulingBufferTime": Field(default=300),
        f"{_FORECAST}/maxCapacityBreachBehavior": Field(default="HonorMaxCapacity"),
        f"{_FORECAST}/metricSpecifications": Field(unordered=True),
        "/scheduledActions": Field(key="name", absence=CLEARED),
        # Leaving it out of the call keeps it; naming AWS's default takes it away.
        "/scheduledActions/*/timezone": Field(default="UTC", absence=Cleared("UTC")),
        "/scheduledActions/*/startTime": Field(normal=instant),
        "/scheduledActions/*/endTime": Field(normal=instant),
    },
    absence=CLEARED,
)
"""Equality of specs and of `live_spec`."""


def live_spec(target: Data, policies: Iterable[Data], actions: Iterable[Data]) -> dict[str, Any]:
    """What the three Describe calls say of one target, under the names of a spec."""
    named = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")
    found: dict[str, Any] = spec_names({name: target[name] for name in named if name in target})
    found["policies"] = [_member(policy, "PolicyName", _COMPUTED_OF_POLICY) for policy in policies]
    found["scheduledActions"] = [_member(action, "ScheduledActionName", _COMPUTED) for action in actions]
    return found


_COMPUTED = frozenset(
    {"ServiceNamespace", "ResourceId", "ScalableDimension", "CreationTime", "ScheduledActionARN"}
)
_COMPUTED_OF_POLICY = _COMPUTED | {"PolicyARN", "Alarms"}


def _member(live: Data, name: str, computed: frozenset[str]) -> dict[str, Any]:
    kept = {key: value for key, value in live.items() if key not in computed and key != name}
    return {"name": live[name], **spec_names(kept)}

"""AWS's answers as a later AWS might give them: moved defaults, and fields that nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["later_rule", "later_scaling", "later_service", "later_task"]

_NEW = {"futureMode": "AUTO", "futureBlock": {"enabled": True, "weights": [1, 2]}}


def _with_new_fields(value: Any) -> Any:
    """A field nobody knows in every block that the manifest does not have as free data."""
    if isinstance(value, Mapping):
        free = all(isinstance(item, str) for item in value.values())
        found = {name: _with_new_fields(item) for name, item in value.items()}
        return found if free else found | _NEW
    return [_with_new_fields(item) for item in value] if isinstance(value, list) else value


def later_task(live: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition with new fields in all of its blocks."""
    found: dict[str, Any] = _with_new_fields(live)
    return found


def later_service(live: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """A service with new fields, and other defaults where the manifest leaves a field to AWS."""
    found: dict[str, Any] = _with_new_fields(live)
    deployment = found.setdefault("deploymentConfiguration", {})
    said = declared.get("deploymentConfiguration", {})
    for name, value in (("maximumPercent", 175), ("minimumHealthyPercent", 75)):
        if name not in said:
            deployment[name] = value
    if "availabilityZoneRebalancing" not in declared:
        flipped = {"ENABLED": "DISABLED"}.get(str(found.get("availabilityZoneRebalancing")), "ENABLED")
        found["availabilityZoneRebalancing"] = flipped
    if declared.get("platformVersion", "LATEST") == "LATEST" and found.get("platformVersion"):
        found["platformVersion"] = "9.9.0"
    return found


def later_rule(live: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with new fields, and other defaults where they mean nothing: the weight of a single target
    group, how long a stickiness lasts that is off, the short form beside the long one, numbers of actions."""
    found: dict[str, Any] = _with_new_fields(live)
    for number, action in enumerate(found.get("Actions", ()), 7):
        action["Order"] = number
        if action["Type"] != "forward":
            continue
        config = action.setdefault("ForwardConfig", {})
        groups = config.setdefault("TargetGroups", [{"TargetGroupArn": action.get("TargetGroupArn")}])
        if len(groups) == 1:
            groups[0]["Weight"] = 100
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        sticky = config.get("TargetGroupStickinessConfig") or {}
        if not sticky.get("Enabled"):
            config["TargetGroupStickinessConfig"] = {"Enabled": False, "DurationSeconds": 77, **_NEW}
    found["Transforms"] = found.get("Transforms") or []
    return found


def later_scaling(live: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """A scalable target, a policy or a scheduled action with new fields, and what AWS chooses itself where
    the manifest does not say it.

    :param declared: the spec that the manifest has of all of them.
    """
    found: dict[str, Any] = _with_new_fields(live)
    if "MinCapacity" in live:
        found["RoleARN"] = "arn:aws:iam::123456789012:role/later"
        if "suspendedState" not in declared:
            found["SuspendedState"] = {"ScheduledScalingSuspended": True, "FutureScalingSuspended": True}
    for config in ("TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"):
        for name, value in _SAID.get(config, {}).items() if config in found else ():
            found[config].setdefault(name, value)
    return found


_SAID: dict[str, dict[str, Any]] = {
    "TargetTrackingScalingPolicyConfiguration": {"DisableScaleIn": False},
    "StepScalingPolicyConfiguration": {"Cooldown": 300, "MetricAggregationType": "Average"},
}
"""Defaults that AWS may tell or not."""

"""The state without what AWS draws: for comparing where two runs ended."""

from typing import Any

from apollo.testing.services.autoscaling.region import Region
from apollo.testing.services.autoscaling.state import Json, Target


def snapshot(scaling: Region) -> Json:
    return {
        "scalableTargets": {
            target.resource_id: _target(target)
            for target in sorted(scaling.all(), key=lambda one: one.resource_id)
        }
    }


def _target(target: Target) -> Json:
    return {
        "minCapacity": target.minimum,
        "maxCapacity": target.maximum,
        "suspendedState": dict(sorted(target.suspended.items())),
        "tags": dict(sorted(target.tags.items())),
        "policies": {
            name: {
                "type": policy.type,
                "configuration": _sorted(policy.configuration),
                "alarms": len(policy.alarms),
            }
            for name, policy in sorted(target.policies.items())
        },
        "scheduledActions": {
            name: {
                "schedule": action.schedule,
                "timezone": action.timezone,
                "action": dict(sorted(action.action.items())),
                "start": action.start,
                "end": action.end,
            }
            for name, action in sorted(target.actions.items())
        },
    }


def _sorted(value: Any) -> Any:
    """Every list in one order."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=repr)
    return value

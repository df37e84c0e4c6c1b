"""AWS's answers as a later AWS might give them: moved defaults, and fields that nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["later_service", "later_task"]

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

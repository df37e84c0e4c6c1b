"""What is certainly wrong with a service, found without AWS.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem

__all__ = ["problems"]


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    launch_type = declared.get("launchType")
    strategy = declared.get("capacityProviderStrategy")
    if launch_type and strategy:
        yield Problem(
            "APO-SVC-001",
            "launchType and capacityProviderStrategy exclude each other",
            path="/launchType",
            hint="leave out launchType",
        )
    on_fargate = launch_type == "FARGATE" or any(
        item.get("capacityProvider") in ("FARGATE", "FARGATE_SPOT") for item in strategy or ()
    )
    network = (declared.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if on_fargate and not network.get("subnets"):
        yield Problem(
            "APO-SVC-002",
            "a service on Fargate needs networkConfiguration.awsvpcConfiguration.subnets",
            path="/networkConfiguration" if "networkConfiguration" in declared else "",
            hint="networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-…], securityGroups: [sg-…]}}",
        )
    if on_fargate and declared.get("schedulingStrategy") == "DAEMON":
        yield Problem(
            "APO-SVC-003",
            "Fargate has no instances that a DAEMON could run on",
            path="/schedulingStrategy",
            hint="schedulingStrategy: REPLICA",
        )

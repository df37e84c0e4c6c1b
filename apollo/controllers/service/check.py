"""What is certainly wrong with a service, found without AWS.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Env, Problem, is_unknown

__all__ = ["problems"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ARN = re.compile(r"arn:[a-z0-9-]+:ecs:([a-z0-9-]+):(\d{12}):cluster/.+")


def problems(declared: Mapping[str, Any], env: Env) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    yield from _place(declared, env)
    if (declared.get("desiredCount") or 0) < 0:
        yield Problem("APO-SVC-005", "there are no negative counts", path="/desiredCount")
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


def _place(declared: Mapping[str, Any], env: Env) -> Iterator[Problem]:
    name, cluster = declared.get("serviceName"), declared.get("cluster")
    if isinstance(name, str) and not is_unknown(name) and not _NAME.fullmatch(name):
        yield Problem(
            "APO-SVC-004",
            "ECS takes 1 to 255 letters, digits, '_' and '-' as the name of a service",
            path="/serviceName",
            hint="without serviceName it is the manifest's own name",
        )
    found = _ARN.fullmatch(cluster) if isinstance(cluster, str) else None
    if found is None:
        return
    if (env.region and found[1] != env.region) or (env.account and found[2] != env.account):
        yield Problem(
            "APO-SVC-006",
            f"the cluster is in {found[1]} of account {found[2]}, and the environment is not",
            path="/cluster",
            hint="an environment is one account and one region; name the cluster without its ARN",
        )

"""All rules of a service by itself.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Env, Problem
from apollo.resources.checks import deployment, placement, tags, traffic
from apollo.resources.checks.values import error, number, templated, text

__all__ = ["problems"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ARN = r"arn:[a-z0-9-]+:ecs:([a-z0-9-]+):(\d{12}):cluster/.+"


def problems(declared: Mapping[str, Any], env: Env) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    yield from _place(declared, env)
    for field in ("desiredCount", "healthCheckGracePeriodSeconds"):
        if (number(declared, field) or 0) < 0:
            yield error("APO-SVC-005", f"{field} is not negative", f"/{field}")
    yield from placement.problems(declared)
    yield from deployment.problems(declared)
    yield from traffic.problems(declared, fargate=placement.fargate(declared))
    yield from tags.problems(declared)


def _place(declared: Mapping[str, Any], env: Env) -> Iterator[Problem]:
    name, cluster = text(declared, "serviceName"), text(declared, "cluster")
    if name is not None and not templated(name) and not _NAME.fullmatch(name):
        yield error(
            "APO-SVC-004",
            "ECS takes 1 to 255 letters, digits, '_' and '-' as the name of a service",
            "/serviceName",
            "without serviceName it is the manifest's own name",
        )
    found = re.fullmatch(_ARN, cluster) if cluster is not None and cluster.startswith("arn:") else None
    if found is None:
        return
    if (env.region and found[1] != env.region) or (env.account and found[2] != env.account):
        yield error(
            "APO-SVC-006",
            f"the cluster is in {found[1]} of account {found[2]}, and the environment is not",
            "/cluster",
            "an environment is one account and one region; name the cluster without its ARN",
        )

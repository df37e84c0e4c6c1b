"""All rules of a task definition.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.resources.checks import (
    containers,
    fargate,
    images,
    logs,
    network,
    plain_secrets,
    roles,
    sizes,
    tags,
    volumes,
)
from apollo.resources.checks.values import error, mapping, number, templated

__all__ = ["problems"]

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain, and warnings; ``Problem.path`` points into the spec."""
    family = declared.get("family")
    if (
        isinstance(family, str)
        and not is_unknown(family)
        and not templated(family)
        and not _FAMILY.fullmatch(family)
    ):
        yield error(
            "APO-TD-008",
            "ECS takes 1 to 255 letters, digits, '_' and '-' as a family",
            "/family",
            "without family it is the manifest's own name",
        )
    compatible = declared.get("requiresCompatibilities")
    on_fargate = isinstance(compatible, list | tuple) and "FARGATE" in compatible
    yield from containers.problems(declared)
    yield from sizes.problems(declared, fargate=on_fargate)
    yield from network.problems(declared)
    yield from volumes.problems(declared)
    yield from logs.problems(declared, fargate=on_fargate)
    yield from roles.problems(declared, fargate=on_fargate)
    if on_fargate:
        yield from fargate.problems(declared)
    yield from images.problems(declared)
    yield from plain_secrets.problems(declared)
    yield from tags.problems(declared)
    storage = number(mapping(declared, "ephemeralStorage"), "sizeInGiB")
    if storage is not None and not 21 <= storage <= 200:
        message = "ephemeral storage is 21 to 200 GiB"
        yield error("APO-TD-015", message, "/ephemeralStorage/sizeInGiB", "without it there are 20 GiB")
    constraints = declared.get("placementConstraints")
    if isinstance(constraints, list | tuple) and len(constraints) > 10:
        message = "a task definition has at most 10 placement constraints"
        yield error("APO-TD-015", message, "/placementConstraints/10")

"""What is wrong with a cluster beyond its types, found without AWS: what AWS itself would refuse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from apollo.api import Problem, is_unknown
from apollo_ecs_cluster.spec import ClusterSpec

__all__ = ["problems"]

_FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})


def problems(spec: ClusterSpec) -> Iterator[Problem]:
    """Every finding."""
    name = spec.clusterName or ""
    if not is_unknown(name) and not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        text = f"{name!r} is no name for a cluster"
        hint = "up to 255 letters, digits, hyphens and underscores"
        yield _problem("/clusterName", text, hint)
    yield from _strategy(spec)
    execute = spec.configuration.executeCommandConfiguration if spec.configuration else None
    if execute is not None and execute.logging == "OVERRIDE" and execute.logConfiguration is None:
        path = "/configuration/executeCommandConfiguration/logConfiguration"
        yield _problem(path, "logging OVERRIDE says nothing of where logs go", "declare logConfiguration")


def _problem(path: str, message: str, hint: str = "") -> Problem:
    return Problem("APO-CLUSTER-001", message, path=path, hint=hint)


def _strategy(spec: ClusterSpec) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html"""
    field = "/defaultCapacityProviderStrategy"
    items = spec.defaultCapacityProviderStrategy or []
    names = [item.capacityProvider for item in items]
    if is_unknown(names) or is_unknown(spec.capacityProviders):
        return
    for name in [name for name, count in Counter(names).items() if count > 1]:
        yield _problem(f"{field}/{name}", f"{name} stands there twice", "keep one of them")
    if spec.capacityProviders is not None:
        for name in dict.fromkeys(names):
            if name not in spec.capacityProviders:
                text = f"{name} is not among the capacity providers of the cluster"
                yield _problem(f"{field}/{name}", text, f"add {name} to capacityProviders")
    if sum(1 for item in items if item.base) > 1:
        yield _problem(field, "more than one item has a base", "AWS takes one")
    if len(items) > 1 and not any(item.weight for item in items):
        yield _problem(field, "no item has a weight", "give at least one of them a weight above 0")
    if 0 < sum(name in _FARGATE for name in names) < len(names):
        yield _problem(field, "Fargate and other capacity providers are mixed", "AWS takes one or the other")

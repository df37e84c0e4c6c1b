"""What the views of services, deployments, task sets and tasks have in common."""

import random
from typing import Any

from apollo.testing.services.ecs.state import Json, Service

_PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
Counts = dict[int, list[int]]
"""By deployment's identity: running, pending."""


def tally(service: Service, now: float) -> Counts:
    counts: Counts = {}
    for task in service.tasks:
        pair = counts.setdefault(id(task.deployment), [0, 0])
        status = task.status(now)
        if status == "RUNNING":
            pair[0] += 1
        elif status in _PENDING:
            pair[1] += 1
    return counts


def echo(config: Json, rng: random.Random) -> Json:
    """Subnets, security groups and strategies are sets to AWS: their order is not kept."""
    result = config
    network = config.get("networkConfiguration")
    vpc = network.get("awsvpcConfiguration") if network is not None else None
    if vpc is not None:
        mixed = {k: _mixed(v, rng) if type(v) is list and len(v) > 1 else v for k, v in vpc.items()}
        result = {**result, "networkConfiguration": {"awsvpcConfiguration": mixed}}
    strategy = config.get("capacityProviderStrategy")
    if strategy and len(strategy) > 1:
        result = {**result, "capacityProviderStrategy": _mixed(strategy, rng)}
    return result


def _mixed(items: list[Any], rng: random.Random) -> list[Any]:
    if len(items) == 2:  # as most are
        return items if rng.getrandbits(1) else items[::-1]
    return rng.sample(items, len(items))


def resolved_platform(version: str) -> str:
    """LATEST resolved, as deployments and tasks show it."""
    return "1.4.0" if version == "LATEST" else version

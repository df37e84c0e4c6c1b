"""What is certainly wrong with a task definition, found without AWS.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apollo.api import Problem, is_unknown

__all__ = ["problems"]

_GIB = 1024
# Task cpu units on Fargate, and the memory in MiB that goes with each.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
_FARGATE: dict[int, Collection[int]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SIZE = re.compile(r"\s*(\d*\.?\d+)\s*(vcpu|gb)?\s*", re.IGNORECASE)


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    family = declared.get("family")
    if isinstance(family, str) and not is_unknown(family) and not _FAMILY.fullmatch(family):
        yield Problem(
            "APO-TD-008",
            "ECS takes 1 to 255 letters, digits, '_' and '-' as a family",
            path="/family",
            hint="without family it is the manifest's own name",
        )
    yield from _containers(declared.get("containerDefinitions") or ())
    if "FARGATE" in (declared.get("requiresCompatibilities") or ()):
        yield from _fargate(declared)


def _containers(containers: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    every = list(containers)
    if not every:
        yield Problem(
            "APO-TD-001",
            "a task definition needs at least one container",
            path="/containerDefinitions",
        )
        return
    for name, count in Counter(container.get("name") for container in every).items():
        if name and count > 1:
            yield Problem(
                "APO-TD-002",
                f"{count} containers are called {name}",
                path="/containerDefinitions",
                hint="give each container a name of its own",
            )
    if all(container.get("essential") is False for container in every):
        yield Problem(
            "APO-TD-003",
            "no container is essential, so nothing would keep the task running",
            path="/containerDefinitions",
            hint="leave out essential: false at the container the task is there for",
        )


def _fargate(declared: Mapping[str, Any]) -> Iterator[Problem]:
    mode = declared.get("networkMode")
    if mode != "awsvpc" and not is_unknown(mode):
        yield Problem(
            "APO-TD-004",
            "on Fargate networkMode has to be awsvpc" + (f", not {mode}" if mode else ""),
            path="/networkMode" if mode else "/requiresCompatibilities",
            hint="networkMode: awsvpc",
        )
    missing = [name for name in ("cpu", "memory") if declared.get(name) is None]
    if missing:
        yield Problem(
            "APO-TD-005",
            f"on Fargate the task needs {' and '.join(missing)}",
            path="/requiresCompatibilities",
            hint='for example cpu: "256" and memory: "512"',
        )
        return
    cpu, memory = _units(declared["cpu"], "vcpu"), _units(declared["memory"], "gb")
    if cpu is None or memory is None or cpu > max(_FARGATE):
        return
    if cpu not in _FARGATE:
        yield Problem(
            "APO-TD-006",
            f"Fargate has no size with cpu {declared['cpu']}",
            path="/cpu",
            hint=f"one of {', '.join(map(str, _FARGATE))}",
        )
        return
    if memory not in _FARGATE[cpu]:
        yield Problem(
            "APO-TD-007",
            f"on Fargate memory {declared['memory']} does not go with cpu {declared['cpu']}",
            path="/memory",
            hint=f"with cpu {cpu}, memory is one of {', '.join(map(str, _FARGATE[cpu]))} (MiB)",
        )


def _units(value: Any, unit: str) -> int | None:
    """``256``, ``.25 vCPU``, ``1 GB`` → CPU units or MiB; None when it is not known or not understood."""
    found = _SIZE.fullmatch(str(value)) if not is_unknown(value) else None
    if found is None or (found[2] and found[2].lower() != unit):
        return None
    try:
        number = Decimal(found[1]) * (1024 if found[2] else 1)
    except InvalidOperation:
        return None
    return int(number) if number == int(number) else None

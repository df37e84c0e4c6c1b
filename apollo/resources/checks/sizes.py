"""The sizes of a task: what Fargate offers, and what the containers take of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.resources.checks.values import error, items, number, text, units, unrendered

__all__ = ["problems", "windows"]

_GIB = 1024
_LINUX: dict[int, Collection[int]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""Task cpu units on Fargate, and the memory in MiB that goes with each.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
"""
_LARGEST = 64 * 1024
_WINDOWS = {cpu: _LINUX[cpu] for cpu in (1024, 2048, 4096)}


def windows(declared: Mapping[str, Any]) -> bool:
    platform = declared.get("runtimePlatform")
    family = text(platform, "operatingSystemFamily") or ""
    return family.startswith("WINDOWS")


def problems(declared: Mapping[str, Any], *, fargate: bool) -> Iterator[Problem]:
    """cpu and memory of the task, with each other and with those of its containers."""
    readable = True
    for name, unit, example in (("cpu", "vcpu", '"256" or "0.25 vCPU"'), ("memory", "gb", '"512" or "1 GB"')):
        value = text(declared, name)
        if value and units(value, unit) is None:
            readable = False
            if unrendered(value):
                continue
            yield error(
                "APO-TD-009", f"'{value}' is no {name} of a task", f"/{name}", f"for example {example}"
            )
    yield from _containers(declared)
    yield from _whole(declared)
    if not fargate:
        return
    missing = [name for name in ("cpu", "memory") if not declared.get(name)]
    if missing:
        yield error(
            "APO-TD-005",
            f"on Fargate the task needs {' and '.join(missing)}",
            "/requiresCompatibilities",
            'for example cpu: "256" and memory: "512"',
        )
    elif readable and not is_unknown((declared["cpu"], declared["memory"])):
        yield from _pair(declared)


def _whole(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"""
    size = len(json.dumps(declared, separators=(",", ":"), ensure_ascii=False, default=str).encode())
    if size > _LARGEST:
        message = f"a task definition has at most {_LARGEST:,} bytes, and this one {size:,}"
        hint = "environmentFiles, secrets or the image itself hold what does not fit"
        yield error("APO-TD-015", message, "/containerDefinitions", hint)


def _pair(declared: Mapping[str, Any]) -> Iterator[Problem]:
    sizes = _WINDOWS if windows(declared) else _LINUX
    cpu, memory = units(declared["cpu"], "vcpu"), units(declared["memory"], "gb")
    if cpu is None or memory is None or cpu > max(_LINUX):
        return  # a size newer than this table is AWS's to judge
    if cpu not in sizes:
        on = "Fargate for Windows" if sizes is _WINDOWS else "Fargate"
        message = f"{on} has no size with cpu {declared['cpu']}"
        yield error("APO-TD-006", message, "/cpu", f"one of {', '.join(map(str, sizes))}")
    elif memory not in sizes[cpu]:
        yield error(
            "APO-TD-007",
            f"on Fargate memory {declared['memory']} does not go with cpu {declared['cpu']}",
            "/memory",
            f"with cpu {cpu}, memory is one of {_listed(sizes[cpu])} (MiB)",
        )


def _listed(sizes: Collection[int]) -> str:
    if isinstance(sizes, range) and len(sizes) > 8:
        return f"{sizes[0]}, {sizes[1]}, … {sizes[-1]} in steps of {sizes.step}"
    return ", ".join(map(str, sizes))


def _containers(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
    cpu, memory = units(declared.get("cpu"), "vcpu"), units(declared.get("memory"), "gb")
    taken, reserved = 0.0, 0.0
    for container, path in items(declared, "containerDefinitions"):
        hard, soft = number(container, "memory"), number(container, "memoryReservation")
        name = container.get("name")
        if not declared.get("memory") and hard is None and soft is None:
            yield error(
                "APO-TD-012",
                f"container {name} needs memory or memoryReservation, since the task has no memory",
                path,
                "memory: 512 (MiB) at the container, or memory at the task",
            )
        for field, value in (("memory", hard), ("memoryReservation", soft)):
            if value is not None and value < 6:
                yield error("APO-TD-013", f"{field} of a container is at least 6 (MiB)", f"{path}/{field}")
            elif value is not None and memory is not None and value > memory:
                message = f"{field} {value} of container {name} is more than the task's {memory} (MiB)"
                yield error(
                    "APO-TD-014", message, f"{path}/{field}", "give the task more, or the container less"
                )
        if hard is not None and soft is not None and soft > hard:
            message = f"memoryReservation {soft} is more than memory {hard}"
            yield error(
                "APO-TD-013", message, f"{path}/memoryReservation", "memory is the hard limit of the two"
            )
        taken += number(container, "cpu") or 0
        reserved += (soft if soft is not None else hard) or 0
    if cpu is not None and taken > cpu:
        message = f"the containers take {taken:g} units of cpu, and the task has {cpu}"
        yield error("APO-TD-014", message, "/cpu", "give the task more, or the containers less")
    if memory is not None and reserved > memory:
        message = f"the containers reserve {reserved:g} MiB of memory, and the task has {memory}"
        yield error("APO-TD-014", message, "/memory", "give the task more, or the containers less")

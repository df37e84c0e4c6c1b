"""What is certainly wrong with a service, found without AWS: by itself, and beside its task definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Key, Problem, Resource, refs_in
from apollo.resources.checks import pair
from apollo.resources.checks.service import problems
from apollo.resources.service import ServiceSpec

__all__ = ["problems", "together"]


def together(want: Resource[ServiceSpec], beside: Mapping[Key, Resource[Any]]) -> Iterator[Problem]:
    """Findings about a service and the TaskDefinition of this environment that it names, if it names one."""
    for ref in refs_in(want.spec.taskDefinition):
        task = beside.get(ref.key(want.env.name))
        if ref.kind == "TaskDefinition" and task is not None:
            yield from pair.problems(want.spec.declared(), task.spec.declared(), ref.name)

"""Resources that wait for each other: told offline, and where they are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apollo.api import Key, Kinds, Problem, Resource
from apollo.engine.graph import Graph

__all__ = ["CODE", "HINT", "circles", "told"]

CODE: Final = "APO-PLAN-001"
HINT: Final = "remove one of the references or dependsOn entries"


def told(cycle: Sequence[Key]) -> str:
    """``Service/a → Service/b → Service/a: …``"""
    return f"{' → '.join(map(str, (*cycle, cycle[0])))}: these resources wait for each other"


def circles(kinds: Kinds, resources: Mapping[Key, Resource[Any]]) -> list[Problem]:
    """One finding for each circle, at the first of its members."""
    graph = Graph(kinds)
    graph.update(resources, resources)
    found = []
    for cycle in dict.fromkeys(graph.cycles.values()):
        origin = resources[cycle[0]].origin
        found.append(Problem(CODE, told(cycle), file=origin.file, line=origin.line, hint=HINT))
    return found

"""Alive and ready: progress, not that a process exists."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from apollo.operator import Operator
from apollo.operator.watch import ALIVE

__all__ = ["Health", "live", "ready"]


@frozen
class Health:
    """Whether all is well.

    :ivar environments: why not, by environment; empty texts where all is well.
    """

    ok: bool
    environments: dict[str, str] = field(factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rows = {name: {"ok": not why, "message": why} for name, why in self.environments.items()}
        return {"ok": self.ok, "environments": rows}


def live(operator: Operator) -> Health:
    """Whether the loop of every environment moves. A dead one does not come back by itself: start again.

    AWS or git being away is no reason: then the loop moves, and tries again.
    """
    found = {}
    watched = operator.watched()
    for name in operator.environments:
        watch = watched.get(name)
        dead = watch is not None and not watch.alive
        found[name] = f"nothing moved for more than {ALIVE:.0f} s" if dead else ""
    return Health(not any(found.values()), found)


def ready(operator: Operator) -> Health:
    """Whether every environment has read git once, and AWS answers."""
    watched = operator.watched()
    found = {
        name: watched[name].why_not_ready if name in watched else "not begun yet"
        for name in operator.environments
    }
    return Health(not any(found.values()), found)

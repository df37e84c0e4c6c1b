"""What is ours in AWS and not in git any more: found by the ownership tag, never by memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from attrs import frozen

from apollo.api import Key, Owned, PruneScope, Snapshot
from apollo.engine.look import Looker, failure_of

__all__ = ["Sweep", "scopes", "sweep"]


@frozen
class Sweep:
    """Everything of ours in AWS.

    :ivar incomplete: per kind why its list was not read to the end; nothing of that kind is pruned.
    """

    owned: tuple[Owned, ...]
    incomplete: Mapping[str, str]


async def sweep(looker: Looker, lane: str = "sweep") -> Sweep:
    """List every object that carries our tag, of every kind that is known here."""
    found: list[Owned] = []
    incomplete: dict[str, str] = {}
    for kind in looker.kinds.names():
        want = [resource for key, resource in looker.graph.resources.items() if key.kind == kind]
        try:
            controller = looker.kinds.get(kind)
            found.extend([owned async for owned in controller.owned(looker.contexts(lane), want)])
        except Exception as error:  # incl. a missing controller: its objects stay
            incomplete[kind] = failure_of(error).message
    return Sweep(tuple(found), incomplete)


def orphans(swept: Sweep, keys: Collection[Key]) -> list[Owned]:
    """The owned objects that git does not hold."""
    return [owned for owned in swept.owned if owned.key not in keys]


def scopes(
    swept: Sweep, going: Collection[Owned], snapshot: Snapshot, last_app: Mapping[Key, str]
) -> dict[Key, PruneScope]:
    """Per orphan, how much its app would lose. An orphan whose app nobody remembers counts for the whole
    environment, and a broken file anywhere protects it."""
    broken = {
        name: next(problem for problem in app.problems if problem.severity == "error")
        for name, app in snapshot.apps.items()
        if any(problem.severity == "error" for problem in app.problems)
    }
    tree = next((problem.message for problem in snapshot.problems if problem.severity == "error"), "")
    if not tree and not snapshot.resources and going:
        tree = "the commit holds no resources at all"
    existing: Counter[str] = Counter(
        snapshot.resources[owned.key].app for owned in swept.owned if owned.key in snapshot.resources
    )
    app_of = {owned.key: owned.app or last_app.get(owned.key, "") for owned in going}
    deleting = Counter(app_of.values())
    result = {}
    for owned in going:
        app = app_of[owned.key]
        why = tree or swept.incomplete.get(owned.key.kind, "")
        if not why and app in broken:
            why = f"{app} could not be loaded: {broken[app].message}"
        if not why and not app and broken:
            name, problem = next(iter(broken.items()))
            why = f"{name} could not be loaded: {problem.message}"
        total = existing[app] + deleting[app] if app else len(swept.owned)
        result[owned.key] = PruneScope(deleting[app], total, complete=not why, why_incomplete=why)
    return result

"""What is ours in AWS and not in git any more: found by the ownership tag, never by memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
from attrs import evolve, field, frozen

from apollo.api import Identity, Key, Owned, PruneScope, Snapshot
from apollo.engine.ahead import ReadsAhead
from apollo.engine.look import Looker
from apollo.engine.seen import Leaving, failure_of

__all__ = ["Orphan", "Sweep", "find", "group_of", "leaving", "rests", "sweep"]

_NOTHING: Mapping[str, Any] = {}


@frozen
class Sweep:
    """Everything of ours in AWS.

    :ivar incomplete: per kind why its list was not read to the end; nothing of that kind is pruned.
    """

    owned: tuple[Owned, ...] = ()
    incomplete: Mapping[str, str] = field(factory=dict)

    def bare(self) -> Sweep:
        """The same without what was seen of each object, which is large."""
        return evolve(self, owned=tuple(evolve(one, seen=None, complete=False) for one in self.owned))


async def sweep(looker: Looker, lane: str = "sweep", ahead: Mapping[str, Any] = _NOTHING) -> Sweep:
    """List every object that carries our tag, of every kind that is known here. The kinds are asked at once:
    reads that they have in common are made once.

    :param ahead: what `apollo.engine.ahead` has read of them a moment ago.
    """
    kinds = sorted(looker.kinds.names())
    found: dict[str, list[Owned]] = {}
    incomplete: dict[str, str] = {}

    async def of(kind: str) -> None:
        try:
            want = [looker.wanted(key) for key in looker.graph.resources if key.kind == kind]
            controller, ctx = looker.kinds.get(kind), looker.contexts(lane)
            if kind in ahead and isinstance(controller, ReadsAhead):
                listing = controller.owned_beside(ctx, want, ahead[kind])
            else:
                listing = controller.owned(ctx, want)
            found[kind] = [owned async for owned in listing]
        except Exception as error:  # incl. a missing controller: its objects stay
            incomplete[kind] = failure_of(error).message

    async with anyio.create_task_group() as tasks:
        for kind in kinds:
            tasks.start_soon(of, kind)
    return Sweep(tuple(owned for kind in kinds for owned in found.get(kind, ())), incomplete)


@frozen
class Orphan:
    """An object of ours that should go.

    :ivar moved: its key is in git under another identity (a renamed service, another cluster).
    :ivar ready: whether it may go now: what was moved goes once the new object is healthy.
    """

    owned: Owned
    scope: PruneScope
    moved: bool = False
    ready: bool = True
    rank: int = 50

    @property
    def why(self) -> str:
        return f"replaced by {self.owned.key} in its new place" if self.moved else "not in git any more"


def find(looker: Looker, swept: Sweep, snapshot: Snapshot, last_app: Mapping[Key, str]) -> list[Orphan]:
    """What should go, in the order in which it goes: first what depends on others."""
    places: dict[Identity, Key] = {}
    identities: dict[Key, Identity | None] = {}
    for key in looker.graph.resources:
        try:
            identities[key] = looker.identity(key)
        except Exception:  # a broken kind: nothing of it goes
            identities[key] = None
        if (place := identities[key]) is not None:
            places[place] = key
    going: list[tuple[Owned, bool]] = []
    for owned in swept.owned:
        if owned.identity in places:
            continue  # what a manifest names is no orphan, whoever's tag it carries: adopted, or a conflict
        if owned.key not in looker.graph.resources:
            going.append((owned, False))
        elif identities[owned.key] is not None:
            going.append((owned, True))
    scope = _scopes(looker, swept, [owned for owned, _ in going], snapshot, last_app)
    found = []
    for (owned, moved), its in zip(going, scope, strict=True):
        known = looker.known.get(owned.key)
        ready = not moved or (known is not None and known.complete and known.healthy)
        ready = ready and rests(looker, owned)
        rank = looker.kinds.get(owned.key.kind).rank
        app = _app_of(owned, snapshot, last_app)
        found.append(Orphan(evolve(owned, app=app), its, moved, ready, rank))
    return sorted(found, key=_sequence)


def _sequence(one: Orphan) -> tuple[Any, ...]:
    owned = one.owned
    return one.moved, one.rank, owned.key.kind, owned.order, owned.key, owned.identity


def group_of(owned: Owned) -> str | None:
    """The name of an object's group as the graph has it; None when it stands alone."""
    return None if owned.group is None else f"{owned.key.kind}:{owned.group}"


def rests(looker: Looker, owned: Owned) -> bool:
    """Whether nothing is left to be done in the group of an object: until then it may still be needed."""
    members = looker.graph.groups.get(group_of(owned) or "", ())
    return not any((known := looker.known.get(key)) is None or known.pending for key in members)


def leaving(
    looker: Looker, swept: Sweep, snapshot: Snapshot, last_app: Mapping[Key, str]
) -> dict[str, tuple[Leaving, ...]]:
    """Per group that git still holds something of, what has left git of it. What moved elsewhere is not among
    it: that stays until it stands in its new place. Nothing is, where the list may be incomplete."""
    graph = looker.graph
    if not any(owned.group is not None and owned.key not in graph.resources for owned in swept.owned):
        return {}
    found: dict[str, dict[Key, list[Orphan]]] = {}
    for orphan in find(looker, swept, snapshot, last_app):
        name = group_of(orphan.owned)
        if name in graph.groups and not orphan.moved and orphan.scope.complete:
            found.setdefault(name, {}).setdefault(orphan.owned.key, []).append(orphan)
    return {
        name: tuple(
            Leaving(key, tuple(one.owned for one in its), its[0].scope) for key, its in by_key.items()
        )
        for name, by_key in found.items()
    }


def _app_of(owned: Owned, snapshot: Snapshot, last_app: Mapping[Key, str]) -> str:
    """The app that an object is, or was, of; empty where nobody remembers it."""
    resource = snapshot.resources.get(owned.key)
    return resource.app if resource is not None else owned.app or last_app.get(owned.key, "")


def _scopes(
    looker: Looker,
    swept: Sweep,
    going: Sequence[Owned],
    snapshot: Snapshot,
    last_app: Mapping[Key, str],
) -> list[PruneScope]:
    """Per orphan, how much its app would lose. An orphan whose app nobody remembers counts for the whole
    environment, and a broken file anywhere protects it."""
    broken = {
        name: next(problem for problem in app.problems if problem.severity == "error")
        for name, app in snapshot.apps.items()
        if any(problem.severity == "error" for problem in app.problems)
    }
    tree = next((problem.message for problem in snapshot.problems if problem.severity == "error"), "")
    tree = tree or snapshot.partial
    if not tree and not snapshot.resources and going:
        tree = "the commit holds no resources at all"

    def app_of(owned: Owned) -> str:
        return _app_of(owned, snapshot, last_app)

    places = {owned.identity for owned in going}
    kept = [owned for owned in going if owned.prune == "never"]  # it is not going after all
    counted = [owned for owned in going if owned not in kept and not places.intersection(owned.part_of)]
    deleting = Counter(map(app_of, counted))
    standing = [owned for owned in swept.owned if (owned in kept or owned not in going) and not owned.part_of]
    existing = Counter(map(app_of, standing)) + deleting
    everything = sum(existing.values())
    result = []
    for owned in going:
        app = app_of(owned)
        why = tree or swept.incomplete.get(owned.key.kind, "")
        if not why and app in broken:
            why = f"{app} could not be loaded: {broken[app].message}"
        if not why and not app and broken:
            name, problem = next(iter(broken.items()))
            why = f"{name} could not be loaded: {problem.message}"
        total = existing[app] if app else everything
        result.append(PruneScope(deleting[app], total, complete=not why, why_incomplete=why))
    return result

"""The sweep: everything of ours is listed; what the list tells is not read again, what it does not tell is
looked at, and what git does not hold any more is shown, or deleted where that is allowed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from weakref import WeakValueDictionary

import anyio
from attrs import define, field

from apollo.api import Key, Owned
from apollo.engine.engine import Engine, is_applied
from apollo.engine.orphans import Sweep, find, group_of, rests
from apollo.engine.plan import ResourcePlan
from apollo.engine.queue import Priority
from apollo.engine.scheduler import Scheduler
from apollo.engine.seen import Member
from apollo.engine.telling import Telling

__all__ = ["Sweeper"]

_SELDOM = 10
"""What cannot change is looked at in one of so many sweeps: somebody may have deleted it."""
_TOGETHER = 200
"""So many groups are looked at together: enough to fill calls, little enough to hold."""
_PATIENCE = 60.0
"""Seconds that a look among others may take."""


@define
class Sweeper:
    """Sweeps one environment.

    :ivar items: everything as it was seen last. :ivar gone: the same of what git does not hold any more.
    :ivar settle: takes in what was seen. :ivar only_looks: whether nothing may be sent now.
    :ivar unlisted: groups that something has left and of which our objects were not listed since: what they
        hold now is judged together with what has left them.
    """

    engine: Engine
    scheduler: Scheduler
    telling: Telling
    items: Mapping[Key, ResourcePlan]
    settle: Callable[[Member], Awaitable[None]]
    only_looks: Callable[[], bool]
    gone: dict[Key, ResourcePlan] = field(factory=dict, init=False)
    unlisted: set[str] = field(factory=set, init=False)
    _count: int = field(default=0, init=False)
    _turns: WeakValueDictionary[str, anyio.Lock] = field(factory=WeakValueDictionary, init=False)

    def turn(self, group: str) -> anyio.Lock:
        """Held by whoever changes something in a group."""
        found = self._turns.get(group)
        if found is None:
            found = self._turns[group] = anyio.Lock()
        return found

    async def sweep(self, lane: str = "sweep") -> bool:
        """Look at everything once. False when git moved meanwhile, and it has to be done again.

        :param lane: ``sweep``; in another one somebody asked for it, and nothing is left out.
        """
        engine = self.engine
        unlisted = set(self.unlisted)
        swept = await engine.sweep(lane)
        self.unlisted -= unlisted
        for name in unlisted:
            self.scheduler.add(name, reasons=("removed",), priority=Priority.COMMIT)
        told = {owned.key: owned for owned in swept.owned if owned.complete}
        self._count += 1
        thorough = lane != "sweep" or not self._count % _SELDOM
        for level in engine.graph.group_order():
            first = [name for name in level if self._is_new(name) or (thorough and self._has_stayed(name))]
            for name in level:
                if name not in first and (keys := sorted(engine.graph.groups.get(name, ()))):
                    await self._again(name, keys, told if name not in unlisted else {})
            for at in range(0, len(first), _TOGETHER):
                async with anyio.create_task_group() as tasks:  # at once: their reads share calls
                    for name in first[at : at + _TOGETHER]:
                        tasks.start_soon(self._first, name, told, lane)
        return await self._prune(swept)

    async def _again(self, name: str, keys: Sequence[Key], told: Mapping[Key, Owned]) -> None:
        """Take in what the list told of a group, or have it looked at closer."""
        if all(self._stays(key) for key in keys):
            return
        seen = await self._from(told, keys)
        if seen is None:
            self.scheduler.add(name, reasons=("sweep",), priority=Priority.SWEEP)
            return
        for member in seen:
            await self.settle(member)

    def _is_new(self, name: str) -> bool:
        """Whether a group was never looked at, and nobody is about to."""
        keys = self.engine.graph.groups.get(name, ())
        return not any(key in self.items for key in keys) and not self._is_queued(name)

    def _has_stayed(self, name: str) -> bool:
        keys = self.engine.graph.groups.get(name, ())
        return all(self._stays(key) for key in keys) and not self._is_queued(name)

    def _is_queued(self, name: str) -> bool:
        queue = self.scheduler.queue
        return name in queue.running or queue.due(name) is not None

    async def _first(self, name: str, told: Mapping[Key, Owned], lane: str) -> None:
        """Look at a group together with others. What equals git needs no second look."""
        looker = self.engine.looker
        members = None
        with anyio.move_on_after(_PATIENCE):  # what hangs is left to a worker of its own, and holds up nobody
            async with self.turn(name):
                keys = sorted(self.engine.graph.groups.get(name, ()))
                places = {key: self.engine.place(key) for key in keys}
                listed = {
                    key: told[key].seen for key in keys if key in told and told[key].identity == places[key]
                }
                members = await looker.group(keys, lane, told=listed)
        if self._is_queued(name):  # a commit was faster
            return
        if members is None or not all(is_applied(member.plan) for member in members):
            self.scheduler.add(name, reasons=("sweep",), priority=Priority.COMMIT)
            return
        for member in members:
            await self.settle(member)

    def went(self, member: Member) -> None:
        """Take in what became of something that has left git together with a change of its group."""
        if member.plan.steps or member.plan.failure is not None:
            self.gone[member.key] = member.plan
            self.telling.announce(member.plan)
        else:
            self.gone.pop(member.key, None)
            self.telling.tell("Deleted", member.plan, message="not in git any more")

    def _stays(self, key: Key) -> bool:
        """Whether a resource was seen equal to git and cannot have changed since."""
        item, known = self.items.get(key), self.engine.looker.known.get(key)
        if item is None or known is None or not known.complete or not is_applied(item):
            return False
        return self.engine.kinds.get(key.kind).immutable

    async def _from(self, told: Mapping[Key, Owned], keys: Sequence[Key]) -> list[Member] | None:
        """The look at a group that needs no further read, or None when it wants a closer one."""
        looker = self.engine.looker
        for key in keys:
            item, owned = self.items.get(key), told.get(key)
            if item is None or owned is None or not is_applied(item):
                return None
            if looker.identity(key) != owned.identity:
                return None
        members = await looker.group(keys, "sweep", told={key: told[key].seen for key in keys})
        return members if all(is_applied(member.plan) for member in members) else None

    async def _prune(self, swept: Sweep) -> bool:
        """Show, and where allowed delete, what git does not hold any more. False when git moved meanwhile:
        what was about to go may be wanted again, or belong to an app that cannot be read any more."""
        engine = self.engine
        snapshot = engine.snapshot
        gone: dict[Key, ResourcePlan] = {}
        for orphan in find(engine.looker, swept, snapshot, engine.last_app):
            owned = orphan.owned
            async with self.turn(group_of(owned) or str(owned.key)):
                member = await engine.looker.orphan(owned, orphan.scope, "sweep")
                if engine.snapshot is not snapshot:
                    return False
                ready = orphan.ready and rests(engine.looker, owned)
                if member.plan.sendable and ready and not self.only_looks():
                    member = await engine.actor.orphan(
                        owned, orphan.scope, lambda: engine.snapshot is snapshot
                    )
                    if engine.snapshot is not snapshot and member.plan.sendable:
                        return False
                    if member.seen is None and member.plan.failure is None:
                        continue  # somebody else was faster
                    if not member.plan.steps and member.plan.failure is None:
                        self.telling.tell("Deleted", member.plan, message=orphan.why)
                        continue
            if not orphan.moved:
                gone[member.key] = member.plan
                self.telling.announce(member.plan)
        self.gone = gone
        return True

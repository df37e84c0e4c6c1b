"""One environment of a running operator: git feeds the loop, the loop feeds AWS and the memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import anyio
import anyio.abc
from attrs import define, evolve, field

from apollo.api import Problem, Snapshot
from apollo.clock import Clock
from apollo.engine.events import Event
from apollo.engine.loop import Loop
from apollo.errors import SourceError
from apollo.operator.desired import Desired
from apollo.operator.memory import StoreMemory
from apollo.operator.watch import Watch

__all__ = ["Served"]

_log = logging.getLogger("apollo.operator")

_READABLE = "it can be read again"
_PEOPLE = 2.0
"""Seconds between looks at what people let through or suspended with other commands."""
_AGAIN = 5.0
"""Seconds before a source that failed is asked again at the earliest."""
_TOLD = 3
"""How many findings of one app are written out."""


@define
class Served:
    """Follows one branch and keeps one environment."""

    desired: Desired
    loop: Loop
    memory: StoreMemory
    clock: Clock
    watch: Watch
    _failure: str = field(default="", init=False)
    _broken: dict[str, str] = field(factory=dict, init=False)

    async def run(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until `stop`; ``task_status`` is told once git was asked for the first time."""
        first = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.memory.run)
            tasks.start_soon(self._people)
            tasks.start_soon(self._follow, first)
            await first.wait()
            task_status.started()
            self.watch.begin()
            await self.loop.run()
            tasks.cancel_scope.cancel()
        self.watch.ended()
        with anyio.CancelScope(shield=True):
            await self.memory.flush()

    def stop(self) -> None:
        """Finish the calls in flight, start none."""
        self.loop.stop()

    def look(self) -> None:
        """Look at git and AWS now."""
        self.desired.source.poke()
        self.loop.look()

    async def _follow(self, first: anyio.Event) -> None:
        while True:
            try:
                snapshot = await self._fetched()
                self._note("")
                if snapshot is not None:
                    self.loop.take(snapshot)
                    self._refused(snapshot)
                self.watch.asked(self.desired.commit if snapshot is not None else None)
            except SourceError as error:
                self._note(error.message if not error.hint else f"{error.message} ({error.hint})")
            except Exception as error:  # a full disk, a fault of our own: the other environments go on
                _log.exception("reading git for %s failed", self.loop.engine.env.name)
                self._note(f"git could not be read: {type(error).__name__}: {error}")
                first.set()
                await self.clock.sleep(_AGAIN)
                continue
            first.set()
            try:
                await self.desired.source.moved()
            except SourceError:
                await self.clock.sleep(_AGAIN)

    async def _fetched(self) -> Snapshot | None:
        """What the branch holds, when it has moved."""
        began = self.clock.monotonic()
        old = self.desired.commit
        try:
            commit = await self.desired.source.refresh(old.sha if old else None)
        except SourceError:
            self.watch.fetched(self.clock.monotonic() - began, failed=True)
            raise
        self.watch.fetched(self.clock.monotonic() - began, failed=False)
        return await self.desired.at(commit)

    def _note(self, failure: str) -> None:
        """Note what is wrong with the source; tell it once. The last good commit stays in force."""
        self.loop.message = failure
        if failure and failure != self._failure:
            name = self.loop.engine.env.name
            self.loop.engine.emit(Event("SourceFailed", name, reason="SourceFailed", message=failure))
        if self._failure and not failure:
            self.loop.engine.emit(Event("SourceRecovered", self.loop.engine.env.name, message=_READABLE))
        self._failure = failure

    def _refused(self, snapshot: Snapshot) -> None:
        """Tell what of a commit could not be loaded, per app and once. The app stays at the commit before."""
        name = self.loop.engine.env.name
        found = {"": snapshot.problems} | {app: state.problems for app, state in snapshot.apps.items()}
        now = {app: _said(problems) for app, problems in found.items()}
        for app, message in now.items():
            if message and message != self._broken.get(app):
                event = Event("SourceFailed", name, app=app, reason="NotLoaded", message=message)
                self.loop.engine.emit(evolve(event, commit=snapshot.commit))
        for app, message in self._broken.items():
            if message and not now.get(app):
                event = Event("SourceRecovered", name, app=app, commit=snapshot.commit, message=_READABLE)
                self.loop.engine.emit(event)
        self._broken = now

    async def _people(self) -> None:
        while True:
            await self.clock.sleep(_PEOPLE)
            if await self.memory.refresh():
                self.loop.look(reason="approval")
            await self.loop.approve()


def _said(problems: Sequence[Problem]) -> str:
    """The errors among findings, without the lines of the file."""
    errors = [problem for problem in problems if problem.severity == "error"]
    texts = [
        str(evolve(one, excerpt="", hint="")) + (f" ({one.hint})" if one.hint else "")
        for one in errors[:_TOLD]
    ]
    more = [f"and {len(errors) - _TOLD} more"] if len(errors) > _TOLD else []
    return "; ".join([*texts, *more])

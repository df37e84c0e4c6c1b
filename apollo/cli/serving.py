"""Operators one after another: each serves with the configuration that was read last."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from attrs import define, field

from apollo.cli.interrupts import Interrupts
from apollo.cli.lines import said
from apollo.errors import ApolloError

if TYPE_CHECKING:
    from apollo.operator import Operator
    from apollo.settings import Settings

__all__ = ["Loaded", "Serving"]

_log = logging.getLogger("apollo.cli")

_EVERY = 60.0
"""Seconds between two looks at a configuration that lies in git."""


class Loaded:
    """Hears that every environment has its first snapshot. What is there now stays: looking through all of
    it for garbage again and again would stop a large operator for a quarter of a second each time."""

    def __init__(self) -> None:
        self.begun = False

    def started(self, value: None = None) -> None:
        self.begun = True
        gc.unfreeze()  # of an operator before this one
        gc.collect()
        gc.freeze()


@define
class Serving:
    """Serves until a signal; SIGHUP, or a move of the configuration in git, begins anew with what is read.

    :ivar settings: in force. :ivar make: an operator for settings. :ivar read: reads the configuration, or
        raises what is wrong with it. :ivar follow: whether to look at it from time to time, too.
    """

    settings: Settings
    make: Callable[[Settings], Operator]
    read: Callable[[], Settings]
    say: Callable[[str], None]
    follow: bool = False
    dry_run: bool = False
    _operator: Operator | None = field(default=None, init=False)
    _next: Settings | None = field(default=None, init=False)
    _refused: str = field(default="", init=False)
    _reading: anyio.Lock = field(factory=anyio.Lock, init=False)

    async def run(self) -> int:
        """The exit code."""
        interrupts = Interrupts(self._stop, say=self.say, reload=self._hangup)
        before: Settings | None = None
        over = False
        async with anyio.create_task_group() as group:
            group.start_soon(interrupts.watch, group.cancel_scope)
            if self.follow:
                group.start_soon(self._follow)
            while True:
                loaded = Loaded()
                try:
                    await self._serve(loaded)
                except ApolloError as error:
                    if before is None or loaded.begun or interrupts.received is not None:
                        raise
                    _log.error(
                        "the new configuration cannot be served, the one before it is: %s", said(error)
                    )
                    self.settings, self._next, before = before, None, None
                    continue
                if interrupts.received is not None or self._next is None:
                    over = True
                    break
                before, self.settings, self._next = self.settings, self._next, None
            group.cancel_scope.cancel()
        return interrupts.code(0 if over else 1)

    async def _serve(self, loaded: Loaded) -> None:
        async with self.make(self.settings) as operator:
            self._operator = operator
            names = ", ".join(operator.environments)
            self.say(f"serving {names}" + (", dry run" if self.dry_run else ""))
            try:
                await operator.run(dry_run=self.dry_run, task_status=loaded)
            finally:
                self._operator = None

    def _stop(self) -> None:
        if self._operator is not None:
            self._operator.stop()

    async def _hangup(self) -> None:
        if await self._read():
            return
        if self._next is None and not self._refused and self._operator is not None:
            self.say("the configuration is as it was; looking at git and AWS now")
            self._operator.look()

    async def _follow(self) -> None:
        while True:
            await anyio.sleep(_EVERY)
            await self._read()

    async def _read(self) -> bool:
        """Read the configuration; whether it is another one, which is then served."""
        async with self._reading:
            try:
                found = await to_thread.run_sync(self.read, abandon_on_cancel=True)
            except ApolloError as error:
                self._refuse(said(error))
                return False
            except OSError as error:
                self._refuse(f"{error.filename}: {error.strerror}")
                return False
            self._refused = ""
            if found == self.settings:
                self._next = None
                return False
            self._next = found
            self.say("the configuration has changed: calls in flight are finished, then it is served")
            self._stop()
            return True

    def _refuse(self, why: str) -> None:
        if why != self._refused:
            self._refused = why
            _log.error("the configuration cannot be read, the one in force stays: %s", why)

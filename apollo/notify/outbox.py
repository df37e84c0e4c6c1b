"""Sending one receiver's messages in their order, until each is sent or hopeless; nothing waits for it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import anyio
from attrs import define, field

from apollo.clock import Clock
from apollo.notify.http import Rejected, Unsent

__all__ = ["Outbox", "Target"]

_log = logging.getLogger("apollo.notify")

_WAITING = 1_000
"""Messages that wait for one receiver at most; then the oldest go."""
_TRIES = 10
_LONGEST = 120.0
"""Seconds between two tries at most; all tries together take about a quarter of an hour."""

M = TypeVar("M")
C = TypeVar("C", contravariant=True)


class Target(Protocol[C]):
    """Somebody who can be told."""

    async def send(self, message: C, /) -> None:
        """Tell it.

        :raises Unsent: it may work later. :raises Rejected: it will not.
        """
        ...


@define
class Outbox(Generic[M]):
    """One receiver.

    :ivar done: told of every message that was sent or given up on.
    """

    name: str
    target: Target[M]
    clock: Clock
    done: Callable[[M], Awaitable[None]]
    _waiting: deque[M] = field(factory=deque, init=False)
    _wake: anyio.Event = field(factory=anyio.Event, init=False)
    _idle: anyio.Event = field(factory=anyio.Event, init=False)

    def put(self, message: M) -> None:
        """Send it when its turn comes; returns at once."""
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft()
            _log.error("notification %s: too many messages wait; the oldest is dropped", self.name)
        self._waiting.append(message)
        if self._idle.is_set():
            self._idle = anyio.Event()
        self._wake.set()

    async def empty(self) -> None:
        """Return when nothing waits any more."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                await self._deliver(message)
                await self.done(message)
            self._wake = anyio.Event()
            self._idle.set()
            await self._wake.wait()

    async def _deliver(self, message: M) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                await self.target.send(message)
                return
            except Rejected as error:
                _log.error("notification %s was refused: %s", self.name, error)
                return
            except Unsent as error:
                if attempt == _TRIES:
                    _log.error("notification %s is given up on: %s", self.name, error)
                    return
                after = min(_LONGEST, max(error.after or 0.0, 2.0**attempt))
                _log.warning("notification %s: %s; again in %.0f s", self.name, error, after)
            except Exception:
                _log.exception("notification %s failed", self.name)
                return
            await self.clock.sleep(after)

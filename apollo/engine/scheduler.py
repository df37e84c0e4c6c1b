"""Workers over the keyed queue: never two equal keys at once, a cap on all, an injected clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import anyio
from attrs import define, field, frozen

from apollo.clock import Clock
from apollo.engine.queue import KeyedQueue, Priority, Work

__all__ = ["Again", "Scheduler"]


@frozen
class Again:
    """Look at the key again in ``after`` seconds. A worker that answers None waits to be called."""

    after: float
    reason: str = "retry"
    priority: Priority = Priority.RETRY


@define
class Scheduler:
    """Hands keys to ``work``, which decides when to look again. ``work`` must not raise.

    :param workers: the most keys worked on at once. Each waits for AWS nearly all of its time, and reads of
        one kind share calls, so more workers make fewer calls, not more.
    """

    clock: Clock
    work: Callable[[Work], Awaitable[Again | None]]
    workers: int = 64
    queue: KeyedQueue = field(factory=KeyedQueue, init=False)
    _wake: anyio.Event = field(factory=anyio.Event, init=False)
    _quiet: anyio.Event = field(factory=anyio.Event, init=False)
    _active: int = field(default=0, init=False)
    stopping: bool = field(default=False, init=False)

    def add(
        self,
        key: str,
        *,
        reasons: Iterable[str],
        priority: Priority = Priority.COMMIT,
        after: float = 0.0,
    ) -> None:
        """Ask for a key. May be called from any task of the loop."""
        self.queue.add(key, self.clock.monotonic(), reasons=reasons, priority=priority, after=after)
        self._wake.set()

    def discard(self, key: str) -> None:
        """Forget a key."""
        self.queue.discard(key)
        self._wake.set()

    def stop(self) -> None:
        """Start nothing more; `run` returns when the calls on their way are answered."""
        self.stopping = True
        self._wake.set()

    @property
    def busy(self) -> bool:
        """Whether anything runs or is ready now."""
        due = self.queue.next_time()
        return self._active > 0 or (due is not None and due <= self.clock.monotonic())

    async def run(self) -> None:
        """Work until `stop` or cancellation."""
        async with anyio.create_task_group() as group:
            while not self.stopping:
                self._wake = anyio.Event()
                while self._active < self.workers and not self.stopping:
                    work = self.queue.pop(self.clock.monotonic())
                    if work is None:
                        break
                    self._active += 1
                    group.start_soon(self._one, work)
                if not self.stopping:
                    await self._sleep()
            # What only looks, or waits for its turn at AWS, need not end; a call on its way is shielded.
            group.cancel_scope.cancel()

    async def _one(self, work: Work | None) -> None:
        """Work on a key, then on what is ready, until nothing is: a task for each key would cost more."""
        try:
            while work is not None:
                again: Again | None = None
                try:
                    again = await self.work(work)
                finally:
                    self.queue.done(work.key)
                    if again is not None:
                        self.add(
                            work.key, reasons=(again.reason,), priority=again.priority, after=again.after
                        )
                    if self._active < self.workers:
                        self._wake.set()  # done may have made more than one key ready
                await anyio.lowlevel.checkpoint()  # others get their turn, even when nothing had to wait
                work = None if self.stopping else self.queue.pop(self.clock.monotonic())
        finally:
            self._active -= 1
            self._wake.set()

    async def _sleep(self) -> None:
        """Until something was added or done, or the next key is due."""
        due = self.queue.next_time() if self._active < self.workers else None
        if due is None:
            await self._wake.wait()
            return
        delay = due - self.clock.monotonic()
        if delay <= 0:
            await anyio.lowlevel.checkpoint()
            return
        async with anyio.create_task_group() as group:

            async def alarm() -> None:
                await self.clock.sleep(delay)
                group.cancel_scope.cancel()

            group.start_soon(alarm)
            await self._wake.wait()
            group.cancel_scope.cancel()

"""A clock that tests own: nobody really sleeps, and time moves when a test says so."""

from __future__ import annotations

import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel

__all__ = ["ScaledClock", "VirtualClock", "settle"]


class VirtualClock:
    """Implements `apollo.clock.Clock`. With ``auto`` a sleep advances the time at once."""

    def __init__(self, auto: bool = False) -> None:
        self.time = 1000.0
        self.auto = auto
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._count = itertools.count()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        if self.auto:
            self.time += max(0.0, seconds)
            await anyio.lowlevel.checkpoint()
            return
        event = anyio.Event()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._count), event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking sleepers in their order and letting everybody run in between."""
        end = self.time + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, event = heapq.heappop(self._sleepers)
            self.time = max(self.time, due)
            event.set()
            await settle()
        self.time = end
        await settle()


async def settle(rounds: int = 30) -> None:
    """Let every task run until it waits."""
    for _ in range(rounds):
        await anyio.lowlevel.checkpoint()


class ScaledClock:
    """Real time, ``speed`` times as fast: for an operator beside a local AWS of the same speed."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / self.speed)

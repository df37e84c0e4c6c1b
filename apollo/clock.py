"""Time as a thing one is handed, so that tests own it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What Apollo needs to know of time. No decision is taken on the wall clock."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back. Every delay and deadline is measured with it."""
        ...

    def now(self) -> datetime:
        """The time of day in UTC, for people and records only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

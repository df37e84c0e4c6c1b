"""A clock that runs as fast as the local AWS's, so that a minute of ECS is two seconds of the reader's."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import anyio

__all__ = ["FastClock"]


class FastClock:
    """Time, ``speed`` times as fast. The time of day stays the reader's own: it is for people and records."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(0.0, seconds) / self.speed)

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from apollo.testing import LocalAws


class VirtualClock:
    """Time that moves only by hand, or, once `freely` is called, as far as the next sleeper."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._number = count()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        event = anyio.Event()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._number), event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass; everybody who wakes in between runs at the time they wanted to."""
        end = self.time + seconds
        await self._rest()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, event = heapq.heappop(self._sleepers)
            self.time = max(self.time, at)
            event.set()
            await self._rest()
        self.time = end

    @staticmethod
    async def _rest() -> None:
        for _ in range(12):
            await anyio.lowlevel.checkpoint()


class HastyClock(VirtualClock):
    """A clock whose sleepers wake at once, at the time they wanted: for tests over real HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hasty() -> HastyClock:
    return HastyClock()


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without any AWS configuration."""
    import os

    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


@pytest.fixture
def local(no_aws: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    with LocalAws() as aws:
        for name, value in aws.env().items():
            if name not in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
                no_aws.setenv(name, value)
        yield aws

"""A running operator that answers HTTP on loopback."""

from __future__ import annotations

import http.client
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from apollo import web
from apollo.operator import Operator
from apollo.web.server import bind
from tests.integration.world import World, local_world
from tests.virtual import ScaledClock

SPEED = 60.0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


class Site:
    """What an operator answers."""

    def __init__(self, operator: Operator, address: str) -> None:
        self.operator = operator
        self.address = address

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        def ask() -> tuple[int, str]:
            connection = http.client.HTTPConnection(self.address, timeout=10)
            try:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            finally:
                connection.close()

        return await to_thread.run_sync(ask)


@asynccontextmanager
async def serving(world: World, **options: Any) -> AsyncIterator[Site]:
    listening = bind("127.0.0.1:0")
    host, port = listening.getsockname()
    options.setdefault("clock", ScaledClock(SPEED))
    async with (
        world.operator(services=[web.serve(listening)], **options) as operator,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(operator.run)
        yield Site(operator, f"{host}:{port}")
        operator.stop()


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens outside of this loop
            await anyio.sleep(0.02)


def healthy(operator: Operator, key: str = "Service/web", environment: str = "stage") -> bool:
    status = operator.live().get(environment)
    rows = {str(row.key): (row.sync, row.health.status) for row in status.resources} if status else {}
    return rows.get(key) == ("Synced", "Healthy")

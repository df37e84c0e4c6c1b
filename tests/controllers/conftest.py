from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from apollo.aws import Aws
from apollo.testing import LocalAws
from tests.virtual import VirtualClock

from .pilot import Pilot


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAws]:
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def local(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The local AWS with a cluster, and nothing else that boto3 could reach."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.env(region="eu-west-1").items():
        monkeypatch.setenv(name, value)
    server.reset()
    ecs = server.client("ecs", region="eu-west-1")
    ecs.create_cluster(clusterName="green", capacityProviders=["FARGATE", "FARGATE_SPOT"])
    server.clear()
    return server


@pytest.fixture
async def pilot(local: LocalAws) -> AsyncIterator[Pilot]:
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        yield Pilot(local, aws)

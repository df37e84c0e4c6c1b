"""What ``apollo plugins new`` makes survives a crash at any call, as Apollo's own kinds do."""

from __future__ import annotations

import copyreg
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apollo.plugins.new import create
from tests.companions.conftest import lay_out
from tests.crash import Story, survives_every_crash
from tests.integration.world import World, local_world

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Where Python finds the project, laid out as pip does."""
    folder, site = tmp_path_factory.mktemp("new") / "crash-queue", tmp_path_factory.mktemp("site")
    create("crash-queue", folder, "0.1.0")
    lay_out(folder, site)
    return [str(site), str(folder / "src")]


@pytest.fixture
def world(path: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(sys, "path", [*path, *sys.path])
    # moto's queues hold locks: the copy of one that nobody holds is a new one.
    for cls, make in ((threading.Condition, threading.Condition), (type(threading.RLock()), threading.RLock)):
        monkeypatch.setitem(copyreg.dispatch_table, cls, lambda _, make=make: (make, ()))
    with local_world(tmp_path, monkeypatch) as made:
        yield made


def queue(name: str = "orders", spec: str = "{visibilityTimeout: 60}", lifecycle: str = "{}") -> str:
    return f"""
apiVersion: apollo/v1
kind: crash.Queue
metadata: {{name: {name}}}
lifecycle: {lifecycle}
spec: {spec}
"""


def queues(world: World) -> dict[str, Any]:
    """What is there, without times and the number of messages."""
    sqs = world.aws.client("sqs")
    found = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["VisibilityTimeout", "DelaySeconds"]
        )
        found[url.rsplit("/", 1)[-1]] = (
            attributes["Attributes"],
            sqs.list_queue_tags(QueueUrl=url).get("Tags", {}),
        )
    return found


def _made(world: World) -> None:
    world.write(
        {"web/orders.yaml": queue(lifecycle="{prune: confirm}"), "web/other.yaml": queue("other", "{}")}
    )


async def test_create(world: World) -> None:
    assert await survives_every_crash(world, Story(_made, beside=queues)) >= 4


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        text = queue(spec="{visibilityTimeout: 90, delaySeconds: 5, tags: {team: green}}")
        world.write({"web/orders.yaml": text})

    assert await survives_every_crash(world, Story(change, _made, beside=queues)) >= 4


async def test_delete(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/other.yaml": None})

    assert await survives_every_crash(world, Story(change, _made, {"prune": True}, beside=queues)) >= 2


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        world.aws.client("sqs").create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "5"})
        world.write({"web/orders.yaml": queue(lifecycle="{adopt: true}")})

    assert await survives_every_crash(world, Story(by_hand, beside=queues)) >= 3

"""Rollouts are told when they begin and how they end; once, with how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apollo.engine.events import Event
from tests.integration.test_operator import SPEED, healthy, running, until
from tests.integration.world import World, local_world, service, task_definition

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


def rollouts(events: list[Event]) -> list[tuple[str, str]]:
    return [(str(one.key), one.type) for one in events if one.type.startswith("Rollout")]


async def test_a_deployment_begins_and_ends_and_takes_its_time(world: World) -> None:
    sha = world.write({"web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: ("Service/web", "Synced") in [(str(one.key), one.type) for one in events])
        assert healthy(operator, "Service/web")
        assert rollouts(events) == [("Service/web", "RolloutStarted"), ("Service/web", "RolloutFinished")]
        finished = next(one for one in events if one.type == "RolloutFinished")
        assert finished.seconds > 1 and finished.commit == sha and finished.app == "web"
        types = [one.type for one in events if str(one.key) == "Service/web"]
        assert types.index("RolloutFinished") < types.index("Synced")
        operator.look()
        world.aws.client("ecs").update_service(cluster="green", service="web", desiredCount=2)
        await until(lambda: healthy(operator, "Service/web"))
    assert len(rollouts(events)) == 2, "looking again rolls nothing out"


async def test_a_rollback_is_the_end_of_a_rollout_and_the_next_image_begins_one(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        events.clear()
        world.write({"web/web.yaml": task_definition(image="web:crash-2") + "---" + service()})
        await until(lambda: ("Service/web", "RolloutFailed") in rollouts(events), 40)
        world.write({"web/web.yaml": task_definition(image="web:3") + "---" + service()})
        await until(lambda: ("Service/web", "RolloutFinished") in rollouts(events), 40)
    names = [name for _, name in rollouts(events)]
    assert names == ["RolloutStarted", "RolloutFailed", "RolloutStarted", "RolloutFinished"]
    assert events and next(one for one in events if one.type == "RolloutFailed").message


async def test_a_plain_apply_tells_them_too(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with world.operator(listen=events.append) as operator:
        await operator.apply(await operator.plan("stage"))
    assert [name for _, name in rollouts(events)] == ["RolloutStarted", "RolloutFinished"]
    async with world.operator(listen=events.append) as operator:
        await operator.apply(await operator.plan("stage"))
    assert len(rollouts(events)) == 2

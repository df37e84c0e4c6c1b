"""Killed at any call, before or after its effect: the same end state, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.errors import AwsError
from tests.crash import Story, never_at_zero, survives_every_crash
from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio


def _deployed(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})


async def test_create(world: World) -> None:
    await survives_every_crash(world, Story(_deployed, always=never_at_zero))


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service(count=3)})

    await survives_every_crash(world, Story(change, _deployed, always=never_at_zero))


async def test_delete(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/web.yaml": task_definition()})

    await survives_every_crash(world, Story(change, _deployed, {"prune": True}))


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        world.write(
            {"web/web.yaml": task_definition() + "---" + service(lifecycle="lifecycle: {adopt: true}")}
        )
        ecs = world.aws.client("ecs")
        arn = ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "app", "image": "web:0"}],
        )["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(
            cluster="green",
            serviceName="web",
            taskDefinition=arn,
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}},
        )
        world.aws.settle()

    await survives_every_crash(world, Story(by_hand, always=never_at_zero))


async def test_replace(world: World) -> None:
    def change(world: World) -> None:
        world.aws.container_instances("green", 2)
        allowed = service(lifecycle="lifecycle: {replace: allow}").replace("FARGATE", "EC2")
        world.write({"web/web.yaml": task_definition() + "---" + allowed})

    await survives_every_crash(world, Story(change, _deployed))


async def test_a_rollback(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/web.yaml": task_definition(image="web:crash") + "---" + service()})

    await survives_every_crash(world, Story(change, _deployed, exit_code=5, always=never_at_zero))


async def test_a_moment_without_tasks_does_not_go_unnoticed(world: World) -> None:
    """What is told of services that are never at zero is worth something."""

    def change(world: World) -> None:
        world.write({"web/web.yaml": task_definition() + "---" + service(count=0)})

    with pytest.raises(AssertionError, match="web is to have 0 tasks"):
        await survives_every_crash(world, Story(change, _deployed, always=never_at_zero))


async def test_a_second_creation_does_not_go_unnoticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who does not look again after an answer was lost, but sends the call once more."""
    from apollo.engine.act import Actor

    original = Actor._send

    async def twice(self: Actor, *args: Any) -> Any:
        try:
            return await original(self, *args)
        except AwsError as error:
            if error.category != "lost-answer":
                raise
            return await original(self, *args)

    monkeypatch.setattr(Actor, "_send", twice)
    with pytest.raises(AssertionError, match="answer 0 lost: ecs:RegisterTaskDefinition"):
        await survives_every_crash(world, Story(_deployed))

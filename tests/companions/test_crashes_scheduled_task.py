"""A scheduled task, killed at any call: the same end state, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.companions.test_log_group import found as log_groups
from tests.companions.test_log_group import log_group
from tests.companions.test_scheduled_task import LOGS, ROLE, found, scheduled
from tests.crash import Story, survives_every_crash
from tests.integration.world import ACCOUNT, World, task_definition

pytestmark = pytest.mark.anyio


def _state(world: World) -> Any:
    return found(world), log_groups(world)


def _files(image: str = "web:1", **more: Any) -> str:
    task = task_definition(image=image, executionRoleArn=ROLE) + LOGS
    return "---".join([task, log_group(spec="{retentionInDays: 30}"), scheduled(**more)])


def _made(world: World) -> None:
    world.write({"web/web.yaml": _files(lifecycle="{prune: confirm}")})


async def test_create(world: World) -> None:
    assert await survives_every_crash(world, Story(_made, beside=_state)) >= 8


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/web.yaml": _files("web:2", tags="{cost: 42}")})

    assert await survives_every_crash(world, Story(change, _made, beside=_state)) >= 6


async def test_another_name(world: World) -> None:
    def change(world: World) -> None:
        renamed = _files(lifecycle="{replace: allow}").replace("spec:\n  sch", "spec:\n  name: night\n  sch")
        world.write({"web/web.yaml": renamed})

    assert await survives_every_crash(world, Story(change, _made, beside=_state)) >= 4


async def test_delete(world: World) -> None:
    def before(world: World) -> None:
        world.write({"web/web.yaml": _files()})

    def change(world: World) -> None:
        world.write({"web/web.yaml": task_definition()})

    world.configure("{maxPrune: 100%}")
    assert await survives_every_crash(world, Story(change, before, {"prune": True}, beside=_state)) >= 6


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        client = world.aws.client("scheduler")
        client.create_schedule_group(Name="batch", Tags=[{"Key": "team", "Value": "red"}])
        task = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:7"
        client.create_schedule(
            Name="web",
            GroupName="batch",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/green",
                "RoleArn": ROLE,
                "EcsParameters": {"TaskDefinitionArn": task},
            },
        )
        world.write({"web/web.yaml": _files(groupName="batch", lifecycle="{adopt: true}")})

    assert await survives_every_crash(world, Story(by_hand, beside=_state)) >= 6

"""A log group, killed at any call: the same end state, and nothing twice."""

from __future__ import annotations

import pytest

from tests.companions.test_log_group import found, log_group
from tests.crash import Story, survives_every_crash
from tests.integration.world import World

pytestmark = pytest.mark.anyio

SPEC = "{retentionInDays: 30, tags: {team: green}}"


def _made(world: World) -> None:
    world.write(
        {"web/log.yaml": log_group(spec=SPEC, lifecycle="{prune: confirm}"), "a/b.yaml": log_group("b")}
    )


async def test_create(world: World) -> None:
    assert await survives_every_crash(world, Story(_made, beside=found)) >= 6


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        world.write({"web/log.yaml": log_group(spec="{tags: {team: red}}")})

    assert await survives_every_crash(world, Story(change, _made, beside=found)) >= 6


async def test_delete(world: World) -> None:
    def change(world: World) -> None:
        world.write({"a/b.yaml": None})

    assert await survives_every_crash(world, Story(change, _made, {"prune": True}, beside=found)) >= 2


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        world.aws.client("logs").create_log_group(logGroupName="web", tags={"team": "red"})
        world.write({"web/log.yaml": log_group(spec=SPEC, lifecycle="{adopt: true}")})

    assert await survives_every_crash(world, Story(by_hand, beside=found)) >= 4


async def test_another_class(world: World) -> None:
    def change(world: World) -> None:
        spec = "{retentionInDays: 30, logGroupClass: INFREQUENT_ACCESS}"
        world.write({"web/log.yaml": log_group(spec=spec, lifecycle="{replace: allow}")})

    assert await survives_every_crash(world, Story(change, _made, beside=found)) >= 6

"""A cluster, killed at any call: the same end state, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.companions.test_target_group_and_cluster import CLUSTER, ONE, cluster
from tests.crash import Story, survives_every_crash
from tests.integration.world import ACCOUNT, World, service, task_definition

pytestmark = pytest.mark.anyio


def _made(world: World) -> None:
    world.write({"base/base.yaml": CLUSTER, "other/a.yaml": ONE})


def _found(world: World) -> Any:
    return cluster(world)


async def test_create(world: World) -> None:
    """With a service in it: nothing of it is known before the cluster is there."""

    def both(world: World) -> None:
        web = service(cluster='"${{ Cluster/blue.name }}"')
        world.write({"base/base.yaml": CLUSTER, "web/web.yaml": task_definition() + "---" + web})

    assert await survives_every_crash(world, Story(both, beside=_found)) >= 7


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        changed = CLUSTER.replace("enabled", "enhanced").replace("[FARGATE, FARGATE_SPOT]", "[FARGATE]")
        world.write({"base/base.yaml": changed + "  tags: [{key: team, value: green}]\n"})

    assert await survives_every_crash(world, Story(change, _made, beside=_found)) >= 7


async def test_delete(world: World) -> None:
    def change(world: World) -> None:
        world.write({"base/base.yaml": None})

    assert await survives_every_crash(world, Story(change, _made, {"prune": True}, beside=_found)) >= 2


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        world.aws.client("ecs", account=ACCOUNT).create_cluster(clusterName="blue")
        adopting = CLUSTER.replace("spec:", "lifecycle: {adopt: true}\nspec:", 1)
        world.write({"base/base.yaml": adopting})

    assert await survives_every_crash(world, Story(by_hand, beside=_found)) >= 6

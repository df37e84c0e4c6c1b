"""A target group, killed at any call: the same end state, and nothing twice."""

from __future__ import annotations

import pytest

from tests.companions.test_target_group_and_cluster import listener, rule, target_group
from tests.crash import Story, survives_every_crash
from tests.integration.world import ACCOUNT, World

pytestmark = pytest.mark.anyio

ATTRIBUTES = "[{key: stickiness.enabled, value: true}, {key: slow_start.duration_seconds, value: 60}]"


def _made(world: World) -> None:
    web = target_group("web", "lifecycle: {prune: confirm}", attributes=ATTRIBUTES)
    world.write({"web/web.yaml": web, "a/b.yaml": target_group("b")})


def _behind_a_rule(world: World) -> None:
    at = listener(world)
    world.write({"web/web.yaml": target_group(), "web/rule.yaml": rule(at), "a/b.yaml": target_group("b")})


async def test_create(world: World) -> None:
    assert await survives_every_crash(world, Story(_made)) >= 7


async def test_update(world: World) -> None:
    def change(world: World) -> None:
        other = ATTRIBUTES.replace("60", "90")
        more = {"healthCheckPath": "/live", "tags": "[{key: team, value: green}]", "attributes": other}
        world.write({"web/web.yaml": target_group("web", **more)})

    assert await survives_every_crash(world, Story(change, _made)) >= 7


async def test_delete(world: World) -> None:
    def change(world: World) -> None:
        world.configure(sync="{maxPrune: 100%}")
        world.write({"web/web.yaml": None, "web/rule.yaml": None})

    assert await survives_every_crash(world, Story(change, _behind_a_rule, {"prune": True})) >= 4


async def test_adopt(world: World) -> None:
    def by_hand(world: World) -> None:
        elb = world.aws.client("elbv2", account=ACCOUNT)
        elb.create_target_group(Name="web", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip")
        adopting = target_group(
            "web", "lifecycle: {adopt: true}", healthCheckPath="/live", attributes=ATTRIBUTES
        )
        world.write({"web/web.yaml": adopting})

    assert await survives_every_crash(world, Story(by_hand)) >= 6


async def test_replace(world: World) -> None:
    def change(world: World) -> None:
        anew = target_group("web", "lifecycle: {replace: allow}", port=9090, attributes=ATTRIBUTES)
        world.write({"web/web.yaml": anew})

    assert await survives_every_crash(world, Story(change, _made)) >= 6


async def test_another_name(world: World) -> None:
    """The rule moves over to the new one, and the old one goes."""

    def change(world: World) -> None:
        world.write({"web/web.yaml": target_group("web", name="web-2", port=9090)})

    assert await survives_every_crash(world, Story(change, _behind_a_rule, {"prune": True})) >= 6

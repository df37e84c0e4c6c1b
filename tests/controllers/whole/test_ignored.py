"""``lifecycle.ignore`` in each kind: told in the plan with its reason, and left as it is by what is sent."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Shop

pytestmark = pytest.mark.anyio

IMAGE = "/containerDefinitions/app/image"
MOST = "/deploymentConfiguration/maximumPercent"
PATHS = "/conditions/path-pattern/pathPatternConfig/values"


def ignoring(*paths: str) -> dict[str, list[str]]:
    return {"ignore": list(paths)}


def told(plan: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Path and reason by kind."""
    return {kind: item["ignored"] for kind, item in plan.items()}


async def ignored_everywhere(shop: Shop) -> None:
    """AWS has moved in each kind, and git leaves all of that alone."""
    await shop.apply()
    shop.move_by_hand()
    container = shop.documents["TaskDefinition"]["spec"]["containerDefinitions"][0]
    shop.set("TaskDefinition", ignoring(IMAGE), containerDefinitions=[{**container, "image": "web:2"}])
    shop.set("Service", ignoring(MOST))
    shop.set("ListenerRule", ignoring(PATHS))
    shop.set("ScalingPolicy", ignoring("/maxCapacity"))
    shop.commit()


async def test_every_ignored_difference_is_listed_with_its_reason(shop: Shop) -> None:
    await ignored_everywhere(shop)
    plan = await shop.plan()
    assert {kind: item["action"] for kind, item in plan.items()} == dict.fromkeys(plan, "none")
    why = "lifecycle.ignore"
    assert told(plan) == {
        "TaskDefinition": {(IMAGE, why)},
        "Service": {(MOST, why)},
        "ListenerRule": {(PATHS, why)},
        "ScalingPolicy": {("/maxCapacity", why)},
    }
    assert shop.world.calls() == []


async def test_what_is_sent_leaves_what_is_ignored_as_it_is(shop: Shop) -> None:
    await ignored_everywhere(shop)
    shop.set("TaskDefinition", cpu=512, memory=1024)
    shop.set("Service", deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 50})
    host = {"field": "host-header", "hostHeaderConfig": {"values": ["example.com"]}}
    shop.set("ListenerRule", conditions=[*shop.documents["ListenerRule"]["spec"]["conditions"], host])
    shop.set("ScalingPolicy", minCapacity=2)
    await shop.apply()
    live = shop.service()
    running = shop.client("ecs").describe_task_definition(taskDefinition=live["taskDefinition"])
    definition = running["taskDefinition"]
    assert (definition["cpu"], definition["containerDefinitions"][0]["image"]) == ("512", "web:1")
    percent = live["deploymentConfiguration"]
    assert (percent["maximumPercent"], percent["minimumHealthyPercent"]) == (150, 50)
    fields = {one["Field"]: one for one in shop.rule()["Conditions"]}
    assert fields.keys() == {"path-pattern", "host-header"}
    assert fields["path-pattern"]["PathPatternConfig"]["Values"] == ["/y"]
    assert (shop.target()["MinCapacity"], shop.target()["MaxCapacity"]) == (2, 9)
    plan = await shop.plan()
    assert {item["action"] for item in plan.values()} == {"none"}


async def test_what_is_equal_is_not_listed(shop: Shop) -> None:
    shop.set("TaskDefinition", ignoring(IMAGE, "/tags"), tags=[{"key": "team", "value": "green"}])
    shop.set("Service", ignoring(MOST, "/desiredCount", "/tags"), tags=[{"key": "team", "value": "green"}])
    shop.set("ListenerRule", ignoring(PATHS, "/priority", "/tags"), tags=[{"key": "team", "value": "green"}])
    shop.set("ScalingPolicy", ignoring("/maxCapacity", "/tags"), tags={"team": "green"})
    await shop.apply()
    assert told(await shop.plan()) == {kind: set() for kind in shop.documents}


async def test_tags_that_are_left_alone_are_listed(shop: Shop) -> None:
    await shop.apply()
    pairs = [{"key": "team", "value": "green"}]
    for kind in shop.documents:
        tags: Any = pairs if kind != "ScalingPolicy" else {"team": "green"}
        shop.set(kind, ignoring("/tags/team"), tags=tags)
    shop.commit()
    plan = await shop.plan()
    assert told(plan) == {kind: {("/tags/team", "lifecycle.ignore")} for kind in shop.documents}
    assert {item["action"] for item in plan.values()} == {"none"}


async def test_the_priority_that_is_left_alone_is_listed(shop: Shop) -> None:
    await shop.apply()
    shop.set("ListenerRule", ignoring("/priority"), priority=20)
    shop.commit()
    plan = await shop.plan()
    assert told(plan)["ListenerRule"] == {("/priority", "lifecycle.ignore")}
    assert plan["ListenerRule"]["action"] == "none"


async def test_the_count_belongs_to_whoever_scales_the_service(shop: Shop) -> None:
    await shop.apply()
    shop.client("ecs").update_service(cluster="green", service="web", desiredCount=3)
    plan = await shop.plan()
    assert told(plan)["Service"] == {("/desiredCount", "owned by ScalingPolicy/web")}
    assert plan["Service"]["action"] == "none"

"""AWS's rate is the scarce resource: how many calls a look at everything takes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio


async def test_fifty_services_are_found_unchanged_by_ten_calls_of_a_fresh_process(world: World) -> None:
    files = {
        f"app{number % 5}/s{number}.yaml": task_definition(f"s{number}", image=f"img:{number}")
        + "---"
        + service(f"s{number}")
        for number in range(50)
    }
    world.write(files)
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    world.forget()
    plan = await world.plan()
    assert plan.summary()["unchanged"] == 100
    calls = Counter(request.operation for request in world.aws.requests)
    assert calls == {
        "GetCallerIdentity": 1,
        "ListServices": 1,
        "DescribeServices": 5,
        "GetResources": 3,
    }


async def test_tags_are_an_index_and_never_the_judge(world: World) -> None:
    """A revision that somebody copied, tags and all, with another content: what is written on the strength of
    it is decided by content."""
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    ecs = world.aws.client("ecs")
    answer = ecs.describe_task_definition(taskDefinition="web:1", include=["TAGS"])
    ecs.register_task_definition(
        family="web",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "evil:1"}],
        tags=answer["tags"],
    )
    ecs.deregister_task_definition(taskDefinition="web:1")
    world.aws.clear()
    world.forget()
    result = await world.apply()
    assert result.exit_code == 0
    running = world.services()["web"]["taskDefinition"]
    content = ecs.describe_task_definition(taskDefinition=running)["taskDefinition"]
    assert content["containerDefinitions"][0]["image"] == "web:1"
    assert "evil" not in str(world.aws.mutations())


async def test_a_role_without_the_tagging_api_sees_the_same(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied")
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 0
    assert world.calls() == []


async def test_an_index_that_lags_registers_nothing_twice(world: World) -> None:
    world.aws.world.timings = world.aws.world.timings.__class__(tagging_lag=3600.0)
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.clear()
    for _ in range(2):
        assert (await world.apply()).exit_code == 0
    assert world.calls() == []

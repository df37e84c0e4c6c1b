"""What is ours where no manifest looks any more: a service whose cluster left git with it is found by the
index of tags."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio


def _in(cluster: str, name: str) -> str:
    return service(name, cluster=cluster, taskDefinition="web")


async def _deployed(world: World) -> None:
    world.aws.client("ecs").create_cluster(clusterName="blue")
    world.write(
        {"web/web.yaml": task_definition() + "---" + service(), "shop/shop.yaml": _in("blue", "shop")}
    )
    assert (await world.apply()).exit_code == 0
    world.write({"shop/shop.yaml": None})
    world.aws.clear()


def _names(world: World, cluster: str) -> list[str]:
    arns = world.aws.client("ecs").list_services(cluster=cluster)["serviceArns"]
    return [arn.rsplit("/", 1)[-1] for arn in arns]


async def test_a_service_in_a_cluster_that_no_manifest_names_any_more_is_told_and_pruned(
    world: World,
) -> None:
    await _deployed(world)
    plan = await world.plan()
    assert {str(item.key): item.action for item in plan if item.absent} == {"Service/shop": "delete"}
    assert (await world.apply()).exit_code == 0
    assert world.calls() == [] and _names(world, "blue") == ["shop"]
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteService"]
    assert _names(world, "blue") == [] and _names(world, "green") == ["web"]
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == []


async def test_a_service_that_moves_out_of_the_only_cluster_named_is_moved_whole(world: World) -> None:
    await _deployed(world)
    world.write({"shop/shop.yaml": service("shop", taskDefinition="web")})
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["CreateService", "DeleteService"]
    assert _names(world, "blue") == [] and sorted(_names(world, "green")) == ["shop", "web"]


async def test_without_the_index_it_is_left_alone_and_the_rest_goes_on(world: World) -> None:
    await _deployed(world)
    world.write({"web/web.yaml": task_definition() + "---" + service(count=3)})
    world.aws.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied")
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["UpdateService"]
    assert _names(world, "blue") == ["shop"]


async def test_somebody_elses_services_are_not_looked_at(world: World) -> None:
    """Another environment's, and ones without a tag: their clusters are not even listed."""
    ecs = world.aws.client("ecs")
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    for cluster, owner in (("red", "apollo/prod/Service/web"), ("grey", "")):
        ecs.create_cluster(clusterName=cluster)
        tags = [{"key": "apollo:owner", "value": owner}] if owner else []
        ecs.create_service(
            cluster=cluster,
            serviceName="web",
            taskDefinition="web",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
            tags=tags,
        )
    world.aws.clear()
    assert not (await world.plan(prune=True)).steps
    asked = [one.params["cluster"] for one in world.aws.requests if one.operation == "ListServices"]
    assert asked == ["green"]
    calls = Counter(one.operation for one in world.aws.requests)
    assert calls["GetResources"] == 2  # revisions by their content; and all else of ours, in one listing

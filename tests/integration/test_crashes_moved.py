"""Killed at any call while something moves: to another name in AWS under its key, to another key under its
name (``adopt: {from: …}``), out of git, or out of somebody's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.crash import Story, never_at_zero, survives_every_crash
from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio

PRUNE = {"prune": True}


def scaling(of: str = "web", name: str = "web", lifecycle: str = "") -> str:
    return f"""
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: {name}}}
{lifecycle}
spec:
  service: {of}
  minCapacity: 2
  maxCapacity: 10
  policies:
    - name: cpu
      targetTrackingScalingPolicyConfiguration:
        targetValue: 60
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverageCPUUtilization}}
"""


def taken(kind: str, name: str = "web") -> str:
    return f"lifecycle: {{adopt: {{from: apollo/stage/{kind}/{name}}}}}"


def writes(*documents: str) -> Callable[[World], Any]:
    return lambda world: world.write({"web/web.yaml": "---".join(documents)})


def in_family(family: str, name: str = "web", lifecycle: str = "") -> str:
    text = task_definition(name, family=family)
    return text.replace("spec:", f"{lifecycle}\nspec:", 1)


# ── services ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_gets_another_name_in_aws(world: World) -> None:
    change = writes(task_definition(), service(serviceName="shop"))
    await survives_every_crash(
        world, Story(change, writes(task_definition(), service()), PRUNE, always=never_at_zero)
    )
    services = world.services()
    assert list(services) == ["shop"] and services["shop"]["runningCount"] == 2


async def test_a_service_goes_to_another_cluster(world: World) -> None:
    def before(world: World) -> None:
        world.aws.client("ecs").create_cluster(clusterName="blue")
        world.write({"web/web.yaml": task_definition() + "---" + service()})

    change = writes(task_definition(), service(cluster="blue"))
    await survives_every_crash(world, Story(change, before, PRUNE, always=never_at_zero))
    assert world.services() == {}
    assert world.aws.client("ecs").list_services(cluster="blue")["serviceArns"]


async def test_a_service_gets_another_key(world: World) -> None:
    """By tagging alone: no task is started or stopped."""
    change = writes(
        task_definition(),
        service("shop", lifecycle=taken("Service"), serviceName="web", taskDefinition="web"),
    )
    await survives_every_crash(
        world, Story(change, writes(task_definition(), service()), PRUNE, always=never_at_zero)
    )
    (only,) = world.services().values()
    assert {"key": "apollo:owner", "value": "apollo/stage/Service/shop"} in only["tags"]
    assert len(only["deployments"]) == 1


# ── scaling ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_scaling_moves_to_another_service(world: World) -> None:
    both = (task_definition(), service(), service("shop", taskDefinition="web"))
    await survives_every_crash(
        world,
        Story(writes(*both, scaling("shop")), writes(*both, scaling()), PRUNE, always=never_at_zero),
    )
    found = world.aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    assert [one["ResourceId"] for one in found["ScalableTargets"]] == ["service/green/shop"]


async def test_scaling_gets_another_key(world: World) -> None:
    both = (task_definition(), service())
    change = writes(*both, scaling(name="shop", lifecycle=taken("ScalingPolicy")))
    await survives_every_crash(world, Story(change, writes(*both, scaling()), PRUNE, always=never_at_zero))


async def test_a_service_and_its_scaling_get_other_names_together(world: World) -> None:
    before = (task_definition(), service(), scaling())
    change = writes(
        task_definition(),
        service("shop", lifecycle=taken("Service"), serviceName="web", taskDefinition="web"),
        scaling("shop", "shop", taken("ScalingPolicy")),
    )
    await survives_every_crash(world, Story(change, writes(*before), PRUNE, always=never_at_zero))


async def test_a_service_and_its_scaling_leave_together(world: World) -> None:
    before = (task_definition(), service(), scaling())
    await survives_every_crash(world, Story(writes(task_definition()), writes(*before), PRUNE))
    assert world.services() == {}


# ── task definitions ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_task_definition_goes_to_another_family(world: World) -> None:
    await survives_every_crash(
        world,
        Story(
            writes(in_family("shop"), service()),
            writes(task_definition(), service()),
            PRUNE,
            always=never_at_zero,
        ),
    )
    assert ":task-definition/shop:" in world.services()["web"]["taskDefinition"]


async def test_a_task_definition_gets_another_key(world: World) -> None:
    """Its revisions are taken over by tagging: nothing is registered, and no task restarts."""
    change = writes(in_family("web", "shop", taken("TaskDefinition")), service(taskDefinition="shop"))
    await survives_every_crash(
        world, Story(change, writes(task_definition(), service()), PRUNE, always=never_at_zero)
    )
    assert len(world.aws.client("ecs").list_task_definitions()["taskDefinitionArns"]) == 1
    assert len(world.services()["web"]["deployments"]) == 1


async def test_a_task_definition_made_by_hand_is_adopted(world: World) -> None:
    def change(world: World) -> None:
        world.aws.client("ecs").register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[
                {
                    "name": "app",
                    "image": "web:1",
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                }
            ],
        )
        world.write({"web/web.yaml": in_family("web", lifecycle="lifecycle: {adopt: true}")})

    await survives_every_crash(world, Story(change))
    assert len(world.aws.client("ecs").list_task_definitions()["taskDefinitionArns"]) == 1


async def test_a_task_definition_leaves_with_its_service(world: World) -> None:
    """Its revisions stay: going back finds them."""

    def before(world: World) -> None:
        world.write(
            {"web/web.yaml": task_definition() + "---" + service(), "shop/shop.yaml": task_definition("shop")}
        )

    await survives_every_crash(world, Story(lambda world: world.write({"web/web.yaml": None}), before, PRUNE))
    assert world.services() == {}
    assert len(world.aws.client("ecs").list_task_definitions()["taskDefinitionArns"]) == 2

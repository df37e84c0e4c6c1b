"""A scaled service from git to AWS: the load moves its count, and Apollo leaves it alone."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import OWNER_TAG, Key
from tests.crash import Story, never_at_zero, survives_every_crash
from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio

DIMENSION = "ecs:service:DesiredCount"
WHERE = {"ServiceNamespace": "ecs", "ResourceId": "service/green/web", "ScalableDimension": DIMENSION}
KEY = Key("ScalingPolicy", "stage", "web")
COUNT = ("Service/web", "/desiredCount")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def scaling(least: int = 2, most: int = 10, target: int = 60, name: str = "cpu", lifecycle: str = "") -> str:
    return f"""
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: web}}
{lifecycle}
spec:
  service: web
  minCapacity: {least}
  maxCapacity: {most}
  policies:
    - name: {name}
      policyType: TargetTrackingScaling
      targetTrackingScalingPolicyConfiguration:
        targetValue: {target}
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverageCPUUtilization}}
"""


def write(world: World, *documents: str, count: int = 2, image: str = "web:1") -> None:
    parts = (task_definition(image=image), service(count=count), *documents)
    world.write({"web/web.yaml": "---".join(parts)})


def hand(world: World) -> Any:
    return world.aws.client("application-autoscaling")


def targets(world: World) -> list[dict[str, Any]]:
    return list(hand(world).describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"])


def policies(world: World) -> set[str]:
    found = hand(world).describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    return {policy["PolicyName"] for policy in found}


def desired(world: World) -> int:
    return int(world.services()["web"]["desiredCount"])


async def done(world: World, **options: Any) -> list[str]:
    """Apply; the mutating calls of it. One more pass makes none."""
    world.aws.clear()
    result = await world.apply(**options)
    assert result.exit_code == 0, result.outcomes
    calls = world.calls()
    world.aws.settle()
    world.aws.clear()
    again = await world.plan()
    assert not again.steps or options, [step.call for step in again.steps]
    return calls


async def told(world: World) -> dict[tuple[str, str], str]:
    """What the plan leaves alone, and why; nothing else differs."""
    plan = await world.plan()
    assert plan.steps == () and not plan.failed, plan.to_dict()
    return {(str(item.key), one.path): one.why for item in plan for one in item.ignored}


async def test_service_and_scaling_come_in_order_and_the_load_then_moves_the_count(world: World) -> None:
    write(world, scaling(least=3))
    calls = await done(world)
    assert calls == ["RegisterTaskDefinition", "CreateService", "RegisterScalableTarget", "PutScalingPolicy"]
    assert desired(world) == 3, "created as its scaling wants it, so that nothing moves at once"
    (target,) = targets(world)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (3, 10)
    world.aws.load_rises("web", 7, cluster="green")
    world.aws.settle()
    assert await told(world) == {COUNT: "owned by ScalingPolicy/web"}
    write(world, scaling(least=3), image="web:2")
    assert await done(world) == ["RegisterTaskDefinition", "UpdateService"]
    assert desired(world) == 7, "a deployment keeps the count"


async def test_raising_the_minimum_tells_how_many_tasks_start(world: World) -> None:
    write(world, scaling())
    await done(world)
    write(world, scaling(least=5))
    plan = await world.plan()
    (item,) = [item for item in plan if item.steps]
    assert (str(item.key), item.action) == ("ScalingPolicy/web", "update")
    assert item.why == "minCapacity 2 → 5: 3 tasks start at once"
    assert await done(world) == ["RegisterScalableTarget"]
    assert desired(world) == 5


async def test_lowering_the_maximum_tells_how_many_tasks_stop(world: World) -> None:
    write(world, scaling())
    await done(world)
    world.aws.load_rises("web", 9, cluster="green")
    world.aws.settle()
    write(world, scaling(most=6))
    (item,) = [item for item in await world.plan() if item.steps]
    assert item.disruptive and "3 tasks stop at once" in item.why
    await done(world)
    assert desired(world) == 6


async def test_removing_the_scaling_hands_the_count_back(world: World) -> None:
    write(world, scaling())
    await done(world)
    world.aws.load_rises("web", 7, cluster="green")
    world.aws.settle()
    write(world)
    assert await told(world) == {COUNT: "owned by ScalingPolicy/web"}, (
        "kept without prune, and so is the count"
    )
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeregisterScalableTarget"]
    assert targets(world) == [] and policies(world) == set()
    assert desired(world) == 7, "at the count that the load asked for"
    assert await done(world) == ["UpdateService"], "and from here on git's count rules"
    assert desired(world) == 2


async def test_removing_the_scaling_with_a_change_of_the_service_does_what_was_announced(
    world: World,
) -> None:
    write(world, scaling())
    await done(world)
    world.aws.load_rises("web", 7, cluster="green")
    world.aws.settle()
    write(world, image="web:2")
    world.aws.clear()
    result = await world.apply(prune=True)
    assert world.calls() == ["RegisterTaskDefinition", "UpdateService", "DeregisterScalableTarget"]
    assert result.exit_code == 0
    (said,) = [one.message for one in result.outcomes if one.key.kind == "Service"]
    assert "/desiredCount is git's again" in said
    assert desired(world) == 7
    assert await done(world) == ["UpdateService"]
    assert desired(world) == 2


async def test_service_and_scaling_leave_together_the_scaling_first(world: World) -> None:
    write(world, scaling())
    await done(world)
    world.write({"web/web.yaml": task_definition()})
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeregisterScalableTarget", "DeleteService"]


async def test_a_policy_made_by_hand_is_told_and_goes_under_prune_only(world: World) -> None:
    write(world, scaling())
    await done(world)
    config = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
    }
    hand(world).put_scaling_policy(
        **WHERE,
        PolicyName="memory",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=config,
    )
    assert await told(world) == {
        ("ScalingPolicy/web", "/policies/memory"): "not in git, and kept: sync.prune is off"
    }
    write(world, scaling(target=70))
    assert await done(world) == ["PutScalingPolicy"], "the rest is not held up"
    assert policies(world) == {"cpu", "memory"}
    assert await done(world, prune=True) == ["DeleteScalingPolicy"]
    assert policies(world) == {"cpu"}


async def test_a_renamed_policy_makes_room_for_itself(world: World) -> None:
    write(world, scaling())
    await done(world)
    write(world, scaling(name="processor"))
    assert await done(world) == ["DeleteScalingPolicy", "PutScalingPolicy"]
    assert policies(world) == {"processor"}


async def test_a_scaling_of_a_dozen_parts_is_one_apply_and_so_is_their_end(world: World) -> None:
    night = "    - {{name: n{}, schedule: rate({} hours), scalableTargetAction: {{minCapacity: 3}}}}\n"
    parts = "".join(night.format(number, number + 2) for number in range(12))
    write(world, f"{scaling()}  scheduledActions:\n{parts}")
    assert (await done(world)).count("PutScheduledAction") == 12
    write(world, scaling(name="processor"))
    plan = await world.plan(prune=True)
    assert plan.summary()["update"] == 1 and plan.summary()["delete"] == 0, "what git holds stays"
    renamed = ["DeleteScalingPolicy", "PutScalingPolicy"]
    assert await done(world) == [*renamed, "UntagResource"], "the actions wait for prune"
    assert (await done(world, prune=True)).count("DeleteScheduledAction") == 12


async def test_what_was_scaled_by_hand_is_refused_until_it_is_adopted(world: World) -> None:
    write(world)
    await done(world)
    hand(world).register_scalable_target(**WHERE, MinCapacity=2, MaxCapacity=10)
    hand(world).put_scaling_policy(
        **WHERE,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    world.aws.load_rises("web", 6, cluster="green")
    world.aws.settle()
    assert await told(world) == {COUNT: "owned by a scalable target that is not Apollo's"}
    write(world, scaling())
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 3 and world.calls() == []
    (finding,) = result.plan.findings
    assert (finding.key, finding.reason) == (KEY, "Conflict") and "lifecycle.adopt" in finding.hint
    write(world, scaling(lifecycle="lifecycle: {adopt: true}"))
    assert await done(world) == ["TagResource"]
    assert desired(world) == 6


async def test_the_target_of_another_owner_is_a_conflict_that_names_it(world: World) -> None:
    write(world)
    await done(world)
    tags = {OWNER_TAG: "apollo/prod/ScalingPolicy/web"}
    hand(world).register_scalable_target(**WHERE, MinCapacity=1, MaxCapacity=4, Tags=tags)
    write(world, scaling())
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 3 and world.calls() == []
    (finding,) = result.plan.findings
    assert finding.reason == "Conflict" and "apollo/prod/ScalingPolicy/web" in finding.message


async def test_a_target_that_somebody_deletes_comes_back_and_takes_no_tasks_away(world: World) -> None:
    write(world, scaling())
    await done(world)
    world.aws.load_rises("web", 8, cluster="green")
    world.aws.settle()
    hand(world).deregister_scalable_target(**WHERE)
    assert await done(world) == ["RegisterScalableTarget", "PutScalingPolicy"]
    assert desired(world) == 8


def one(number: int) -> str:
    documents = (task_definition(), service(), scaling())
    return "---".join(documents).replace("web", f"web-{number}")


async def test_a_check_of_many_costs_a_few_calls_whatever_the_load_has_moved(world: World) -> None:
    world.write({f"web-{number}/web.yaml": one(number) for number in range(12)})
    await done(world)
    world.aws.load_rises("web-3", 7, cluster="green")
    world.aws.settle()
    assert await told(world) == {("Service/web-3", "/desiredCount"): "owned by ScalingPolicy/web-3"}
    world.aws.clear()
    assert not (await world.plan()).steps
    counts = {name: n for name, n in world.aws.counts().items() if "autoscaling" in name}
    assert counts == {
        "application-autoscaling:DescribeScalableTargets": 1,
        "application-autoscaling:DescribeScalingPolicies": 2,  # ten in a page
        "application-autoscaling:DescribeScheduledActions": 1,
    }


async def test_scaling_of_a_service_yet_to_come_is_allowed_where_the_service_is(world: World) -> None:
    world.configure(more="  allow: {clusters: [green]}\n")
    write(world, scaling())
    await done(world)
    assert len(targets(world)) == 1


# ── killed anywhere ──────────────────────────────────────────────────────────────────────────────────────


async def test_create_survives_every_crash(world: World) -> None:
    await survives_every_crash(world, Story(lambda w: write(w, scaling(least=3)), always=never_at_zero))

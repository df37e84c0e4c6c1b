"""desiredCount is the manifest's until somebody scales the service; then it is left alone, and said so."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from apollo.api import Ignored, Lifecycle, Resource, Transient
from apollo.resources.scaling_policy import ScalingPolicySpec
from tests.controllers.fake import FakeContext
from tests.controllers.pilot import SERVICES, Pilot, changed, deployed, resource, service, task

pytestmark = pytest.mark.anyio

WHERE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/green/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
COUNT = "/desiredCount"


def scaled(want: Resource[Any], least: int = 3, most: int = 9) -> Resource[Any]:
    """The service as the engine hands it over when git holds a ScalingPolicy for it."""
    spec = ScalingPolicySpec(service="web", minCapacity=least, maxCapacity=most)
    user = evolve(want, key=evolve(want.key, kind="ScalingPolicy"), spec=spec)
    return evolve(want, users=(user,))


def autoscaling(pilot: Pilot) -> Any:
    return pilot.local.client("application-autoscaling", region="eu-west-1")


def by_hand(pilot: Pilot, tags: dict[str, str] | None = None) -> None:
    """Somebody scales the service."""
    autoscaling(pilot).register_scalable_target(**WHERE, MinCapacity=1, MaxCapacity=9, Tags=tags or {})
    scale(pilot, 7)


def scale(pilot: Pilot, tasks: int) -> None:
    pilot.ecs.update_service(cluster="green", service="web", desiredCount=tasks)
    pilot.local.settle()
    pilot.local.clear()


def asked(pilot: Pilot) -> dict[str, int]:
    """The requests about scaling."""
    return {name: count for name, count in pilot.local.counts().items() if "autoscaling" in name}


async def ignored(pilot: Pilot, want: Resource[Any]) -> list[Ignored]:
    look = await pilot.look(want)
    assert look.steps == ()
    return list(SERVICES.ignored(want, look.seen))


@pytest.mark.parametrize(("declared", "least", "first"), [(2, 3, 3), (5, 3, 5), (None, 3, 3), (0, 0, 0)])
async def test_a_new_service_starts_with_the_count_that_its_scaling_asks_for(
    pilot: Pilot, declared: int | None, least: int, first: int
) -> None:
    spec = service(desiredCount=declared) if declared is not None else service()
    if declared is None:
        del spec["desiredCount"]
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = scaled(evolve(resource("Service", spec)), least)
    want = evolve(want, spec=want.spec.model_copy(update={"taskDefinition": next(iter(outputs.values()))}))
    look = await pilot.look(want)
    assert look.steps[0].call.params["desiredCount"] == first
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()


async def test_a_count_that_is_scaled_by_git_is_left_alone_and_costs_no_call(pilot: Pilot) -> None:
    want = scaled(await deployed(pilot))
    scale(pilot, 7)
    assert await ignored(pilot, want) == [Ignored(COUNT, "owned by ScalingPolicy/web")]
    assert asked(pilot) == {}


async def test_a_missing_target_of_a_scaling_in_git_takes_no_tasks_away(pilot: Pilot) -> None:
    want = scaled(await deployed(pilot))
    by_hand(pilot)
    autoscaling(pilot).deregister_scalable_target(**WHERE)
    assert await ignored(pilot, want) == [Ignored(COUNT, "owned by ScalingPolicy/web")]


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        (None, "owned by a scalable target that is not Apollo's"),
        ("apollo/stage/ScalingPolicy/web", "owned by ScalingPolicy/web"),
        ("apollo/prod/ScalingPolicy/web", "owned by apollo/prod/ScalingPolicy/web"),
    ],
)
async def test_whoever_the_live_target_belongs_to_the_count_is_not_reset(
    pilot: Pilot, owner: str | None, why: str
) -> None:
    want = await deployed(pilot)
    by_hand(pilot, {"apollo:owner": owner} if owner else None)
    assert await ignored(pilot, want) == [Ignored(COUNT, why)]
    assert asked(pilot) == {
        "application-autoscaling:DescribeScalableTargets": 1,
        "application-autoscaling:ListTagsForResource": 1,
    }


async def test_what_else_changes_is_changed_without_the_count(pilot: Pilot) -> None:
    await deployed(pilot)
    by_hand(pilot)
    want = await changed(pilot, "web:2")
    (step,) = (await pilot.look(want)).steps
    assert step.call.operation == "UpdateService" and "desiredCount" not in step.call.params
    await pilot.apply(want)
    assert (await pilot.follow(want)).desired == 7


async def test_once_the_target_is_gone_the_declared_count_rules_again(pilot: Pilot) -> None:
    want = await deployed(pilot)
    by_hand(pilot)
    autoscaling(pilot).deregister_scalable_target(**WHERE)
    look = await pilot.look(want)
    assert look.paths == {COUNT} and look.steps[0].call.params["desiredCount"] == 2
    assert SERVICES.ignored(want, look.seen) == []


async def test_without_scaling_and_difference_nothing_is_asked(pilot: Pilot) -> None:
    want = await deployed(pilot)
    assert await ignored(pilot, want) == []
    assert asked(pilot) == {}


async def test_who_ignores_the_count_is_not_asked_who_owns_it(pilot: Pilot) -> None:
    want = evolve(await deployed(pilot), lifecycle=Lifecycle(ignore=(COUNT,)))
    by_hand(pilot)
    assert await ignored(pilot, want) == [Ignored(COUNT, "lifecycle.ignore")]
    assert asked(pilot) == {}


async def test_a_role_that_may_not_ask_leaves_the_count_alone_and_says_so(pilot: Pilot) -> None:
    want = await deployed(pilot)
    by_hand(pilot)
    denied = "application-autoscaling:DescribeScalableTargets"
    pilot.local.faults.add(action=denied, kind="access_denied", times=100)
    (one,) = await ignored(pilot, want)
    assert one.path == COUNT and denied in one.why
    other = await changed(pilot, "web:2")
    assert (await pilot.look(other)).calls == ["UpdateService"]


async def test_who_owns_the_count_is_known_even_where_tags_may_not_be_read(pilot: Pilot) -> None:
    want = await deployed(pilot)
    by_hand(pilot)
    pilot.local.faults.add(
        action="application-autoscaling:ListTagsForResource", kind="access_denied", times=100
    )
    why = "owned by a scalable target whose tags cannot be read"
    assert await ignored(pilot, want) == [Ignored(COUNT, why)]


@pytest.mark.parametrize(
    "answer", [{}, {"ScalableTargets": [], "NextToken": "again"}], ids=["no list", "circle"]
)
async def test_a_list_that_is_not_whole_proves_no_absence(pilot: Pilot, answer: dict[str, Any]) -> None:
    want = await deployed(pilot)
    scale(pilot, 7)
    live = pilot.ecs.describe_services(cluster="green", services=["web"], include=["TAGS"])
    ctx = FakeContext(DescribeServices=live, DescribeScalableTargets=answer)
    with pytest.raises(Transient) as caught:
        await SERVICES.observe(ctx, SERVICES.identity(want.spec, ctx.env), want)
    assert caught.value.code == "APO-AWS-038"

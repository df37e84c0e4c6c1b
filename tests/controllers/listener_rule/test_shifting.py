"""Weights that deployments shift: left alone as long as they lead to somebody."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, evolve

from apollo.api import marker
from apollo.controllers.listener_rule import RuleSeen
from apollo.resources.service import ServiceSpec

from ..pilot import Pilot
from .stage import RULES, Stage, Want, calls, path

pytestmark = pytest.mark.anyio


@define
class Shifting:
    """A rule on a blue target group, and a service that shifts its requests to a green one and back."""

    stage: Stage
    blue: str
    green: str
    other: str

    def rule(self, *conditions: dict[str, Any]) -> Want:
        weighted = [{"targetGroupArn": self.blue, "weight": 1}]
        forward = {"type": "forward", "forwardConfig": {"targetGroups": weighted}}
        return self.stage.rule(conditions=conditions, actions=[forward])

    def used(self, *conditions: dict[str, Any]) -> Want:
        """The rule as a service names it."""
        advanced = {
            "alternateTargetGroupArn": self.green,
            "productionListenerRule": marker("ListenerRule", "web", "arn"),
            "roleArn": "arn:aws:iam::123456789012:role/ecs",
        }
        balancer = {"targetGroupArn": self.blue, "containerName": "app", "containerPort": 80}
        spec = ServiceSpec.model_validate(
            {"loadBalancers": [{**balancer, "advancedConfiguration": advanced}]}
        )
        want = self.rule(*conditions)
        return evolve(want, users=(evolve(want, key=evolve(want.key, kind="Service"), spec=spec),))

    def serve(self, group: str) -> None:
        self.stage.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1", "Port": 80}])

    def shift(self, *weights: tuple[str, int]) -> None:
        """What ECS does, or a hand."""
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights]
        arn = self.stage.rules()["10"]["RuleArn"]
        self.stage.elb.modify_rule(
            RuleArn=arn, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        )

    def to_green(self) -> None:
        self.shift((self.green, 100), (self.blue, 0))

    def groups(self) -> dict[str, int]:
        groups = self.stage.rules()["10"]["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {group["TargetGroupArn"]: group["Weight"] for group in groups}

    async def seen(self, want: Want) -> RuleSeen:
        ((_, seen),) = await self.stage.look(want)
        assert seen is not None
        return seen

    async def reasons(self, want: Want) -> set[str]:
        return {one.why for one in RULES.ignored(want, await self.seen(want))}


@pytest.fixture
async def shop(pilot: Pilot) -> Shifting:
    stage = Stage.on(pilot)
    groups = (pilot.local.target_group(name, balanced=False, region="eu-west-1") for name in "bgo")
    shop = Shifting(stage, *groups)
    await stage.apply(shop.rule())
    stage.calls()
    return shop


async def test_weights_are_the_manifest_s_as_long_as_no_service_names_the_rule(shop: Shifting) -> None:
    shop.serve(shop.green)
    shop.to_green()
    assert calls(await shop.stage.steps(shop.rule())) == ["ModifyRule web"]
    assert "elbv2:DescribeTargetHealth" not in shop.stage.pilot.local.counts()


async def test_where_ecs_has_shifted_the_requests_they_stay(shop: Shifting) -> None:
    shop.serve(shop.green)
    shop.to_green()
    want = shop.used()
    assert await shop.stage.steps(want) == []
    assert await shop.reasons(want) == {"traffic is shifted by the deployments of Service/web"}
    assert RULES.health(want, await shop.seen(want)).status == "Healthy"
    await shop.stage.apply(shop.used(path("/x")))
    assert shop.groups() == {shop.green: 100, shop.blue: 0}, "another change does not take them back"


async def test_weights_on_a_target_group_without_targets_are_not_ecs_s(shop: Shifting) -> None:
    shop.serve(shop.blue)
    shop.to_green()
    want = shop.used()
    health = RULES.health(want, await shop.seen(want))
    assert (health.status, health.reason) == ("Degraded", "NoTargets")
    assert "/g/" in health.message.split(",")[0] and "/b/" in health.message.split(";")[1]
    (step,) = await shop.stage.steps(want)
    assert step.call.operation == "ModifyRule"
    await shop.stage.apply(want)
    assert shop.groups() == {shop.blue: 1}
    assert await shop.stage.steps(want) == []
    assert RULES.health(want, await shop.seen(want)).status == "Healthy"


async def test_half_of_the_requests_on_an_empty_target_group_are_brought_back(shop: Shifting) -> None:
    shop.serve(shop.blue)
    shop.shift((shop.green, 50), (shop.blue, 50))
    assert calls(await shop.stage.steps(shop.used())) == ["ModifyRule web"]
    shop.serve(shop.green)
    assert await shop.stage.steps(shop.used()) == []


async def test_a_service_without_tasks_changes_nothing(shop: Shifting) -> None:
    shop.to_green()
    want = shop.used()
    assert await shop.stage.steps(want) == []
    (why,) = await shop.reasons(want)
    assert why.endswith("; there are no targets in either target group")
    assert RULES.health(want, await shop.seen(want)).status == "Healthy"


async def test_weights_on_somebody_else_s_target_group_are_taken_back(shop: Shifting) -> None:
    for group in (shop.blue, shop.green, shop.other):
        shop.serve(group)
    shop.shift((shop.other, 1), (shop.blue, 1))
    assert calls(await shop.stage.steps(shop.used())) == ["ModifyRule web"]
    assert await shop.reasons(shop.used()) == set()


async def test_the_manifest_s_weights_may_lead_nowhere_too_which_is_told_and_not_touched(
    shop: Shifting,
) -> None:
    shop.serve(shop.green)
    want = shop.used()
    assert await shop.stage.steps(want) == []
    health = RULES.health(want, await shop.seen(want))
    assert (health.status, health.reason) == ("Degraded", "NoTargets")
    assert "there are some in" in health.message


async def test_whoever_may_not_ask_leaves_the_weights_alone_and_says_so(shop: Shifting) -> None:
    shop.serve(shop.blue)
    shop.to_green()
    shop.stage.pilot.local.faults.add("elbv2:DescribeTargetHealth", "access_denied")
    want = shop.used()
    assert await shop.stage.steps(want) == []
    (why,) = await shop.reasons(want)
    assert why.endswith("; whether there are targets is not known")


async def test_a_list_of_what_is_ours_does_not_say_all_of_such_a_rule(shop: Shifting) -> None:
    ctx = shop.stage.pilot.ctx()
    for want, complete in ((shop.rule(), True), (shop.used(), False)):
        (found,) = [one async for one in RULES.owned(ctx, [want])]
        assert found.complete is complete

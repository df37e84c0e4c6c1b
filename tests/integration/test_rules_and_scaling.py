"""Rules and scaling through the whole of Apollo: real git and files, boto3 over HTTP; killed at any call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from apollo.aws import Aws
from tests.crash import Story, never_at_zero, survives_every_crash
from tests.integration.world import ACCOUNT, World, service, task_definition

pytestmark = pytest.mark.anyio


def rule(listener: str, name: str, priority: int | str, host: str = "", lifecycle: str = "") -> str:
    conditions = (
        f"  conditions: [{{field: host-header, hostHeaderConfig: {{values: ['{host or name}.x']}}}}]\n"
    )
    return f"""
apiVersion: apollo/v1
kind: ListenerRule
metadata: {{name: {name}}}
{lifecycle}
spec:
  listenerArn: {listener}
  priority: {priority}
{conditions if priority != "default" else ""}\
  actions: [{{type: fixed-response, fixedResponseConfig: {{statusCode: 200, messageBody: {name}}}}}]
"""


def scaling(least: int = 2, *policies: str, lifecycle: str = "", actions: str = "[]") -> str:
    items = "".join(
        f"""
    - name: {name}
      targetTrackingScalingPolicyConfiguration:
        targetValue: 60
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverage{name}Utilization}}"""
        for name in policies
    )
    return f"""
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: web}}
{lifecycle}
spec:
  service: web
  minCapacity: {least}
  maxCapacity: 10
  scheduledActions: {actions}
  policies:{items or " []"}
"""


BOTH = task_definition() + "---" + service()


def listener(world: World) -> str:
    return world.aws.listener("web", account=ACCOUNT)


def _who(rule: Mapping[str, Any]) -> str:
    return str(rule["Actions"][0]["FixedResponseConfig"].get("MessageBody", "none"))


@contextmanager
def watched(world: World, each: Callable[[], None]) -> Iterator[None]:
    """Calls ``each`` after every mutating call."""
    original = Aws.send

    async def send(self: Aws, *args: Any, once: bool = False, **more: Any) -> Any:
        try:
            return await original(self, *args, once=once, **more)
        finally:
            if once:
                each()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Aws, "send", send)
        yield


def bodies(world: World, at: str) -> Mapping[str, str]:
    found = world.aws.client("elbv2", account=ACCOUNT).describe_rules(ListenerArn=at)["Rules"]
    return {
        one["Priority"]: one["Actions"][0]["FixedResponseConfig"].get("MessageBody", "none") for one in found
    }


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_announced_is_done_in_order_and_the_second_run_changes_nothing(world: World) -> None:
    at = listener(world)
    world.write({"web/r.yaml": rule(at, "a", 10) + "---" + rule(at, "b", 20) + "---" + rule(at, "c", 30)})
    await world.apply()
    world.write({"web/r.yaml": rule(at, "a", 20) + "---" + rule(at, "b", 10) + "---" + rule(at, "d", 15)})
    world.aws.clear()
    plan = await world.plan()
    announced = [step.call.operation for step in plan.steps]
    assert {row["key"]: row["action"] for row in plan.to_dict()["resources"] if row["action"] != "none"} == {
        "ListenerRule/a": "update", "ListenerRule/b": "update", "ListenerRule/d": "create"
    }  # fmt: skip
    assert world.calls() == []
    assert (await world.apply()).exit_code == 0
    assert world.calls() == announced
    assert bodies(world, at) == {"10": "b", "15": "d", "20": "a", "30": "c", "default": "none"}
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []
    assert (await world.apply(prune=True)).exit_code == 0
    assert bodies(world, at) == {"10": "b", "15": "d", "20": "a", "default": "none"}


async def test_a_collision_with_somebody_else_is_denied_and_the_others_go_on(world: World) -> None:
    at = listener(world)
    made = world.aws.client("elbv2", account=ACCOUNT).create_rule(
        ListenerArn=at,
        Priority=10,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["theirs.x"]}}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    arn = made["Rules"][0]["RuleArn"]
    world.write({"web/r.yaml": rule(at, "a", 10) + "---" + rule(at, "b", 20)})
    result = await world.apply()
    assert result.exit_code == 3
    (finding,) = result.plan.to_dict()["gates"]
    assert (finding["key"], finding["reason"], finding["decision"]) == ("ListenerRule/a", "Conflict", "deny")
    assert arn in finding["message"]
    assert bodies(world, at)["20"] == "b"


async def test_a_rule_goes_to_another_listener_and_leaves_the_old_one_last(world: World) -> None:
    at, other = listener(world), world.aws.listener("other", account=ACCOUNT)
    stays = rule(at, "stays", 1)
    world.write({"web/r.yaml": rule(at, "a", 10) + "---" + stays})
    await world.apply()
    world.write({"web/r.yaml": rule(other, "a", 10) + "---" + stays})
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["CreateRule", "DeleteRule"]
    assert bodies(world, other)["10"] == "a"
    assert bodies(world, at) == {"1": "stays", "default": "none"}


async def test_a_rule_on_a_listener_that_no_manifest_names_any_more_goes_too(world: World) -> None:
    at, other = listener(world), world.aws.listener("other", account=ACCOUNT)
    world.write({"web/a.yaml": rule(at, "a", 1), "web/b.yaml": rule(other, "b", 1)})
    await world.apply()
    world.write({"web/b.yaml": None})
    world.aws.clear()
    result = await world.apply()
    assert world.calls() == []
    assert {str(item.key): item.action for item in result.plan if item.absent} == {"ListenerRule/b": "delete"}
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteRule"]
    assert bodies(world, other) == {"default": "none"}


async def test_without_the_index_what_no_manifest_names_is_left_alone_and_the_rest_goes_on(
    world: World,
) -> None:
    at, other = listener(world), world.aws.listener("other", account=ACCOUNT)
    world.write({"web/a.yaml": rule(at, "a", 1), "web/b.yaml": rule(other, "b", 1)})
    await world.apply()
    world.write({"web/a.yaml": rule(at, "c", 2), "web/b.yaml": None})
    world.aws.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied")
    assert (await world.apply(prune=True)).exit_code == 0
    assert bodies(world, other) == {"1": "b", "default": "none"}
    assert bodies(world, at) == {"2": "c", "default": "none"}


async def test_two_resources_with_one_priority_are_refused_before_any_call(world: World) -> None:
    at = listener(world)
    world.write({"web/r.yaml": rule(at, "a", 10) + "---" + rule(at, "b", 10)})
    world.aws.clear()
    assert (await world.apply()).exit_code == 1
    assert world.calls() == []


async def test_rules_survive_every_crash(world: World) -> None:
    def before(world: World) -> None:
        at = listener(world)
        texts = [rule(at, name, 10 * n + 10) for n, name in enumerate("abd")]
        world.write({"web/r.yaml": "---".join(texts)})

    def change(world: World) -> None:
        at = listener(world)
        texts = [rule(at, "a", 20, "b"), rule(at, "b", 10, "a"), rule(at, "e", 30)]
        world.write({"web/r.yaml": "---".join(texts)})

    assert await survives_every_crash(world, Story(change, before, {"prune": True})) > 8


async def test_adopting_the_default_rule_survives_every_crash(world: World) -> None:
    def change(world: World) -> None:
        world.write(
            {"web/r.yaml": rule(listener(world), "rest", "default", lifecycle="lifecycle: {adopt: true}")}
        )

    await survives_every_crash(world, Story(change))


async def test_a_rule_that_leaves_git_together_with_a_change_goes_when_nobody_needs_it(world: World) -> None:
    """a answered a.x, and is edited away from it; b, below, answers everything, and leaves git. Were a edited
    first, b would answer a.x for a moment: neither the old state says so, nor the new one."""
    at = listener(world)
    world.write({"web/a.yaml": rule(at, "a", 10, "a"), "web/b.yaml": rule(at, "b", 20, "*")})
    assert (await world.apply()).exit_code == 0
    world.write({"web/a.yaml": rule(at, "a", 10, "c"), "web/b.yaml": None})
    probes = {f"{name}.x": world.aws.route(at, host=f"{name}.x") for name in "abc"}
    before = {name: _who(one) for name, one in probes.items()}
    after = {"a.x": "none", "b.x": "none", "c.x": "a"}
    met: list[dict[str, str]] = []
    world.aws.clear()
    announced = [step.call.operation for step in (await world.plan(prune=True)).steps]
    with watched(world, lambda: met.append({name: _who(world.aws.route(at, host=name)) for name in before})):
        result = await world.apply(prune=True)
    assert result.exit_code == 0
    assert world.calls() == announced
    assert met[-1] == after
    for state in met:
        assert all(state[name] in (before[name], after[name]) for name in state), met
    rows = {row["key"]: row["action"] for row in result.to_dict()["resources"]}
    assert rows == {"ListenerRule/a": "update", "ListenerRule/b": "delete"}


async def test_a_rule_leaving_with_a_change_of_its_listener_survives_every_crash(world: World) -> None:
    def before(world: World) -> None:
        at = listener(world)
        world.write({"web/r.yaml": rule(at, "a", 10, "a") + "---" + rule(at, "b", 20, "*")})

    def change(world: World) -> None:
        world.write({"web/r.yaml": rule(listener(world), "a", 10, "c")})

    await survives_every_crash(world, Story(change, before, {"prune": True}))


async def test_creating_a_rule_among_others_survives_every_crash(world: World) -> None:
    def before(world: World) -> None:
        world.write({"web/r.yaml": rule(listener(world), "a", 10)})

    def change(world: World) -> None:
        at = listener(world)
        world.write({"web/r.yaml": rule(at, "new", 10) + "---" + rule(at, "a", 20)})

    await survives_every_crash(world, Story(change, before))


async def test_moving_a_rule_to_another_listener_survives_every_crash(world: World) -> None:
    def before(world: World) -> None:
        world.write({"web/r.yaml": rule(listener(world), "a", 10)})

    def change(world: World) -> None:
        world.write({"web/r.yaml": rule(world.aws.listener("other", account=ACCOUNT), "a", 10)})

    await survives_every_crash(world, Story(change, before, {"prune": True}))


async def test_renaming_a_rule_survives_every_crash(world: World) -> None:
    """By tagging alone: the rule stays the one it is."""

    def before(world: World) -> None:
        world.write({"web/r.yaml": rule(listener(world), "a", 10)})

    def change(world: World) -> None:
        moved = "lifecycle: {adopt: {from: apollo/stage/ListenerRule/a}}"
        world.write(
            {"web/r.yaml": rule(listener(world), "b", 10, "a", lifecycle=moved).replace("y: b", "y: a")}
        )

    await survives_every_crash(world, Story(change, before, {"prune": True}))


async def test_adopting_a_rule_survives_every_crash(world: World) -> None:
    def change(world: World) -> None:
        at = listener(world)
        world.aws.client("elbv2", account=ACCOUNT).create_rule(
            ListenerArn=at,
            Priority=10,
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["theirs.x"]}}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        )
        world.write({"web/r.yaml": rule(at, "a", 10, lifecycle="lifecycle: {adopt: true}")})

    await survives_every_crash(world, Story(change))


# ── scaling ──────────────────────────────────────────────────────────────────────────────────────────────

MORNING = "[{name: morning, schedule: 'cron(0 8 ? * MON-FRI *)', scalableTargetAction: {minCapacity: 4}}]"


async def test_a_service_and_its_scaling_are_one_apply(world: World) -> None:
    world.write({"web/web.yaml": BOTH + "---" + scaling(3, "CPU", actions=MORNING)})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == [
        "RegisterTaskDefinition",
        "CreateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "PutScheduledAction",
    ]
    assert world.services()["web"]["desiredCount"] == 3
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []


async def test_a_service_that_is_named_by_its_names_in_aws_comes_first_all_the_same(world: World) -> None:
    named = scaling(3, "CPU").replace("service: web", "cluster: green\n  service: api")
    world.write({"a/scaling.yaml": named, "b/web.yaml": task_definition("api") + "---" + service("api")})
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    assert world.calls() == [
        "RegisterTaskDefinition",
        "CreateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]


async def test_undeclared_policies_wait_for_the_permission_to_prune(world: World) -> None:
    world.write({"web/web.yaml": BOTH + "---" + scaling(2, "CPU", "Memory")})
    await world.apply()
    world.write({"web/web.yaml": BOTH + "---" + scaling(3, "CPU")})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["RegisterScalableTarget"]
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteScalingPolicy"]


async def test_scaling_survives_every_crash(world: World) -> None:
    def before(world: World) -> None:
        world.write({"web/web.yaml": BOTH + "---" + scaling(2, "CPU")})

    def change(world: World) -> None:
        world.write({"web/web.yaml": BOTH + "---" + scaling(4, "Memory")})

    await survives_every_crash(world, Story(change, before, {"prune": True}, always=never_at_zero))


async def test_deleting_scaling_survives_every_crash(world: World) -> None:
    def before(world: World) -> None:
        world.write({"web/web.yaml": BOTH + "---" + scaling(3, "CPU")})

    def change(world: World) -> None:
        world.write({"web/web.yaml": BOTH.replace("desiredCount: 2", "desiredCount: 3")})

    await survives_every_crash(world, Story(change, before, {"prune": True}, always=never_at_zero))


async def test_adopting_scaling_survives_every_crash(world: World) -> None:
    def change(world: World) -> None:
        world.aws.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/green/web",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=2,
            MaxCapacity=10,
        )
        world.write({"web/web.yaml": BOTH + "---" + scaling(lifecycle="lifecycle: {adopt: true}")})

    def before(world: World) -> None:
        world.write({"web/web.yaml": BOTH})

    await survives_every_crash(world, Story(change, before, always=never_at_zero))


@pytest.mark.parametrize("hand", ["deregistered", "recreated", "bounds", "policy"])
async def test_what_hands_did_in_between_is_undone_and_the_count_is_kept(world: World, hand: str) -> None:
    world.write({"web/web.yaml": BOTH + "---" + scaling(2, "CPU")})
    await world.apply()
    client: Any = world.aws.client("application-autoscaling")
    at = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/green/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    world.aws.client("ecs").update_service(cluster="green", service="web", desiredCount=7)  # the load rose
    if hand in ("deregistered", "recreated"):
        client.deregister_scalable_target(**at)
    if hand == "recreated" or hand == "bounds":
        client.register_scalable_target(**at, MinCapacity=1, MaxCapacity=20)
    elif hand == "policy":
        client.delete_scaling_policy(**at, PolicyName="CPU")
    result = await world.apply()
    assert result.exit_code == (3 if hand == "recreated" else 0), result.outcomes
    assert world.services()["web"]["desiredCount"] == 7
    if hand != "recreated":  # that is somebody else's now
        target = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
        assert len(client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == 1

"""What people do to AWS by hand between two passes: each declared field of each kind edited, things deleted
and made again. It is told with its path and undone, and nobody is fought for ever.

The edits are made from the tables of comparison: whatever a manifest declares and a table compares is given
another value, by the call that a person would use.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import define, field

from apollo.api import Key
from apollo.compare import Field, Rules, differences
from apollo.compare import listener_rule as of_rule
from apollo.compare import scaling_policy as of_scaling
from apollo.compare import service as of_service
from apollo.engine.apply import apply
from apollo.engine.engine import Engine
from apollo.engine.events import Event
from tests.crash import one_connection
from tests.integration.world import World, local_world

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
AT = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/green/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@define
class Shop:
    """A resource of each kind that declares much, deployed and settled."""

    world: World
    listener: str
    group: str
    specs: dict[str, Json] = field(factory=dict)

    @property
    def ecs(self) -> Any:
        return self.world.aws.client("ecs")

    @property
    def elb(self) -> Any:
        return self.world.aws.client("elbv2")

    @property
    def scaling(self) -> Any:
        return self.world.aws.client("application-autoscaling")

    def rule_arn(self) -> str:
        rules = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        return str(next(one["RuleArn"] for one in rules if not one["IsDefault"]))

    def commit(self) -> None:
        documents = [
            {"apiVersion": "apollo/v1", "kind": kind, "metadata": {"name": "web"}, "spec": spec}
            for kind, spec in self.specs.items()
        ]
        self.world.write({"web.yaml": yaml.safe_dump_all(documents)})

    def state(self) -> Any:
        """Without revisions that nobody uses, and how the last deployment came about."""
        return _plain(self.world.aws.snapshot())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items() if name != "lastServiceDeployment"}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _specs(listener: str, group: str) -> dict[str, Json]:
    return {
        "TaskDefinition": {
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "app", "image": "web:1", "portMappings": [{"containerPort": 8080}]}
            ],
            "tags": [{"key": "team", "value": "green"}],
        },
        "Service": {
            "launchType": "FARGATE",
            "desiredCount": 2,
            "enableExecuteCommand": True,
            "enableECSManagedTags": True,
            "propagateTags": "SERVICE",
            "platformVersion": "1.4.0",
            "availabilityZoneRebalancing": "ENABLED",
            "healthCheckGracePeriodSeconds": 30,
            "deploymentConfiguration": {
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "bakeTimeInMinutes": 1,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "alarms": {"alarmNames": ["errors"], "enable": False, "rollback": False},
            },
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": ["subnet-a", "subnet-b"],
                    "securityGroups": ["sg-a"],
                    "assignPublicIp": "DISABLED",
                }
            },
            "loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
            "tags": [{"key": "team", "value": "green"}],
        },
        "ListenerRule": {
            "listenerArn": listener,
            "priority": 10,
            "conditions": [
                {"field": "path-pattern", "pathPatternConfig": {"values": ["/x", "/y"]}},
                {"field": "host-header", "hostHeaderConfig": {"values": ["a.example.com"]}},
                {
                    "field": "http-header",
                    "httpHeaderConfig": {"httpHeaderName": "X-Team", "values": ["green"]},
                },
                {"field": "query-string", "queryStringConfig": {"values": [{"key": "k", "value": "v"}]}},
            ],
            "actions": [
                {
                    "type": "forward",
                    "forwardConfig": {
                        "targetGroups": [{"targetGroupArn": group, "weight": 1}],
                        "targetGroupStickinessConfig": {"enabled": True, "durationSeconds": 60},
                    },
                }
            ],
            "tags": [{"key": "team", "value": "green"}],
        },
        "ScalingPolicy": {
            "service": "web",
            "minCapacity": 2,
            "maxCapacity": 6,
            "suspendedState": {"dynamicScalingInSuspended": False, "scheduledScalingSuspended": True},
            "policies": [
                {
                    "name": "cpu",
                    "policyType": "TargetTrackingScaling",
                    "targetTrackingScalingPolicyConfiguration": {
                        "targetValue": 60,
                        "disableScaleIn": False,
                        "scaleInCooldown": 60,
                        "scaleOutCooldown": 30,
                        "predefinedMetricSpecification": {
                            "predefinedMetricType": "ECSServiceAverageCPUUtilization"
                        },
                    },
                },
                {
                    "name": "steps",
                    "policyType": "StepScaling",
                    "stepScalingPolicyConfiguration": {
                        "adjustmentType": "ChangeInCapacity",
                        "cooldown": 60,
                        "metricAggregationType": "Average",
                        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
                    },
                },
            ],
            "scheduledActions": [
                {
                    "name": "morning",
                    "schedule": "cron(0 8 ? * MON-FRI *)",
                    "timezone": "Europe/Berlin",
                    "scalableTargetAction": {"minCapacity": 3, "maxCapacity": 5},
                }
            ],
            "tags": {"team": "green"},
        },
    }


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with local_world(tmp_path, monkeypatch) as world, one_connection():
        listener = world.aws.listener()
        group = world.aws.target_group("web", balanced=False)
        made = Shop(world, listener, group, _specs(listener, group))
        made.commit()
        yield made


async def deploy(shop: Shop) -> Any:
    result = await shop.world.apply()
    assert result.exit_code == 0, result.outcomes
    shop.world.aws.settle()
    # Once more: the count is compared with the table only when the scaling stands.
    assert not (await shop.world.plan()).steps
    return shop.state()


# ── the hands ────────────────────────────────────────────────────────────────────────────────────────────


def _pascal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name[:1].upper() + name[1:]: _pascal(item) for name, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def edit_service(shop: Shop, top: str, spec: Json) -> None:
    if top == "tags":
        (found,) = shop.ecs.describe_services(cluster="green", services=["web"])["services"]
        shop.ecs.tag_resource(resourceArn=found["serviceArn"], tags=spec["tags"])
        return
    # ECS takes some fields back to their defaults when they are left out.
    beside = {name: spec[name] for name in of_service.RESENT}
    shop.ecs.update_service(cluster="green", service="web", **{**beside, top: spec[top]})


def edit_task_definition(shop: Shop, top: str, spec: Json) -> None:
    """A revision never changes, but for its tags."""
    (arn,) = shop.ecs.list_task_definitions()["taskDefinitionArns"]
    shop.ecs.tag_resource(resourceArn=arn, tags=spec["tags"])


def edit_rule(shop: Shop, top: str, spec: Json) -> None:
    arn = shop.rule_arn()
    if top == "priority":
        shop.elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": spec["priority"]}])
    elif top == "tags":
        shop.elb.add_tags(ResourceArns=[arn], Tags=_pascal(spec["tags"]))
    else:
        shop.elb.modify_rule(RuleArn=arn, **_pascal({top: spec[top]}))


def edit_scaling(shop: Shop, top: str, spec: Json) -> None:
    before = shop.specs["ScalingPolicy"]
    if top == "tags":
        (target,) = shop.scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        shop.scaling.tag_resource(ResourceARN=target["ScalableTargetARN"], Tags=spec["tags"])
    elif top == "policies":
        for policy in spec["policies"]:
            if policy not in before["policies"]:
                rest = _pascal({name: one for name, one in policy.items() if name != "name"})
                shop.scaling.put_scaling_policy(**AT, PolicyName=policy["name"], **rest)
        for policy in before["policies"]:
            if policy["name"] not in {one["name"] for one in spec["policies"]}:
                shop.scaling.delete_scaling_policy(**AT, PolicyName=policy["name"])
    elif top == "scheduledActions":
        (action,) = spec["scheduledActions"]
        rest = _pascal({name: one for name, one in action.items() if name != "name"})
        shop.scaling.put_scheduled_action(**AT, ScheduledActionName=action["name"], **rest)
    else:
        shop.scaling.register_scalable_target(**AT, **_pascal({top: spec[top]}))


HANDS: Mapping[str, tuple[Callable[[Shop, str, Json], None], Rules | None]] = {
    "TaskDefinition": (edit_task_definition, None),
    "Service": (edit_service, of_service.RULES),
    "ListenerRule": (edit_rule, of_rule.RULES),
    "ScalingPolicy": (edit_scaling, of_scaling.RULES),
}
NAMES = (
    *("name", "key", "type", "field", "policyType"),
    *("containerName", "service", "listenerArn", "targetGroupArn"),
)
"""What says which thing or part of it is meant: with another one it is another thing."""
OTHER: Mapping[Any, Any] = {
    "1.4.0": "1.3.0",
    "ENABLED": "DISABLED",
    "DISABLED": "ENABLED",
    "SERVICE": "NONE",
    "Average": "Maximum",
    "ChangeInCapacity": "ExactCapacity",
    "Europe/Berlin": "Europe/Paris",
    "cron(0 8 ? * MON-FRI *)": "cron(0 9 ? * MON-FRI *)",
    "ECSServiceAverageCPUUtilization": "ECSServiceAverageMemoryUtilization",
}
REFUSED = {
    "TaskDefinition": {
        "/cpu", "/memory", "/networkMode", "/requiresCompatibilities", "/containerDefinitions"
    },
    # A service's launch type cannot be changed, and there is one target group and one port.
    "Service": {"/launchType", "/loadBalancers"},
    "ListenerRule": set(),
    "ScalingPolicy": set(),
}  # fmt: skip
"""What nobody can change by hand in AWS."""


SOMEBODY_ELSES = {
    "TaskDefinition": set[str](),
    "Service": {"/desiredCount"},  # its scaling's
    "ListenerRule": set[str](),
    "ScalingPolicy": {"/minCapacity", "/maxCapacity"},  # its scheduled actions' own
}
"""What Apollo leaves alone here, and says so."""


def edited(value: Any) -> Iterator[Any]:
    """The value with one part of it changed, for each of its parts."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name not in NAMES:
                yield from ({**value, name: one} for one in edited(item))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], one, *value[place + 1 :]] for one in edited(item))
        if len(value) > 1:
            yield value[:-1]
    elif isinstance(value, bool):
        yield not value
    else:
        yield value + 1 if isinstance(value, int) else OTHER.get(value, f"{value}2")


def _refused(kind: str, top: str) -> bool:
    return f"/{top}" in REFUSED[kind]


@pytest.mark.parametrize("kind", HANDS)
async def test_each_field_that_is_edited_is_told_and_put_back(shop: Shop, kind: str) -> None:
    world, (hand, rules) = shop.world, HANDS[kind]
    reference = await deploy(shop)
    key, declared = Key(kind, "stage", "web"), shop.specs[kind]
    done = 0
    for spec in edited(copy.deepcopy(declared)):
        (top,) = [name for name in spec if spec[name] != declared[name]]
        if _refused(kind, top):
            continue
        where = f"{kind}: {top} is {spec[top]}, not {declared[top]}"
        hand(shop, top, spec)
        world.aws.settle()
        events: list[Event] = []
        async with world.operator(listen=events.append) as operator:
            plan = await operator.plan("stage")
            (item,) = [one for one in plan if one.key == key]
            paths = {change.path for change in item.changes}
            if left := {one.path for one in item.ignored}:
                assert left <= SOMEBODY_ELSES[kind] and f"/{top}" in left and not plan.steps, where
                hand(shop, top, declared)
                world.aws.settle()
                continue
            expected = _paths(declared, spec, rules, top)
            if not expected:  # another way to say the same, such as the weight of the only target group
                assert not plan.steps, where
                hand(shop, top, declared)
                continue
            result = await operator.apply(plan)
        assert result.exit_code == 0, (where, [one.message for one in result.outcomes])
        assert item.reason == "Drifted", where
        assert all(any(_leads(one, path) for path in paths) for one in expected), (where, expected, paths)
        told = " ".join(event.message for event in events if event.type == "Drifted" and event.key == key)
        assert all(path in told for path in paths), (where, told)
        # What started for an edited minimum stays: the count is the scaling's, which has no reason to move.
        shop.ecs.update_service(cluster="green", service="web", desiredCount=2)
        world.aws.settle()
        assert shop.state() == reference, where
        done += 1
    assert done >= {"TaskDefinition": 1, "Service": 15, "ListenerRule": 9, "ScalingPolicy": 15}[kind]


def _paths(declared: Json, spec: Json, rules: Rules | None, top: str) -> set[str]:
    """Where the tables see a difference; what they do not compare has calls of its own."""
    if rules is None or rules.table.get(f"/{top}", Field()).never:
        return {f"/{top}"}
    form = of_rule.comparable if rules is of_rule.RULES else dict
    return {one.path for one in differences(form(declared), form(spec), rules)}


def _leads(one: str, path: str) -> bool:
    return one == path or one.startswith(f"{path}/") or path.startswith(f"{one}/")


# ── deleted, and made again ──────────────────────────────────────────────────────────────────────────────


def delete_service(shop: Shop) -> None:
    shop.scaling.deregister_scalable_target(**AT)  # ECS does not, and Apollo would find it again
    shop.ecs.delete_service(cluster="green", service="web", force=True)
    shop.world.aws.settle()


def delete_rule(shop: Shop) -> None:
    shop.elb.delete_rule(RuleArn=shop.rule_arn())


def delete_scaling(shop: Shop) -> None:
    shop.scaling.deregister_scalable_target(**AT)


def delete_policy(shop: Shop) -> None:
    shop.scaling.delete_scaling_policy(**AT, PolicyName="cpu")


def deregister_all(shop: Shop) -> None:
    delete_service(shop)
    (arn,) = shop.ecs.list_task_definitions()["taskDefinitionArns"]
    shop.ecs.deregister_task_definition(taskDefinition=arn)


SCALING = "RegisterScalableTarget PutScalingPolicy PutScalingPolicy PutScheduledAction"
SERVICE_AND_SCALING = f"CreateService {SCALING}"


@pytest.mark.parametrize(
    ("hand", "calls"),
    [
        (
            delete_service,
            SERVICE_AND_SCALING,
        ),
        (delete_rule, "CreateRule"),
        (
            delete_scaling,
            SCALING,
        ),
        (delete_policy, "PutScalingPolicy"),
        (
            deregister_all,
            f"RegisterTaskDefinition {SERVICE_AND_SCALING}",
        ),
    ],
)
async def test_what_is_deleted_by_hand_comes_back(
    shop: Shop, hand: Callable[[Shop], None], calls: str
) -> None:
    reference = await deploy(shop)
    hand(shop)
    shop.world.aws.clear()
    result = await shop.world.apply()
    assert result.exit_code == 0, result.outcomes
    assert shop.world.calls() == calls.split()
    shop.world.aws.settle()
    if hand is not deregister_all:  # there the next revision takes its place
        assert shop.state() == reference
    assert not (await shop.world.plan()).steps


async def test_an_exact_apply_registers_nothing_that_was_not_announced(shop: Shop) -> None:
    await deploy(shop)
    deregister_all(shop)
    shop.world.aws.clear()
    result = await shop.world.apply(exact=True)
    assert result.exit_code == 1 and shop.world.calls() == []


async def test_a_service_that_somebody_made_again_is_theirs(shop: Shop) -> None:
    """ABA: ours is deleted, and one of the same name stands there."""
    world = shop.world
    await deploy(shop)
    (kept,) = shop.ecs.describe_services(cluster="green", services=["web"])["services"]
    delete_service(shop)
    shop.ecs.create_service(
        cluster="green",
        serviceName="web",
        taskDefinition=kept["taskDefinition"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-z"]}},
    )
    world.aws.settle()
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 3
    found = {(one.key.kind, one.reason) for one in result.plan.findings}
    assert ("Service", "Conflict") in found
    assert [call for call in world.calls() if "Service" in call] == []


async def test_a_service_that_somebody_made_again_with_our_tags_is_ours(shop: Shop) -> None:
    world = shop.world
    reference = await deploy(shop)
    (kept,) = shop.ecs.describe_services(cluster="green", services=["web"], include=["TAGS"])["services"]
    delete_service(shop)
    shop.ecs.create_service(
        cluster="green",
        serviceName="web",
        taskDefinition=kept["taskDefinition"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-z"]}},
        tags=[tag for tag in kept["tags"] if not tag["key"].startswith("aws:")],
    )
    world.aws.settle()
    for _ in range(2):
        assert (await world.apply()).exit_code == 0
        world.aws.settle()
    shop.ecs.update_service(cluster="green", service="web", desiredCount=2)
    world.aws.settle()
    assert shop.state() == reference
    assert not (await world.plan()).steps


async def test_a_rule_that_somebody_made_again_is_theirs(shop: Shop) -> None:
    world = shop.world
    await deploy(shop)
    (kept,) = shop.elb.describe_rules(RuleArns=[shop.rule_arn()])["Rules"]
    delete_rule(shop)
    shop.elb.create_rule(
        ListenerArn=shop.listener,
        Priority=int(kept["Priority"]),
        Conditions=[{"Field": "path-pattern", "Values": ["/theirs"]}],
        Actions=kept["Actions"],
    )
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 3 and world.calls() == []
    assert {(one.key.kind, one.reason) for one in result.plan.findings} == {("ListenerRule", "Conflict")}


# ── nobody is fought for ever ────────────────────────────────────────────────────────────────────────────


def undo_service(shop: Shop) -> None:
    edit_service(shop, "enableExecuteCommand", shop.specs["Service"] | {"enableExecuteCommand": False})


def undo_rule(shop: Shop) -> None:
    edit_rule(shop, "priority", {"priority": 99})


def undo_scaling(shop: Shop) -> None:
    policies = copy.deepcopy(shop.specs["ScalingPolicy"]["policies"])
    policies[0]["targetTrackingScalingPolicyConfiguration"]["targetValue"] = 99
    edit_scaling(shop, "policies", {"policies": policies})


@pytest.mark.parametrize("undo", [undo_service, undo_rule, undo_scaling])
async def test_nobody_is_fought_more_than_three_times_in_a_quarter_of_an_hour(
    shop: Shop, undo: Callable[[Shop], None]
) -> None:
    world = shop.world
    await deploy(shop)
    async with world.operator() as operator:
        plan = await operator.plan("stage")
        engine: Engine = operator._engines["stage", plan.digest]  # as the running operator, it goes on
        begin, stalled = world.aws.clock.now(), 0
        world.aws.clear()
        while world.aws.clock.now() < begin + 850:
            undo(shop)
            plan = await engine.plan()
            stalled += any(one.reason == "Stalled" for one in plan.findings)
            await apply(engine, plan)
            world.aws.advance(90)
        sent = [one for one in world.aws.mutations() if "apollo/" in one.user_agent]
        assert len(sent) == 3, [one.operation for one in sent]
        assert stalled >= 4
        world.aws.advance(900)
        undo(shop)
        await apply(engine, await engine.plan())
        assert len([one for one in world.aws.mutations() if "apollo/" in one.user_agent]) == 4

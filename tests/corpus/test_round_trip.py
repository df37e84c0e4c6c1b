"""The whole corpus, imported and applied together: afterwards there is nothing to do, in whatever order AWS
answers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import pytest
from attrs import frozen

from apollo.api import Resource, is_unknown
from apollo.compare import Rules, differences
from apollo.compare import listener_rule as rule_table
from apollo.compare import scaling_policy as scaling_table
from apollo.compare import service as service_table
from apollo.compare import task_definition as task_table
from apollo.engine.apply import Result
from apollo.manifest import load_path, load_settings
from apollo.plugins import Registry
from apollo.testing.services.ecs.td_defaults import reordered
from tests.corpus.later import later_rule, later_scaling, later_service, later_task
from tests.corpus.stage import Stage
from tests.integration.world import ACCOUNT, World, local_world

pytestmark = pytest.mark.xdist_group("corpus")
SEEDS = range(20)
REFUSED = {"taskdefs/kayac__ecspresso__845112eb.json": "APO-TD-018"}
"""Files that fit AWS's shapes, which is all that the index says of them, and that AWS refuses all the same: a
variable and a secret of one name (https://github.com/dagster-io/dagster/issues/11622)."""


@frozen
class Applied:
    """The corpus in the local AWS."""

    world: World
    stage: Stage
    result: Result
    wanted: Mapping[str, Resource[Any]]

    def of(self, kind: str) -> dict[str, Resource[Any]]:
        """The resources of a kind, by ownership tag."""
        return {one.owner: one for one in self.wanted.values() if one.key.kind == kind}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        local_world(tmp_path_factory.mktemp("corpus"), monkeypatch, seed=1) as world,
    ):
        stage = Stage(world.aws)
        world.configure(more=f"  variables: {json.dumps(stage.variables)}\n")
        world.write(stage.texts())

        async def apply() -> Result:
            return await world.apply(wait=False)

        result = anyio.run(apply)
        world.aws.settle()
        world.aws.clear()
        settings = load_settings(world.folder / "apollo.yaml")
        loaded = load_path(world.repo / "apps", settings.environments[0], "apollo", Registry())
        resources = loaded.snapshot.resources.values()
        wanted = {f"{one.key.kind}/{one.key.name}": one for one in resources}
        yield Applied(world, stage, result, wanted)


def test_everything_is_applied_but_what_aws_refuses(applied: Applied) -> None:
    told = applied.result.to_dict()
    failed = {one["key"]: one["message"] for one in told["resources"] if one["outcome"] != "Succeeded"}
    assert failed == {}
    assert [error["code"] for error in told["errors"]] == list(REFUSED.values())
    kinds = [key.partition("/")[0] for key in applied.wanted]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "ListenerRule": 14,
        "ScalingPolicy": 2,
        "Service": 90,
        "TaskDefinition": 195,
    }


def test_the_plan_after_it_is_empty(applied: Applied) -> None:
    world = applied.world
    for seed in (2, 3):
        world.aws.world.shuffle.seed(seed)
        plan = anyio.run(world.plan).to_dict()
        assert {one["key"]: one["changes"] for one in plan["resources"] if one["action"] != "none"} == {}
        assert plan["summary"]["unchanged"] == len(applied.wanted)
    assert world.calls() == []


def _moved(resource: Resource[Any], live: Mapping[str, Any], rules: Rules) -> list[str]:
    """The paths in which a manifest differs from an answer; references are what they were resolved to."""
    declared = resource.spec.declared()
    for name, value in declared.items():
        if is_unknown(value):
            declared[name] = live[name]
    return [change.path for change in differences(declared, live, rules)]


def _tasks(applied: Applied) -> Iterator[tuple[Resource[Any], dict[str, Any]]]:
    ecs = applied.world.aws.client("ecs", account=ACCOUNT)
    for resource in applied.of("TaskDefinition").values():
        yield resource, ecs.describe_task_definition(taskDefinition=resource.spec.family)["taskDefinition"]


def _services(applied: Applied) -> Iterator[tuple[Resource[Any], dict[str, Any]]]:
    ecs = applied.world.aws.client("ecs", account=ACCOUNT)
    wanted = {one.spec.serviceName: one for one in applied.of("Service").values()}
    names = sorted(wanted)
    for start in range(0, len(names), 10):
        chunk = names[start : start + 10]
        answer = ecs.describe_services(cluster="green", services=chunk, include=["TAGS"])
        for live in answer["services"]:
            yield wanted[live["serviceName"]], live


def test_task_definitions_are_equal_in_every_order(applied: Applied) -> None:
    for resource, live in _tasks(applied):
        for seed in SEEDS:
            rng = random.Random(seed)
            echo = reordered(live, rng)
            assert _moved(resource, echo, task_table.RULES) == []
            assert _moved(resource, later_task(echo), task_table.RULES) == []


def test_services_are_equal_in_every_order(applied: Applied) -> None:
    for seed in SEEDS:
        applied.world.aws.world.shuffle.seed(seed)
        for resource, live in _services(applied):
            for one in (live, later_service(live, resource.spec.declared())):
                found = _moved(resource, service_table.live_spec(one), service_table.RULES)
                owned = [path for path in found if path == "/desiredCount"]
                assert found == owned, resource.key
                assert not owned or f"ScalingPolicy/{resource.key.name}" in applied.wanted


def test_rules_are_equal_in_every_order(applied: Applied) -> None:
    elb = applied.world.aws.client("elbv2", account=ACCOUNT)
    wanted = {one.spec.priority: one for one in applied.of("ListenerRule").values()}
    listener = next(iter(wanted.values())).spec.listenerArn
    for seed in SEEDS:
        applied.world.aws.world.shuffle.seed(seed)
        found = {rule["Priority"]: rule for rule in elb.describe_rules(ListenerArn=listener)["Rules"]}
        for priority, resource in wanted.items():
            declared = rule_table.comparable(resource.spec.declared())
            for one in (found[str(priority)], later_rule(found[str(priority)])):
                assert differences(declared, rule_table.live_spec(one), rule_table.RULES) == []


def test_scaling_is_equal_in_every_order(applied: Applied) -> None:
    scaling = applied.world.aws.client("application-autoscaling", account=ACCOUNT)
    services = {one.spec.serviceName: one.key.name for one in applied.of("Service").values()}
    wanted = {one.key.name: one.spec.declared() for one in applied.of("ScalingPolicy").values()}
    for seed in SEEDS:
        applied.world.aws.world.shuffle.seed(seed)
        targets = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        assert len(targets) == len(wanted)
        for target in targets:
            place = {"ServiceNamespace": "ecs", "ResourceId": target["ResourceId"]}
            policies = scaling.describe_scaling_policies(**place)["ScalingPolicies"]
            actions = scaling.describe_scheduled_actions(**place)["ScheduledActions"]
            declared = wanted[services[target["ResourceId"].rpartition("/")[2]]]
            now = ([target], policies, actions)
            later = [[later_scaling(one, declared) for one in them] for them in now]
            for (is_target,), of_policies, of_actions in (now, later):
                live = scaling_table.live_spec(is_target, of_policies, of_actions)
                assert differences(declared, live, scaling_table.RULES) == []


def test_a_real_change_of_any_file_still_shows(applied: Applied) -> None:
    for resource, live in _tasks(applied):
        containers = [dict(one) for one in live["containerDefinitions"]]
        containers[0]["image"] = "another/image:1"
        name = containers[0]["name"]
        found = _moved(resource, {**live, "containerDefinitions": containers}, task_table.RULES)
        assert found == [f"/containerDefinitions/{name}/image"]

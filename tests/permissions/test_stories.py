"""The policy suffices: what Apollo is for works where AWS denies everything that the policy does not name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apollo.engine.apply import Result
from apollo.engine.plan import Plan
from apollo.testing import LocalAws
from tests.integration.test_rules_and_scaling import rule, scaling
from tests.integration.world import ACCOUNT, SimClock, World, local_world, service, task_definition
from tests.permissions.known import FREE, NOT_ASKED_FOR, actions, own

pytestmark = pytest.mark.anyio

_SERVICES = {"elasticloadbalancing": "elbv2", "tag": "resourcegroupstaggingapi"}
"""boto3's names where IAM has others."""


@contextmanager
def allowed(aws: LocalAws, granted: frozenset[str]) -> Iterator[None]:
    """AWS denies every other action to everybody."""
    names = []
    for action in granted | set(FREE):
        prefix, _, name = action.partition(":")
        names.append(re.escape(f"{_SERVICES.get(prefix, prefix)}:{name}"))
    fault = aws.faults.add(f"(?!(?:{'|'.join(sorted(names))})$).*", "access_denied")
    try:
        yield
    finally:
        aws.faults.remove(fault)


class Least(World):
    """Apollo with what the policy grants; the hand that does the rest has all."""

    async def apply(self, environment: str = "stage", **options: Any) -> Result:
        with allowed(self.aws, actions()):
            return await super().apply(environment, **options)

    async def plan(self, environment: str = "stage", **options: Any) -> Plan:
        with allowed(self.aws, actions("--mode", "read")):
            return await super().plan(environment, **options)

    async def goes(self, *, prune: bool | None = None, exit_code: int = 0) -> None:
        """Plan as a reader, then apply; and then there is nothing to do."""
        plan = await self.plan(prune=prune)
        assert not plan.failed, plan.to_dict()
        result = await self.apply(prune=prune)
        assert result.exit_code == exit_code, (result.plan.findings, result.outcomes)
        assert [step.call for step in result.plan.steps] == [step.call for step in plan.steps]
        self.aws.clear()
        await self.apply(prune=prune)
        assert self.calls() == []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Least]:
    with local_world(tmp_path, monkeypatch) as made:
        least = Least(tmp_path, made.aws)
        least.configure(sync="{maxPrune: 100%}")
        yield least


WEB = task_definition() + "---" + service()
NIGHT = "[{name: night, schedule: 'cron(0 22 * * ? *)', scalableTargetAction: {minCapacity: 1}}]"


async def test_made_changed_and_removed(world: Least) -> None:
    world.write({"web/web.yaml": WEB})
    await world.goes()
    world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service(count=3)})
    await world.goes()
    world.write({"web/web.yaml": task_definition(image="web:2")})
    await world.goes(prune=True)


async def test_a_rollback_is_seen_and_the_fix_goes_out(world: Least) -> None:
    world.write({"web/web.yaml": WEB})
    await world.goes()
    world.write({"web/web.yaml": task_definition(image="web:crash") + "---" + service()})
    assert (await world.apply()).exit_code == 5
    world.write({"web/web.yaml": task_definition(image="web:3") + "---" + service()})
    await world.goes()


async def test_drift_is_mended_and_tags_are_put_back(world: Least) -> None:
    tags = "[{key: team, value: green}]"
    world.write({"web/web.yaml": task_definition() + "---" + service(tags=tags)})
    await world.goes()
    ecs = world.aws.client("ecs", account=ACCOUNT)
    ecs.update_service(cluster="green", service="web", enableExecuteCommand=True, desiredCount=1)
    arn = world.services()["web"]["serviceArn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "red"}])
    await world.goes()
    keep = service(tags=tags, lifecycle="lifecycle: {prune: confirm}")
    world.write({"web/web.yaml": task_definition() + "---" + keep})
    await world.goes()
    world.write({"web/web.yaml": task_definition() + "---" + service(tags=tags)})
    await world.goes()  # a tag goes


async def test_taken_over(world: Least) -> None:
    ecs = world.aws.client("ecs", account=ACCOUNT)
    container = {"name": "app", "image": "web:0"}
    ecs.register_task_definition(
        family="web",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container],
    )
    subnets = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}}
    ecs.create_service(
        cluster="green",
        serviceName="web",
        taskDefinition="web",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=subnets,
    )
    world.aws.settle()
    world.write({"web/web.yaml": task_definition() + "---" + service(lifecycle="lifecycle: {adopt: true}")})
    await world.goes()


async def test_rules_and_scaling_made_changed_and_removed(world: Least) -> None:
    at = world.aws.listener("web", account=ACCOUNT)
    adopt = "lifecycle: {adopt: true}"
    world.write(
        {
            "web/web.yaml": WEB,
            "web/rule.yaml": rule(at, "a", 10) + "---" + rule(at, "b", 20),
            "web/default.yaml": rule(at, "c", "default", lifecycle=adopt),
            "web/scaling.yaml": scaling(
                2,
                "CPU",
                actions=NIGHT,
            ),
        }
    )
    await world.goes()
    world.write(
        {
            "web/rule.yaml": rule(at, "a", 20, host="n.x") + "---" + rule(at, "b", 10),
            "web/scaling.yaml": scaling(2, "Memory"),
        }
    )
    await world.goes(prune=True)
    world.write({"web/rule.yaml": None, "web/default.yaml": None, "web/scaling.yaml": None})
    await world.goes(prune=True)


async def test_the_registry_of_a_service_is_looked_up(world: Least) -> None:
    cloud_map = world.aws.client("servicediscovery", account=ACCOUNT)
    operation = cloud_map.create_http_namespace(Name="shop")["OperationId"]
    namespace = cloud_map.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    there = cloud_map.create_service(Name="web", NamespaceId=namespace)["Service"]["Arn"]
    gone = f"{there.rpartition('/')[0]}/srv-0000000000000000"
    for arn, missing in ((there, 0), (gone, 1)):
        registries = f"[{{registryArn: '{arn}'}}]"
        world.write({"web/web.yaml": task_definition() + "---" + service(serviceRegistries=registries)})
        with allowed(world.aws, actions("--mode", "read", "--verify")):
            async with world.operator() as operator:
                found = await operator.verify(await operator.plan("stage"))
        about = [one for one in found.findings if "serviceRegistries" in one.problem.path]
        assert len([one for one in about if one.status == "failed"]) == missing, about


def test_reading_is_less_than_deploying_and_changes_nothing() -> None:
    from apollo.aws import is_mutating

    reading = actions("--mode", "read")
    assert reading < actions()
    assert [one for one in reading if is_mutating(*one.split(":"))] == []


def test_the_exceptions_are_real() -> None:
    """Nobody is excused who need not be."""
    assert set(NOT_ASKED_FOR) <= own()
    assert not own() & set(FREE)


def test_a_call_that_the_policy_lacks_would_be_denied(world: Least) -> None:
    client = world.aws.client("ecs", account=ACCOUNT)
    with allowed(world.aws, actions()):
        client.describe_services(cluster="green", services=["web"])
        with pytest.raises(client.exceptions.AccessDeniedException):
            client.create_cluster(clusterName="other")
    assert SimClock(world.aws).monotonic() > 0

"""One application with a resource of each kind, from git to AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import define, field

from tests.integration.world import World, local_world

Document = dict[str, Any]


@define
class Shop:
    """``web``: a task definition, a service, a rule and a scaling."""

    world: World
    listener: str
    group: str
    documents: dict[str, Document] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        container = {"name": "app", "image": "web:1", "portMappings": [{"containerPort": 8080}]}
        network = {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}
        balancer = {"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}
        self.set(
            "TaskDefinition",
            cpu=256,
            memory=512,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[container],
        )
        self.set(
            "Service",
            launchType="FARGATE",
            desiredCount=2,
            deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100},
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[balancer],
        )
        self.set(
            "ListenerRule",
            listenerArn=self.listener,
            priority=10,
            conditions=[{"field": "path-pattern", "pathPatternConfig": {"values": ["/x"]}}],
            actions=[{"type": "forward", "targetGroupArn": self.group}],
        )
        self.set("ScalingPolicy", service="web", minCapacity=1, maxCapacity=4)

    def set(self, kind: str, lifecycle: Mapping[str, Any] | None = None, **spec: Any) -> None:
        """Change fields of a resource in git (with the next `commit`)."""
        document = self.documents.setdefault(
            kind, {"apiVersion": "apollo/v1", "kind": kind, "metadata": {"name": "web"}, "spec": {}}
        )
        document["spec"] |= spec
        if lifecycle is not None:
            document["lifecycle"] = dict(lifecycle)

    def commit(self) -> None:
        self.world.write({"web.yaml": yaml.safe_dump_all(self.documents.values())})

    async def apply(self) -> None:
        self.commit()
        result = await self.world.apply()
        assert [
            one["message"] for one in result.to_dict()["resources"] if one["outcome"] != "Succeeded"
        ] == []
        self.world.aws.settle()
        self.world.aws.clear()

    async def plan(self, prune: bool | None = None) -> dict[str, Any]:
        """Its resources by kind, each with what is left alone."""
        plan = (await self.world.plan(prune=prune)).to_dict()
        assert plan["errors"] == []
        found = {one["key"].partition("/")[0]: one | {"ignored": set()} for one in plan["resources"]}
        for one in plan["ignored"]:
            found[one["key"].partition("/")[0]]["ignored"].add((one["path"], one["why"]))
        return found

    # ── somebody else's hands ────────────────────────────────────────────────────────────────────────────

    def client(self, name: str) -> Any:
        return self.world.aws.client(name)

    def service(self) -> dict[str, Any]:
        found = self.client("ecs").describe_services(cluster="green", services=["web"])
        return dict(found["services"][0])

    def rule(self) -> dict[str, Any]:
        found = self.client("elbv2").describe_rules(ListenerArn=self.listener)["Rules"]
        return dict(next(rule for rule in found if not rule["IsDefault"]))

    def target(self) -> dict[str, Any]:
        found = self.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
        return dict(found["ScalableTargets"][0])

    def move_by_hand(self) -> None:
        """A drift in every kind that can have one: bounds of the deployment, path and priority, the most."""
        self.client("ecs").update_service(
            cluster="green", service="web", deploymentConfiguration={"maximumPercent": 150}
        )
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/y"]}}
        self.client("elbv2").modify_rule(RuleArn=self.rule()["RuleArn"], Conditions=[condition])
        self.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/green/web",
            ScalableDimension="ecs:service:DesiredCount",
            MaxCapacity=9,
        )
        self.world.aws.clear()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with local_world(tmp_path, monkeypatch, seed=1) as world:
        listener = world.aws.listener()
        group = world.aws.target_group("web", balanced=False)
        world.aws.clear()
        yield Shop(world, listener, group)

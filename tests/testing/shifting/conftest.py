"""A service behind an Application Load Balancer with two target groups and two listener rules."""

from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Stage

STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]
ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructure"


class Shifting(Stage):
    """The moves of a test, with what the load balancer does."""

    def __init__(self, aws: LocalAws, ecs: Any) -> None:
        super().__init__(aws, ecs)
        self.elb = aws.client("elbv2")
        self.listener = aws.listener("shop")
        self.blue = aws.target_group("blue", balanced=False)
        self.green = aws.target_group("green", balanced=False)
        self.production = self.rule(20, "/", {self.blue: 100, self.green: 0})
        self.test = self.rule(10, "/test", {self.blue: 100, self.green: 0})
        self.register()

    def rule(self, priority: int, path: str, weights: dict[str, int]) -> str:
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        answer = self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"{path}*"]}}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )
        return str(answer["Rules"][0]["RuleArn"])

    def balancer(self, **changes: Any) -> Json:
        advanced = {
            "alternateTargetGroupArn": self.green,
            "productionListenerRule": self.production,
            "testListenerRule": self.test,
            "roleArn": ROLE,
        } | changes
        return {
            "targetGroupArn": self.blue,
            "containerName": "app",
            "containerPort": 80,
            "advancedConfiguration": {name: value for name, value in advanced.items() if value is not None},
        }

    def begin(self, strategy: str = "BLUE_GREEN", **configuration: Any) -> Json:
        """A running service of this strategy."""
        given = {"strategy": strategy, "bakeTimeInMinutes": 1} | configuration
        return self.create(loadBalancers=[self.balancer()], deploymentConfiguration=given)

    def release(self, tag: str = "2", **changes: Any) -> Json:
        """A new revision on its way."""
        return self.update(taskDefinition=self.register(tag), **changes)

    def weights(self, rule: str | None = None) -> tuple[int, int]:
        """Of the production rule, or another one: blue, green."""
        [found] = self.elb.describe_rules(RuleArns=[rule or self.production])["Rules"]
        groups = found["Actions"][0]["ForwardConfig"]["TargetGroups"]
        by_arn = {group["TargetGroupArn"]: group["Weight"] for group in groups}
        return by_arn[self.blue], by_arn[self.green]

    def lifecycle(self) -> tuple[str, str]:
        found = self.service_deployment()
        return found["status"], found["lifecycleStage"]

    def until(self, stage: str, limit: float = 600.0, step: float = 1.0) -> Json:
        """Let time pass until the deployment is in a stage; it as it is described then."""
        passed = 0.0
        while passed < limit:
            found = self.service_deployment()
            if found.get("lifecycleStage") == stage:
                return found
            self.aws.advance(step)
            passed += step
        raise AssertionError(f"{stage} was not reached: {self.service_deployment()}")

    def course(self, seconds: float, step: float = 1.0) -> list[tuple[Any, ...]]:
        """What is seen one after the other: status, stage, production weights, test weights."""
        seen: list[tuple[Any, ...]] = []
        for _ in range(int(seconds / step)):
            self.aws.advance(step)
            found = self.service_deployment()
            if "lifecycleStage" in found:
                state = (found["status"], found["lifecycleStage"], self.weights(), self.weights(self.test))
                if not seen or seen[-1] != state:
                    seen.append(state)
        return seen


@pytest.fixture
def shop(aws: LocalAws, ecs: Any) -> Shifting:
    return Shifting(aws, ecs)

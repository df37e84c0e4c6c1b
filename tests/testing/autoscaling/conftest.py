"""A service to scale, and short names for what a test says often."""

from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Stage

ID = "service/green/web"
WHERE: Json = {
    "ServiceNamespace": "ecs",
    "ResourceId": ID,
    "ScalableDimension": "ecs:service:DesiredCount",
}
CPU: Json = {
    "TargetValue": 60,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


class Scaling:
    """The service `web` with two tasks, in the cluster `green`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.aws: LocalAws = stage.aws
        self.client: Any = stage.aws.client("application-autoscaling")
        stage.create(desiredCount=2)

    def register(self, low: int | None = 1, high: int | None = 4, **extra: Any) -> str:
        bounds = {"MinCapacity": low, "MaxCapacity": high}
        given = WHERE | {k: v for k, v in bounds.items() if v is not None} | extra
        return str(self.client.register_scalable_target(**given)["ScalableTargetARN"])

    def put(self, name: str = "cpu", configuration: Json | None = None, **extra: Any) -> Json:
        given: Json = {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": configuration or CPU,
        }
        answer: Json = self.client.put_scaling_policy(PolicyName=name, **(WHERE | (extra or given)))
        return answer

    def schedule(self, name: str = "night", **extra: Any) -> None:
        self.client.put_scheduled_action(ScheduledActionName=name, **(WHERE | extra))

    def target(self) -> Json | None:
        found = self.client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[ID])
        return next(iter(found["ScalableTargets"]), None)

    def policies(self) -> list[Json]:
        found: list[Json] = self.client.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=ID)[
            "ScalingPolicies"
        ]
        return found

    def actions(self) -> list[Json]:
        found: list[Json] = self.client.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        return found

    def activities(self, **extra: Any) -> list[Json]:
        found: list[Json] = self.client.describe_scaling_activities(ServiceNamespace="ecs", **extra)[
            "ScalingActivities"
        ]
        return found

    def desired(self) -> int:
        return int(self.stage.look()["desiredCount"])


@pytest.fixture
def scaling(stage: Stage) -> Scaling:
    return Scaling(stage)

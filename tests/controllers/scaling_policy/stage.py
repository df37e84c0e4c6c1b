"""A service of the local AWS, and a process of Apollo that looks after its scaling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, evolve

from apollo.api import Context, Env, Key, Lifecycle, Ref, Resource, Step
from apollo.controllers.scaling_policy import ScalingPolicyController, ScalingSeen
from apollo.engine.substitute import substitute
from apollo.resources.scaling_policy import ScalingPolicySpec
from tests.controllers.pilot import Pilot, deployed

SCALING = ScalingPolicyController()
PLAIN = Lifecycle()
Want = Resource[ScalingPolicySpec]
CPU = {"predefinedMetricType": "ECSServiceAverageCPUUtilization"}
MEMORY = {"predefinedMetricType": "ECSServiceAverageMemoryUtilization"}
PLACE = "service/green/web"


def tracking(name: str, value: float = 60, metric: dict[str, str] = CPU, **more: Any) -> dict[str, Any]:
    config = {"targetValue": value, "predefinedMetricSpecification": metric, **more}
    return {
        "name": name,
        "policyType": "TargetTrackingScaling",
        "targetTrackingScalingPolicyConfiguration": config,
    }


def stepping(name: str, *steps: tuple[float | None, float | None, int], **more: Any) -> dict[str, Any]:
    adjustments = []
    for low, high, adjustment in steps:
        bounds = {"metricIntervalLowerBound": low, "metricIntervalUpperBound": high}
        adjustments.append(
            {n: v for n, v in bounds.items() if v is not None} | {"scalingAdjustment": adjustment}
        )
    config = {"adjustmentType": "ChangeInCapacity", "stepAdjustments": adjustments, **more}
    return {"name": name, "policyType": "StepScaling", "stepScalingPolicyConfiguration": config}


def scheduled(name: str, schedule: str = "cron(0 8 ? * MON-FRI *)", **more: Any) -> dict[str, Any]:
    return {"name": name, "schedule": schedule, "scalableTargetAction": {"minCapacity": 4}, **more}


@define
class Stage:
    """The service web in the cluster green."""

    pilot: Pilot
    environment: str = "stage"

    @classmethod
    async def of(cls, pilot: Pilot, **service: Any) -> Stage:
        await deployed(pilot, **service)
        return cls(pilot)

    @property
    def scaling(self) -> Any:
        """Somebody else's hand."""
        return self.pilot.local.client("application-autoscaling", region="eu-west-1")

    def want(self, name: str = "web", lifecycle: Lifecycle = PLAIN, **spec: Any) -> Want:
        spec = {"service": "web", "minCapacity": 2, "maxCapacity": 10, **spec}
        env = Env(self.environment, region="eu-west-1", cluster="green")
        parsed = ScalingPolicySpec.model_validate(spec).completed(name, env)
        outputs = {Ref("Service", "web", "cluster"): "green", Ref("Service", "web", "name"): "web"}
        key = Key("ScalingPolicy", self.environment, name)
        return Resource(key, name, substitute(parsed, outputs), env, generation="g", lifecycle=lifecycle)

    def ctx(self, *, writable: bool = False) -> Context:
        return self.pilot.ctx(writable)

    async def seen(self, want: Want) -> ScalingSeen | None:
        return await SCALING.observe(self.ctx(), SCALING.identity(want.spec, want.env), want)

    async def steps(self, want: Want) -> list[Step]:
        return list(SCALING.diff(want, await self.seen(want)))

    async def apply(self, want: Want) -> list[Step]:
        sent: list[Step] = []
        for _ in range(50):
            steps = await self.steps(want)
            if not steps:
                return sent
            sent.append(steps[0])
            await SCALING.act(self.ctx(writable=True), steps[0])
        raise AssertionError("the steps do not come to an end")

    def target(self) -> dict[str, Any]:
        found = self.scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        (target,) = [one for one in found if one["ResourceId"] == PLACE]
        return dict(target)

    def tags(self) -> dict[str, str]:
        arn = self.target()["ScalableTargetARN"]
        return dict(self.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])

    def state(self) -> Any:
        """Targets, policies and actions as they are now."""
        (found,) = [value for key, value in _flat(self.pilot.local.snapshot()) if key == "scalableTargets"]
        return found

    def count(self) -> int:
        (service,) = self.pilot.ecs.describe_services(cluster="green", services=["web"])["services"]
        return int(service["desiredCount"])

    def calls(self) -> list[str]:
        made = [request.operation for request in self.pilot.local.mutations()]
        self.pilot.local.clear()
        return made


def _flat(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _flat(item)


def calls(steps: Iterable[Step]) -> list[str]:
    return [step.call.operation for step in steps]


def other(want: Want, **more: Any) -> Want:
    return evolve(want, **more)

"""Native blue/green, linear and canary deployments."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage

AREA = "ECS blue/green, linear, canary"
GUIDE = ecs_guide("deployment-type-blue-green")


def _shifted(s: Stage, **configuration: Any) -> dict[str, Any]:
    """A service behind a listener rule with two target groups; its `loadBalancers` and its rule."""
    blue, green = s.group("blue"), s.group("green")
    forward = {
        "TargetGroups": [
            {"TargetGroupArn": blue, "Weight": 100},
            {"TargetGroupArn": green, "Weight": 0},
        ]
    }
    rule = s.rule(1, "/*", Actions=[{"Type": "forward", "ForwardConfig": forward}])
    [balancer] = s.balanced(blue)
    balancer["advancedConfiguration"] = {
        "alternateTargetGroupArn": green,
        "productionListenerRule": rule,
        "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRoleForLoadBalancers",
    }
    s.running(1, loadBalancers=[balancer], deploymentConfiguration=configuration)
    return {"blue": blue, "green": green, "rule": rule}


def _weights(s: Stage, rule: str) -> dict[str, int]:
    groups = s.rule_of(rule)["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return {group["TargetGroupArn"]: group["Weight"] for group in groups}


@check("ecs.bluegreen.shifts", source=GUIDE, needs=("tasks", "balancer"))
def shifts(s: Stage) -> None:
    """A blue/green deployment ends with all production traffic on the alternate target group."""
    given = _shifted(s, strategy="BLUE_GREEN", bakeTimeInMinutes=1)
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    assert s.deployment()["status"] == "SUCCESSFUL"
    weights = _weights(s, given["rule"])
    assert weights.get(given["green"]) in (1, 100)
    assert not weights.get(given["blue"])


@check(
    "ecs.bluegreen.stages",
    source=ecs("ServiceDeployment"),
    says="The blue service revision is handling 100% of the production traffic.",
    needs=("tasks", "balancer"),
)
def stages(s: Stage) -> None:
    """On the way it goes through its lifecycle stages in their order, the bake time before the clean-up."""
    _shifted(s, strategy="BLUE_GREEN", bakeTimeInMinutes=1)
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    seen: list[str] = []
    for _ in s.watch(900):
        found = s.deployment()
        stage = found.get("lifecycleStage")
        if stage and (not seen or seen[-1] != stage):
            seen.append(stage)
        if found["status"] == "SUCCESSFUL":
            break
    order = ["SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]
    assert [stage for stage in seen if stage in order] == order


@check(
    "ecs.bluegreen.two-revisions",
    source=ecs("DeploymentConfiguration"),
    says=(
        "The time period when both blue and green service revisions are running simultaneously "
        "after the production traffic has shifted."
    ),
    needs=("tasks", "balancer"),
)
def bake(s: Stage) -> None:
    """During the bake time tasks of both revisions run."""
    _shifted(s, strategy="BLUE_GREEN", bakeTimeInMinutes=2)
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    for _ in s.watch(900):
        if s.deployment().get("lifecycleStage") == "BAKE_TIME":
            break
    assert s.deployment()["lifecycleStage"] == "BAKE_TIME"
    assert len({task["taskDefinitionArn"] for task in s.tasks()}) == 2


@check("ecs.canary.first-step", source=ecs("CanaryConfiguration"), needs=("tasks", "balancer"))
def canary(s: Stage) -> None:
    """A canary first gives the new revision its percentage of the traffic, and then all of it."""
    given = _shifted(
        s, strategy="CANARY", canaryConfiguration={"canaryPercent": 20, "canaryBakeTimeInMinutes": 1}
    )
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    seen = []
    for _ in s.watch(900):
        weights = _weights(s, given["rule"])
        share = 100 * weights.get(given["green"], 0) / sum(weights.values())
        if not seen or seen[-1] != share:
            seen.append(share)
        if s.deployment()["status"] == "SUCCESSFUL":
            break
    assert seen == [0, 20, 100]


@check("ecs.linear.steps", source=ecs("LinearConfiguration"), needs=("tasks", "balancer"))
def linear(s: Stage) -> None:
    """A linear deployment moves the traffic in equal steps."""
    given = _shifted(
        s, strategy="LINEAR", linearConfiguration={"stepPercent": 25, "stepBakeTimeInMinutes": 1}
    )
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    seen = []
    for _ in s.watch(1800):
        weights = _weights(s, given["rule"])
        share = 100 * weights.get(given["green"], 0) / sum(weights.values())
        if not seen or seen[-1] != share:
            seen.append(share)
        if s.deployment()["status"] == "SUCCESSFUL":
            break
    assert seen == [0, 25, 50, 75, 100]

"""Native blue/green, linear and canary deployments."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import BREAKER, Stage

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
    seen: list[float] = []
    for _ in s.watch(900, step=10):
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
    seen: list[float] = []
    for _ in s.watch(1800, step=10):
        weights = _weights(s, given["rule"])
        share = 100 * weights.get(given["green"], 0) / sum(weights.values())
        if not seen or seen[-1] != share:
            seen.append(share)
        if s.deployment()["status"] == "SUCCESSFUL":
            break
    assert seen == [0, 25, 50, 75, 100]


@check(
    "ecs.bluegreen.rolls-back",
    source=ecs_guide("deployment-circuit-breaker"),
    needs=("tasks", "balancer"),
)
def rolls_back(s: Stage) -> None:
    """A green revision that crashes never gets traffic, and the blue one goes on."""
    given = _shifted(s, strategy="BLUE_GREEN", bakeTimeInMinutes=1, **BREAKER)
    [old] = s.tasks()
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    ended = ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "SUCCESSFUL", "STOPPED")
    for _ in s.watch(1800, step=5):
        assert not _weights(s, given["rule"]).get(given["green"]), "green got traffic"
        if s.deployment()["status"] in ended:
            break
    assert s.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert [task["taskArn"] for task in s.tasks()] == [old["taskArn"]]


def _pause(s: Stage) -> dict[str, Any]:
    """A blue/green service that pauses before its traffic shifts; its groups and rule, and the hook's id."""
    hook = {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}
    given = _shifted(s, strategy="BLUE_GREEN", bakeTimeInMinutes=0)
    s.update(
        taskDefinition=s.register()["taskDefinitionArn"],
        deploymentConfiguration={"lifecycleHooks": [hook]},
    )
    for _ in s.watch(900):
        hooks = s.deployment().get("lifecycleHookDetails", [])
        waiting = [one for one in hooks if one["status"] == "AWAITING_ACTION"]
        if waiting:
            return given | {"hook": waiting[0]["hookId"]}
    raise AssertionError("the deployment did not pause")


@check(
    "ecs.hook.pause-continue",
    source=ecs("ContinueServiceDeployment"),
    says="the deployment pauses and waits for an explicit action",
    needs=("tasks", "balancer"),
)
def pause_continue(s: Stage) -> None:
    """A PAUSE hook holds the deployment until ContinueServiceDeployment lets it go on."""
    given = _pause(s)
    for _ in s.watch(300, step=10):
        assert not _weights(s, given["rule"]).get(given["green"]), "traffic shifted during the pause"
    arn = s.deployment()["serviceDeploymentArn"]
    s.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=given["hook"])
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    assert s.deployment()["status"] == "SUCCESSFUL"
    assert _weights(s, given["rule"]).get(given["green"])


@check(
    "ecs.hook.pause-rollback",
    source=ecs("ContinueServiceDeployment"),
    says="ROLLBACK - Rolls back the deployment to the previous service revision.",
    needs=("tasks", "balancer"),
)
def pause_rollback(s: Stage) -> None:
    """Or rolls it back, if it is told so."""
    given = _pause(s)
    arn = s.deployment()["serviceDeploymentArn"]
    s.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=given["hook"], action="ROLLBACK")
    s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
    assert s.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert not _weights(s, given["rule"]).get(given["green"])


@check(
    "ecs.canary.range",
    source=ecs("CanaryConfiguration"),
    says="Valid values are multiples of 0.1 from 0.1 to 100.0.",
)
def canary_range(s: Stage) -> None:
    """A canary of 0 or of 101 percent is refused."""
    for percent in (0.0, 101.0):
        with s.refused("InvalidParameterException", "ClientException"):
            s.service(
                deploymentConfiguration={
                    "strategy": "CANARY",
                    "canaryConfiguration": {"canaryPercent": percent},
                }
            )


@check(
    "ecs.linear.range",
    source=ecs("LinearConfiguration"),
    says="Valid values are multiples of 0.1 from 3.0 to 100.0.",
)
def linear_range(s: Stage) -> None:
    """A step of 2 percent is refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.service(deploymentConfiguration={"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.0}})


@check(
    "ecs.rollout.alarm",
    source=ecs_guide("deployment-alarm-failure"),
    needs=("tasks",),
)
def alarm(s: Stage) -> None:
    """An alarm that goes off during a deployment rolls it back."""
    name = s.name("errors")
    alarms = {"alarmNames": [name], "enable": True, "rollback": True}
    with s.target.alarm(name) as goes_off:
        good = s.running(1, deploymentConfiguration={"alarms": alarms})["taskDefinition"]
        s.update(taskDefinition=s.register()["taskDefinitionArn"])
        goes_off()
        s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
        assert s.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
        assert s.look()["taskDefinition"] == good

"""Rolling deployments over time: percentages, the circuit breaker, rollbacks, events."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import BREAKER, Stage

AREA = "ECS rollouts"
BREAKER_GUIDE = ecs_guide("deployment-circuit-breaker")
EVENTS_GUIDE = ecs_guide("service-event-messages-list")
STATES = ecs("Deployment")


def _bounds(s: Stage, least: int, most: int, **extra: Any) -> None:
    """Roll four tasks to a new revision; running and started ones keep within the bounds all the time."""
    s.running(4, **extra)
    arn = s.register()["taskDefinitionArn"]
    s.update(taskDefinition=arn)
    for _ in s.watch():
        service = s.look()
        assert service["runningCount"] >= least, f"only {service['runningCount']} run"
        total = service["runningCount"] + service["pendingCount"]
        assert total <= most, f"{total} run or are pending"
        if s.is_steady():
            break
    assert s.is_steady(), "the rollout did not come to its end"
    assert {task["taskDefinitionArn"] for task in s.tasks()} == {arn}


@check(
    "ecs.rollout.default-bounds",
    source=ecs("DeploymentConfiguration"),
    says="the scheduler may start four new tasks before stopping the four older tasks",
    needs=("tasks",),
)
def default_bounds(s: Stage) -> None:
    """With 100 and 200 percent, four tasks never go below four nor above eight."""
    _bounds(s, 4, 8)


@check(
    "ecs.rollout.maximum-percent",
    source=ecs("DeploymentConfiguration"),
    says="as a percentage of the desiredCount (rounded down to the nearest integer)",
    needs=("tasks",),
)
def maximum_percent(s: Stage) -> None:
    """With 100 and 130 percent, four tasks are at most five."""
    _bounds(s, 4, 5, deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 130})


@check(
    "ecs.rollout.minimum-percent",
    source=ecs("DeploymentConfiguration"),
    says=(
        "the service scheduler may stop two existing tasks to free up cluster capacity before "
        "starting two new tasks"
    ),
    needs=("tasks",),
)
def minimum_percent(s: Stage) -> None:
    """With 50 and 100 percent, four tasks are at least two and at most four, and all get replaced."""
    _bounds(s, 2, 4, deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 100})


@check(
    "ecs.rollout.new-before-old",
    source=ecs("UpdateService"),
    says=(
        "Amazon ECS spawns a task with the new version of the task definition and then stops an "
        "old task after the new version is running"
    ),
    needs=("tasks",),
)
def new_before_old(s: Stage) -> None:
    """The old task stops only after the new one runs."""
    s.running(1)
    [old] = s.tasks()
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    for _ in s.watch():
        running = [task for task in s.tasks() if task["lastStatus"] == "RUNNING"]
        assert running, "a moment without a running task"
        if s.is_steady():
            break
    s.steady()
    new, gone = s.tasks()[0], s.task(old["taskArn"])
    assert gone["stoppingAt"] >= new["startedAt"]


@check(
    "ecs.rollout.old-deployment-goes",
    source=STATES,
    says="A deployment that has been completely replaced.",
    needs=("task",),
)
def old_goes(s: Stage) -> None:
    """When the old tasks have stopped, only the PRIMARY deployment is left, COMPLETED."""
    s.running(1)
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    [deployment] = s.steady()["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."


@check(
    "ecs.rollout.started-by",
    source=ecs("Task"),
    says="the startedBy parameter contains the deployment ID of that service",
    needs=("task",),
)
def started_by(s: Stage) -> None:
    """A service's task says by which deployment and in which group it was started."""
    service = s.running(1)
    [task] = s.tasks()
    assert task["startedBy"] == service["deployments"][0]["id"]
    assert task["group"] == f"service:{s.name('web')}"


@check(
    "ecs.rollout.replaces-stopped",
    source=ecs("CreateService"),
    says=(
        "If the number of tasks running in a service drops below the desiredCount , Amazon ECS "
        "runs another copy of the task in the specified cluster."
    ),
    needs=("task",),
)
def replaces_stopped(s: Stage) -> None:
    """A task that is stopped is replaced by another."""
    s.running(1)
    [before] = s.tasks()
    s.ecs.stop_task(cluster=s.cluster, task=before["taskArn"])
    s.settle(lambda: s.look()["runningCount"] == 1 and s.tasks()[0]["taskArn"] != before["taskArn"])
    [after] = s.tasks()
    assert after["taskArn"] != before["taskArn"]
    assert after["lastStatus"] == "RUNNING"


@check("ecs.rollout.slow-without-breaker", source=ecs_guide("service-throttle-logic"), needs=("task",))
def no_breaker(s: Stage) -> None:
    """Without the circuit breaker a deployment of crashing tasks stays IN_PROGRESS, and the old task runs on."""
    s.running(1)
    [old] = s.tasks()
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    failed = 0
    for _ in s.watch(600):
        failed = max(failed, s.look()["deployments"][0].get("failedTasks", 0))
    first = s.look()["deployments"][0]
    assert (first["status"], first["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert failed > 3
    assert s.task(old["taskArn"])["lastStatus"] == "RUNNING"


@check(
    "ecs.rollout.breaker.fails",
    source=STATES,
    says=(
        "If the service fails to reach a steady state and circuit breaker is turned on, the "
        "deployment transitions to a FAILED state."
    ),
    needs=("task",),
)
def breaker_fails(s: Stage) -> None:
    """With the breaker on and rollback off, crashing tasks make the deployment FAILED, and it stays."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    [deployment] = s.look()["deployments"]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."


@check(
    "ecs.rollout.breaker.no-more-tasks",
    source=STATES,
    says="A deployment in FAILED state doesn't launch any new tasks.",
    needs=("task",),
)
def no_more_tasks(s: Stage) -> None:
    """A FAILED deployment starts no further tasks."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["rolloutState"] == "FAILED"
    s.settle(lambda: not s.tasks())
    assert s.tasks() == []
    for _ in s.watch(120):
        assert s.tasks() == [], "a task was started"


@check("ecs.rollout.breaker.threshold", source=BREAKER_GUIDE, needs=("task",))
def threshold(s: Stage) -> None:
    """A service of one task takes three failures: half of one, but at least three."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["failedTasks"] == 3


@check(
    "ecs.rollout.breaker.threshold-count",
    source=ecs("DeploymentCircuitBreaker"),
    says=(
        "The type and value together determine how many task failures are tolerated before the "
        "circuit breaker activates."
    ),
    needs=("task",),
)
def threshold_count(s: Stage) -> None:
    """A threshold of five by COUNT takes five failures."""
    breaker = {
        "enable": True,
        "rollback": False,
        "thresholdConfiguration": {"type": "COUNT", "value": 5},
    }
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["failedTasks"] == 5


def _rolled_back(s: Stage, behaviour: str) -> dict[str, Any]:
    """A service with a good revision gets a bad one; the service after it has settled."""
    good = s.running(1, deploymentConfiguration=BREAKER)["taskDefinition"]
    s.update(taskDefinition=s.register("web", behaviour)["taskDefinitionArn"])
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"] == good)
    service = s.look()
    assert service["taskDefinition"] == good
    assert service["runningCount"] == 1
    return service


@check(
    "ecs.rollout.rollback.crash",
    source=ecs("DeploymentCircuitBreaker"),
    says=(
        "If rollback is on, when a service deployment fails, the service is rolled back to the "
        "last deployment that completed successfully."
    ),
    needs=("task",),
)
def rollback_crash(s: Stage) -> None:
    """With rollback on, a crashing revision gives way to the last that completed."""
    [deployment] = _rolled_back(s, "crash")["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")


@check("ecs.rollout.rollback.no-pull", source=BREAKER_GUIDE, needs=("task",))
def rollback_no_pull(s: Stage) -> None:
    """So does one whose image cannot be pulled."""
    _rolled_back(s, "nopull")


@check("ecs.rollout.rollback.unhealthy", source=BREAKER_GUIDE, needs=("task",))
def rollback_unhealthy(s: Stage) -> None:
    """So does one that fails its container health check."""
    _rolled_back(s, "unhealthy")


@check("ecs.rollout.rollback.keeps-good-tasks", source=BREAKER_GUIDE, needs=("task",))
def keeps_good_tasks(s: Stage) -> None:
    """The healthy task of the old revision lives through the failed deployment and the rollback."""
    s.running(1, deploymentConfiguration=BREAKER)
    [old] = s.tasks()
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"].endswith(":1"))
    assert s.look()["taskDefinition"].endswith(":1")
    assert [task["taskArn"] for task in s.tasks()] == [old["taskArn"]]


@check("ecs.rollout.rollback.reason", source=BREAKER_GUIDE, needs=("task",))
def rollback_reason(s: Stage) -> None:
    """While it is FAILED and ACTIVE, the bad deployment says why, and the new PRIMARY that it rolls back."""
    s.running(1, deploymentConfiguration=BREAKER)
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    seen: list[dict[str, Any]] = []
    for _ in s.watch(600):
        seen = s.look()["deployments"]
        if any(d.get("rolloutState") == "FAILED" for d in seen):
            break
    by_state = {d.get("rolloutState"): d for d in seen}
    assert by_state["FAILED"]["rolloutStateReason"] == (
        "ECS deployment circuit breaker: tasks failed to start."
    )
    assert "rolling back to deploymentId" in by_state["IN_PROGRESS"]["rolloutStateReason"]
    assert by_state["IN_PROGRESS"]["status"] == "PRIMARY"


@check("ecs.rollout.rollback.none-completed", source=BREAKER_GUIDE, needs=("task",))
def none_completed(s: Stage) -> None:
    """Without an earlier deployment that completed, the deployment stays FAILED and nothing is started."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration=BREAKER,
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    [deployment] = s.look()["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "FAILED")


@check(
    "ecs.rollout.failed-tasks-reset",
    source=STATES,
    says=(
        "Once a service deployment has one or more successfully running tasks, the failed task "
        "count resets to zero and stops being evaluated."
    ),
    needs=("task",),
)
def failed_reset(s: Stage) -> None:
    """A completed deployment has no failed tasks."""
    assert s.running(1)["deployments"][0]["failedTasks"] == 0


@check("ecs.rollout.events.steady", source=EVENTS_GUIDE, needs=("task",))
def event_steady(s: Stage) -> None:
    """Starting tasks and reaching a steady state are told, newest first."""
    s.running(1)
    messages = [event["message"] for event in s.look()["events"]]
    assert messages[0] == f"(service {s.name('web')}) has reached a steady state."
    assert any(
        message.startswith(f"(service {s.name('web')}) has started 1 tasks: (task ") for message in messages
    )


@check("ecs.rollout.events.completed", source=EVENTS_GUIDE, needs=("task",))
def event_completed(s: Stage) -> None:
    """A deployment that completes is told by its id."""
    deployment = s.running(1)["deployments"][0]["id"]
    text = f"(service {s.name('web')}) (deployment {deployment}) deployment completed."
    assert text in [event["message"] for event in s.look()["events"]]


@check("ecs.rollout.events.failed", source=BREAKER_GUIDE, needs=("task",))
def event_failed(s: Stage) -> None:
    """A deployment that fails is told, and that it is rolled back."""
    s.running(1, deploymentConfiguration=BREAKER)
    bad = s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])["deployments"][0]["id"]
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"].endswith(":1"))
    messages = [event["message"] for event in s.look()["events"]]
    assert (
        f"(service {s.name('web')}) (deployment {bad}) deployment failed: tasks failed to start." in messages
    )
    assert any("rolling back to deployment" in message for message in messages)


@check(
    "ecs.rollout.events.hundred",
    source=ecs("Service"),
    says="A maximum of 100 of the latest events are displayed.",
    needs=("tasks",),
)
def hundred_events(s: Stage) -> None:
    """No more than a hundred events are shown."""
    s.service(taskDefinition=s.register("web", "crash")["taskDefinitionArn"], desiredCount=1)
    for _ in s.watch(36_000, step=300):
        pass
    assert 3 < len(s.look()["events"]) <= 100


@check("ecs.rollout.targets", source=ecs_guide("service-load-balancing"), needs=("task", "balancer"))
def targets(s: Stage) -> None:
    """A service's task is registered in its target group under its address and becomes healthy."""
    arn = s.used_group()
    s.running(1, loadBalancers=s.balanced(arn))
    [task] = s.tasks()
    [target] = s.health(arn)
    details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
    assert target["Target"]["Id"] == details["privateIPv4Address"]
    assert target["Target"]["Port"] == 80
    assert target["TargetHealth"]["State"] == "healthy"


@check(
    "ecs.rollout.targets-initial",
    source=ecs("CreateService"),
    says=(
        "Tasks for services that use a load balancer are considered healthy if they're in the "
        "RUNNING state and are reported as healthy by the load balancer."
    ),
    needs=("task", "balancer"),
)
def waits_for_targets(s: Stage) -> None:
    """A deployment is not COMPLETED before its target is healthy."""
    arn = s.used_group()
    s.service(desiredCount=1, loadBalancers=s.balanced(arn))
    states = set()
    for _ in s.watch():
        health = [target["TargetHealth"]["State"] for target in s.health(arn)]
        states.update(health)
        if s.look()["deployments"][0].get("rolloutState") == "COMPLETED":
            break
    assert s.look()["deployments"][0]["rolloutState"] == "COMPLETED"
    assert "initial" in states
    assert [target["TargetHealth"]["State"] for target in s.health(arn)] == ["healthy"]


@check("ecs.rollout.targets-leave", source=ecs("DeleteService"), needs=("task", "balancer"))
def targets_leave(s: Stage) -> None:
    """The targets of a deleted service leave the target group."""
    arn = s.used_group()
    s.running(1, loadBalancers=s.balanced(arn))
    assert len(s.health(arn)) == 1
    s.delete(force=True)
    s.settle(lambda: not s.health(arn))
    assert s.health(arn) == []


@check(
    "ecs.rollout.capacity-base",
    source=ecs("CapacityProviderStrategyItem"),
    says="Base requirements are satisfied first before weight distribution",
    needs=("tasks",),
)
def capacity(s: Stage) -> None:
    """Base first, then by weight: five tasks with base 1 on one and weights 1 to 3 are two and three."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    s.running(5, launchType=None, capacityProviderStrategy=strategy)
    used = [task.get("capacityProviderName") for task in s.tasks()]
    assert (used.count("FARGATE"), used.count("FARGATE_SPOT")) == (2, 3)

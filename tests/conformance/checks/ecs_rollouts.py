"""Rolling deployments over time: percentages, capacity, targets, events."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, is_steady

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
        if is_steady(service):
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


@check(
    "ecs.rollout.spread",
    source=ecs("CreateService"),
    says="By default, the service scheduler spreads tasks across Availability Zones.",
    needs=("tasks",),
)
def spread(s: Stage) -> None:
    """Two tasks are in two zones, and still are after more came and went."""
    s.running(2)
    for count in (4, 2):
        assert len({task["availabilityZone"] for task in s.tasks()}) == 2
        s.update(desiredCount=count)
        s.settle(lambda: s.is_steady())
    zones = [task["availabilityZone"] for task in s.tasks() if task["desiredStatus"] == "RUNNING"]
    assert len(zones) == len(set(zones)) == 2


@check("ecs.event.pull", source=ecs_guide("service-event-messages-list"), needs=("task",))
def event_of_a_pull(s: Stage) -> None:
    """On Fargate an image that cannot be pulled is an event of the service, with the reason."""
    bad = s.register("bad", "nopull")["taskDefinitionArn"]
    s.service(taskDefinition=bad, desiredCount=1)
    wanted = "was unable to place a task. Reason: CannotPullContainerError"
    for _ in s.watch():
        if any(wanted in event["message"] for event in s.look()["events"]):
            break
    assert any(wanted in event["message"] for event in s.look()["events"])

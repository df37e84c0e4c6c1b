"""How a task begins and ends. The behaviour of its images is decided when it starts.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from apollo.testing.news.delivery import MISSING_GROUP, lacks_log_group
from apollo.testing.scenarios import OK, Scenario
from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import (
    INF,
    Cluster,
    Deployment,
    Json,
    Service,
    Tags,
    Task,
    TaskDefinition,
)

_DEFAULT_HEALTH = {"interval": 10, "retries": 3}
"""For an image that is never healthy in a task that checks nothing: it has to show somehow."""


def behaviour_of(ecs: Region, definition: TaskDefinition) -> tuple[Scenario, Json]:
    """How a task that starts now behaves: the first misbehaving container decides, essential ones first."""
    containers = sorted(definition.containers, key=lambda c: not c.get("essential", True))
    for container in containers:
        scenario = ecs.world.scenarios.of(container["image"])
        if scenario.behaviour != "ok":
            return scenario, container
    return OK, containers[0]


def start_task(
    ecs: Region,
    cluster: Cluster,
    definition: TaskDefinition,
    at: float,
    *,
    behaviour: tuple[Scenario, Json],
    group: str,
    launch: Json,
    tags: Tags,
    instance: str = "",
    place: tuple[str, str],
    service: Service | None = None,
    deployment: Deployment | None = None,
    started_by: str = "",
) -> Task:
    timings = ecs.world.timings
    scenario, container = behaviour
    pending = at + timings.provisioning
    activating = pending + (timings.slow if scenario.behaviour == "slow" else timings.pulling)
    running = activating + timings.activating
    checks = [
        c["healthCheck"] for c in definition.containers if "healthCheck" in c and c.get("essential", True)
    ]
    balancers = deployment.revision.targets if deployment is not None else []
    healthy = running
    if checks:
        healthy = max(healthy, running + timings.container_healthy)
    if balancers:
        healthy = max(healthy, running + timings.target_healthy)
    counted = healthy if checks or balancers else running + timings.unchecked
    fail_at = INF
    fail: tuple[str, str, str | None, int | None] | None = None
    match "nolog" if lacks_log_group(ecs, definition) else scenario.behaviour:
        case "nolog":
            fail_at, fail = pending + timings.pull_failure, ("TaskFailedToStart", MISSING_GROUP, None, None)
            activating = running = healthy = counted = INF
        case "nopull":
            reason = text.pull_failed(container["image"])
            fail_at, fail = pending + timings.pull_failure, ("TaskFailedToStart", reason, reason, None)
            activating = running = healthy = counted = INF
        case "crash" | "exit":
            code = scenario.exit_code
            if code is None:
                code = 1 if scenario.behaviour == "crash" else 0
            fail = ("EssentialContainerExited", text.ESSENTIAL_EXITED, None, code)
            if scenario.behaviour == "crash" and scenario.after is None:
                fail_at, running, healthy, counted = running, INF, INF, INF
            else:
                fail_at = running + (scenario.after or 0.0)
        case "unhealthy":
            grace = float(service.fields["healthCheckGracePeriodSeconds"]) if service is not None else 0.0
            if checks or not balancers:
                check = checks[0] if checks else _DEFAULT_HEALTH
                wait = check.get("startPeriod", 0) + check["interval"] * check["retries"]
                reason = text.CONTAINER_HEALTH
            else:
                wait = grace + timings.target_unhealthy
                reason = text.load_balancer_health(balancers[0][0])
            healthy = counted = INF
            fail_at, fail = running + max(wait, grace), ("ServiceSchedulerInitiated", reason, None, 143)
    task_id = ecs.world.ids.hex(32)
    task = Task(
        task_id,
        ecs.arn("task", f"{cluster.name}/{task_id}"),
        cluster,
        definition,
        group,
        at,
        pending,
        activating,
        running,
        healthy,
        counted,
        fail_at,
        fail,
        container["name"],
        checked=bool(checks),
        unhealthy=scenario.behaviour == "unhealthy",
        started_by=started_by,
        service=service,
        deployment=deployment,
        launch=launch,
        instance=instance,
        zone=place[0],
        subnet=place[1],
        tags=tags,
    )
    ecs.tasks[task_id] = task
    return task


def stop_task(ecs: Region, task: Task, at: float, code: str, reason: str, exit_code: int | None = 0) -> None:
    """Tell a task to stop: out of the load balancer, SIGTERM, the network interface given back."""
    timings = ecs.world.timings
    runs = at >= task.running_at
    deregistering = 0.0
    if runs:
        balanced = task.deployment is not None and task.deployment.revision.config.get("loadBalancers")
        deregistering = timings.deregistration if balanced else timings.deactivating
    _end(ecs, task, at, deregistering, timings.stopping if runs else 0.0)
    task.stop_code, task.stopped_reason = code, reason
    task.exit_code = exit_code if runs else None


def fail_due(ecs: Region, task: Task, at: float) -> None:
    """The failure that the scenario had planned happens now."""
    assert task.fail is not None
    code, reason, container_reason, exit_code = task.fail
    if code == "ServiceSchedulerInitiated":
        stop_task(ecs, task, at, code, reason, exit_code)
        return
    _end(ecs, task, at, 0.0, 0.0)
    task.stop_code, task.stopped_reason = code, reason
    task.container_reason, task.exit_code = container_reason, exit_code


def _end(ecs: Region, task: Task, at: float, deactivating: float, stopping: float) -> None:
    task.stop_at = at
    task.stopping_at = at + deactivating
    task.deprovisioning_at = task.stopping_at + stopping
    task.stopped_at = task.deprovisioning_at + ecs.world.timings.deprovisioning

"""The service scheduler: brings a service to its desired state, event by event, over virtual time.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

import math

from apollo.testing.services.ecs import stages, text
from apollo.testing.services.ecs.breaker import noticed_failure, noticed_health, tripped
from apollo.testing.services.ecs.lifecycle import fail_due
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.rollback import ALARM, BREAKER, fail_deployment, start_rollback
from apollo.testing.services.ecs.staffing import start, stop, tell_drained, tell_registered
from apollo.testing.services.ecs.state import INF, Service, Task
from apollo.testing.services.ecs.upkeep import keep
from apollo.testing.services.ecs.watch import alarmed, complete, releases_old, stands, succeeded
from apollo.testing.services.ecs.zones import surplus


def wake(ecs: Region, service: Service, now: float) -> None:
    """Something was changed by a call: the scheduler looks soon."""
    service.version += 1
    service.wake_at = now + ecs.world.timings.scheduler
    service.next_at = min(service.next_at, service.wake_at)
    if not service.external:
        stages.plan(ecs, service)


def step(ecs: Region, service: Service, now: float) -> None:
    """Live through everything that happened until now."""
    while service.next_at <= now:
        _tick(ecs, service, service.next_at)


def _tick(ecs: Region, service: Service, at: float) -> None:
    service.version += 1
    if service.wake_at <= at:
        service.wake_at = INF
    failures = _notice(ecs, service, at)
    if service.status == "ACTIVE" and service.external:
        if failures:
            _throttle(ecs, service, at)
        keep(ecs, service, at)
    elif service.status == "ACTIVE":
        _deployment_state(ecs, service, at)
        if failures:
            _throttle(ecs, service, at)
        if tripped(service):
            fail_deployment(service, at, BREAKER)
        elif names := alarmed(ecs, service):
            service.current.alarmed = names
            fail_deployment(service, at, ALARM)
        if service.current.shifting:
            stages.advance(ecs, service, at)
        else:
            _schedule(ecs, service, at)
        _conclude(ecs, service, at)
    elif service.status == "DRAINING":
        _drain(ecs, service, at)
    coming = [task.next_change(at) for task in service.tasks]
    coming += [t for t in (service.wake_at, service.throttled_until, service.blocked_until) if t > at]
    if service.drained_at > at:
        coming.append(service.drained_at)
    if service.external:
        service.next_at = min(coming, default=INF)
        return
    if service.current.baked_at > at:
        coming.append(service.current.baked_at)
    if service.current.shifting and service.current.shift is not None and service.current.shift.next_at > at:
        coming.append(service.current.shift.next_at)
    service.next_at = min(coming, default=INF)
    stages.plan(ecs, service)


def _notice(ecs: Region, service: Service, at: float) -> bool:
    """What the tasks did since the last look; whether one failed without ever running."""
    failures = False
    gone = False
    begun: list[Task] = []
    ended: list[Task] = []
    refused: dict[str, None] = {}
    for task in service.tasks:
        if task.live:
            if not task.ran and task.running_at <= at:
                task.ran = True
                service.failed_rounds = 0
                begun.append(task)
            if not task.well and task.healthy_at <= at:
                task.well = True
                noticed_health(service, task)
            if task.fail_at <= at:
                fail_due(ecs, task, task.fail_at)
                service.steady = False
                noticed_failure(service, task)
                failures |= not task.ran
                if task.ran:
                    ended.append(task)
                if task.unhealthy:
                    _unhealthy_event(service, task, at)
                    service.unhealthy += 1
                elif task.stop_code == "TaskFailedToStart" and task.launch["launchType"] == "FARGATE":
                    refused[str(task.stopped_reason)] = None
        gone |= task.stopped_at <= at
    if begun or ended:
        tell_registered(service, begun, at)
        tell_drained(service, ended, at)
    for reason in refused:
        service.say(at, text.not_started(service.name, reason))
    if gone:
        for task in service.tasks:
            if task.stopped_at <= at:
                ecs.retire(task)
        service.tasks = [task for task in service.tasks if task.stopped_at > at]
    return failures


def _unhealthy_event(service: Service, task: Task, at: float) -> None:
    assert task.deployment is not None
    targets = task.deployment.revision.targets
    if targets and not task.checked:
        group, port = targets[0]
        message = text.unhealthy_target(service.name, task.id, port, group)
    else:
        message = text.unhealthy_container(service.name, task.id)
    service.say(at, message)


def _deployment_state(ecs: Region, service: Service, at: float) -> None:
    current = service.current
    if current.status == "PENDING":
        current.status = "IN_PROGRESS"
        current.started_at = current.updated_at = at
        stages.begin(ecs, service, at)
    elif current.status == "ROLLBACK_REQUESTED":
        start_rollback(service, at, None)


def _throttle(ecs: Region, service: Service, at: float) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html"""
    timings = ecs.world.timings
    service.failed_rounds += 1
    extra = service.failed_rounds - timings.throttle_rounds
    if extra >= 0:
        service.throttled_until = at + min(
            timings.throttle_most, timings.throttle_first * 2.0 ** min(extra, 20)
        )
        service.say(at, text.throttled(service.name))


def _schedule(ecs: Region, service: Service, at: float) -> None:
    """Start and stop tasks within minimumHealthyPercent and maximumPercent.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    """
    primary = service.primary
    if primary.rollout_state == "FAILED":
        return  # "A deployment in FAILED state doesn't launch any new tasks."
    desired = primary.desired = service.desired
    live = [task for task in service.tasks if task.live]
    # Tasks on container instances that are draining "are stopped and replaced according to the service's
    # deployment configuration" (API_UpdateContainerInstancesState), as those of an old deployment are.
    gone = service.cluster.draining()
    mine = [task for task in live if task.deployment is primary and task.instance not in gone]
    old = [task for task in live if task.deployment is not primary or task.instance in gone]
    missing = desired - len(mine)
    stops: list[Task] = []
    starts = max(0, missing)
    if missing < 0:
        free = [task for task in mine if task.protected_until <= at]
        stops += surplus(free, -missing)
    if old:
        configuration = service.fields["deploymentConfiguration"]
        least = math.ceil(desired * configuration["minimumHealthyPercent"] / 100)
        most = math.floor(desired * configuration["maximumPercent"] / 100)
        idle = [task for task in old if not task.well and task.protected_until <= at]
        serving = [task for task in old if task.well]
        free = [task for task in serving if task.protected_until <= at]
        healthy = sum(task.counted_at <= at for task in mine) + len(serving)
        room = most - (len(live) - len(idle) - len(stops))
        blocked = max(0, missing - max(0, room))
        replaced = min(len(serving), healthy - least, max(healthy - desired, blocked))
        stops += idle
        if releases_old(ecs, service, at):
            stops += free
        elif replaced > 0:
            stops += free[:replaced]
        starts = max(0, min(missing, most - (len(live) - len(stops))))
        _note_stuck(service, at, bool(missing > 0 and not starts and not stops), mine)
    if at < service.throttled_until or at < service.blocked_until:
        starts = 0
    if stops:
        stop(ecs, service, stops, at)
    if starts:
        start(ecs, service, primary, starts, at)


def _note_stuck(service: Service, at: float, idle: bool, mine: list[Task]) -> None:
    stuck = idle and all(task.counted_at <= at for task in mine)
    if stuck and not service.stuck:
        service.say(at, text.stuck(service.name))
    service.stuck = stuck


def _conclude(ecs: Region, service: Service, at: float) -> None:
    """Old deployments that have no task left go; a deployment that stands is COMPLETED."""
    primary = service.primary
    if len(service.deployments) > 1:
        used = {id(task.deployment) for task in service.tasks}
        if service.current.shift is not None and service.current.shifting:
            used.add(id(service.current.shift.blue))
        service.deployments = [d for d in service.deployments if d is primary or id(d) in used]
    if primary.rollout_state == "FAILED" or service.current.shifting:
        return
    live = [task for task in service.tasks if task.live]
    if primary.rollout_state == "IN_PROGRESS" and succeeded(ecs, service, live, at):
        complete(service, at)
    if not service.steady and stands(service, live):
        service.steady = True
        service.say(at, text.steady(service.name))


def _drain(ecs: Region, service: Service, at: float) -> None:
    """To INACTIVE "after all tasks have transitioned to either STOPPING or STOPPED status".

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    live = [task for task in service.tasks if task.live]
    if live:
        stop(ecs, service, live, at)
    if at >= service.drained_at and all(task.stopping_at <= at for task in service.tasks):
        service.status = "INACTIVE"
        service.drained_at = INF
        service.deployments = service.deployments[:1]
        service.task_sets.clear()

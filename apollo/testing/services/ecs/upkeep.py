"""Keeping the tasks of task sets: as many in each as its scale says."""

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.staffing import start, stop
from apollo.testing.services.ecs.state import Service
from apollo.testing.services.ecs.task_set_view import wanted
from apollo.testing.services.ecs.zones import surplus


def keep(ecs: Region, service: Service, at: float) -> None:
    """Start and stop tasks; a deleted task set goes when its last task has stopped."""
    blocked = at < service.throttled_until or at < service.blocked_until
    gone = service.cluster.draining()
    for task_set in service.task_sets:
        mine = [task for task in service.tasks if task.deployment is task_set.deployment]
        live = [task for task in mine if task.live and task.instance not in gone]
        count = wanted(service, task_set)
        if len(live) > count:
            stop(ecs, service, surplus(live, len(live) - count), at)
        elif len(live) < count and not blocked:
            start(ecs, service, task_set.deployment, count - len(live), at)
            live = [t for t in service.tasks if t.live and t.deployment is task_set.deployment]
            live = [task for task in live if task.instance not in gone]
        leaving = [task for task in mine if task.live and task.instance in gone]
        replaced = len(live) >= count and all(task.well for task in live)
        stop(ecs, service, [task for task in leaving if replaced or not task.well], at)
        # "The task runningCount is equal to the computedDesiredCount. The pendingCount is 0. … All tasks are
        # reporting a healthy status" (API_TaskSet)
        stable = len(live) == count and all(task.well for task in live)
        if stable != task_set.stable:
            task_set.stable, task_set.stable_since = stable, at
    used = {id(task.deployment) for task in service.tasks}
    service.task_sets = [
        known
        for known in service.task_sets
        if known.deployment.status != "DRAINING" or id(known.deployment) in used
    ]
    steady = bool(service.task_sets) and all(known.stable for known in service.task_sets)
    if steady and not service.steady:
        service.say(at, text.steady(service.name))
    service.steady = steady

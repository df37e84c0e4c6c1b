"""Task scale-in protection.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
"""

from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.scheduler import wake
from apollo.testing.services.ecs.state import Cluster, Json, Service, Task
from apollo.testing.services.ecs.tasks import find
from apollo.testing.world import Call

_DEFAULT = 120
_LONGEST = 2880


def update(ecs: Region, call: Call) -> Json:
    """Two hours unless it is said how long; what is protected already is protected anew.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html
    """
    p = call.params
    names, enabled = p["tasks"], p["protectionEnabled"]
    minutes = p.get("expiresInMinutes", _DEFAULT)
    if not 1 <= len(names) <= 10:
        raise invalid("tasks must have between 1 and 10 items.")
    if enabled and not 1 <= minutes <= _LONGEST:
        raise invalid(f"expiresInMinutes must be between 1 and {_LONGEST}.")
    cluster = ecs.cluster(p["cluster"])
    found, failures = _split(ecs, cluster, names)
    done = []
    for task in found:
        assert task.service is not None
        if enabled and _blocked(task.service, task, call.now):
            failures.append({"arn": task.arn, "reason": "DEPLOYMENT_BLOCKED"})
            continue
        task.protected_until = call.now + minutes * 60.0 if enabled else 0.0
        wake(ecs, task.service, call.now)
        done.append(_view(task, call.now))
    return {"protectedTasks": done, "failures": failures}


def get(ecs: Region, call: Call) -> Json:
    """Without tasks, those of the cluster that are protected.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html
    """
    p = call.params
    names = p.get("tasks", [])
    if len(names) > 100:
        raise invalid("tasks can have at most 100 items.")
    cluster = ecs.cluster(p["cluster"])
    found, failures = _split(ecs, cluster, names)
    if not names:
        ecs.step_cluster(cluster)
        found = [t for s in cluster.services.values() for t in s.tasks if t.protected_until > call.now]
    return {"protectedTasks": [_view(task, call.now) for task in found], "failures": failures}


def _split(ecs: Region, cluster: Cluster, names: list[str]) -> tuple[list[Task], list[Json]]:
    """The tasks of services, and why the others are not.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    found, failures = [], []
    for name in names:
        task = find(ecs, cluster, name)
        arn = name if name.startswith("arn:") else ecs.arn("task", f"{cluster.name}/{name}")
        if task is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        elif task.service is None or not task.live:
            failures.append({"arn": task.arn, "reason": "TASK_NOT_VALID"})
        else:
            found.append(task)
    return found, failures


def _blocked(service: Service, task: Task, now: float) -> bool:
    """ "Can't set task protection as one or more protected tasks are preventing the service deployment from
    reaching a steady state." """
    return not service.external and any(
        other.live and other.protected_until > now and other.deployment is not service.primary
        for other in service.tasks
        if other is not task
    )


def _view(task: Task, now: float) -> Json:
    if task.protected_until <= now:
        return {"taskArn": task.arn, "protectionEnabled": False}
    return {"taskArn": task.arn, "protectionEnabled": True, "expirationDate": task.protected_until}

"""ECS's events as EventBridge delivers them, seen from the state that they tell of."""

from datetime import UTC, datetime
from typing import Any

from apollo.testing.ids import Ids
from apollo.testing.services.ecs import task_view
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import INF, Deployment, Service, Task

Event = dict[str, Any]

_TIMES = frozenset(
    {"connectivityAt", "createdAt", "executionStoppedAt", "lastStartedAt", "pullStartedAt", "pullStoppedAt"}
    | {"startedAt", "stoppedAt", "stoppingAt"}
)
_ENDED = ("stopCode", "stoppedReason", "stoppingAt", "stoppedAt", "executionStoppedAt")

_ACTIONS = (
    ("has reached a steady state", "INFO", "SERVICE_STEADY_STATE"),
    ("is unable to consistently start tasks", "WARN", "SERVICE_TASK_START_IMPAIRED"),
    ("was unable to place a task", "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE"),
)
"""Of the messages in a service's `events`, those of which EventBridge hears, too."""
_NO_PLACEMENT = ("Reason: CannotPull", "Reason: ResourceInitializationError")
"""What is said of a task that had its place, and could not start there."""


def moments(task: Task) -> list[tuple[float, str]]:
    """When a task changes its status, as far as is settled now."""
    before = [
        (task.created_at, "PROVISIONING"),
        (task.pending_at, "PENDING"),
        (task.activating_at, "ACTIVATING"),
        (task.running_at, "RUNNING"),
    ]
    after = [
        (task.stop_at, "DEACTIVATING"),
        (task.stopping_at, "STOPPING"),
        (task.deprovisioning_at, "DEPROVISIONING"),
        (task.stopped_at, "STOPPED"),
    ]
    found = [(at, status) for at, status in before if at < min(task.stop_at, INF)]
    # A state that lasts no time is not seen.
    ends = [*(at for at, _ in after[1:]), INF]
    return found + [
        (at, status) for (at, status), end in zip(after, ends, strict=True) if at < INF and at < end
    ]


def task_change(ecs: Region, task: Task, at: float, ids: Ids) -> Event:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html"""
    detail = task_view.view(ecs, task, tags=False, now=at)
    detail.pop("tags", None)
    if at < task.stop_at:
        detail["desiredStatus"] = "RUNNING"
        for name in _ENDED:
            detail.pop(name, None)
    detail["updatedAt"] = at
    return _event(ecs, ids, "ECS Task State Change", at, task.arn, _iso_times(detail))


def service_action(ecs: Region, service: Service, at: float, message: str, ids: Ids) -> Event | None:
    """None: EventBridge does not hear of this message.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
    """
    for words, kind, name in _ACTIONS:
        if words in message and not any(reason in message for reason in _NO_PLACEMENT):
            detail = {
                "eventType": kind,
                "eventName": name,
                "clusterArn": service.cluster.arn,
                "createdAt": iso(at),
            }
            if kind == "ERROR":
                detail["reason"] = "RESOURCE:FARGATE" if "Capacity is" in message else "RESOURCE:MEMORY"
            return _event(ecs, ids, "ECS Service Action", at, service.arn, detail)
    return None


def deployment_change(ecs: Region, service: Service, deployment: Deployment, at: float, ids: Ids) -> Event:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html"""
    state = deployment.rollout_state
    detail = {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "deploymentId": deployment.id,
        "updatedAt": iso(at),
        "reason": deployment.reason,
    }
    return _event(ecs, ids, "ECS Deployment State Change", at, service.arn, detail)


def _event(ecs: Region, ids: Ids, detail_type: str, at: float, arn: str, detail: dict[str, Any]) -> Event:
    """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
    return {
        "version": "0",
        "id": ids.uuid(),
        "detail-type": detail_type,
        "source": "aws.ecs",
        "account": ecs.account,
        "time": f"{iso(at)[:19]}Z",
        "region": ecs.region,
        "resources": [arn],
        "detail": detail,
    }


def iso(at: float) -> str:
    """As events write a moment."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _iso_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_iso_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    times = _TIMES | {"updatedAt"}
    return {
        name: iso(item) if name in times and isinstance(item, (int, float)) else _iso_times(item)
        for name, item in value.items()
    }

"""AWS's wording of events and reasons, in one place.

Events: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
    and where that page leaves them out, as the published events of many accounts agree on them.
Stopped tasks: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
Rollout reasons: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
"""

from collections.abc import Sequence

ESSENTIAL_EXITED = "Essential container in task exited"
CONTAINER_HEALTH = "Task failed container health checks"
TASKS_FAILED = "ECS deployment circuit breaker: tasks failed to start."
BREAKER_ROLLBACK = "Service deployment rolled back because the circuit breaker threshold was exceeded."
BREAKER_STOPPED = "Service deployment stopped because the circuit breaker threshold was exceeded."
NO_CANDIDATE = (
    "Service deployment failed because the circuit breaker threshold was exceeded. "
    "No rollback candidate was found to run the rollback."
)
USER_ROLLBACK = "Service deployment rolled back because of a customer-initiated stop."
USER_NO_CANDIDATE = (
    "Service deployment stopped by the customer. No rollback candidate was found to run the rollback."
)
ALARM_DETECTED = "ECS deployment failed: alarm detected."
ALARM_ROLLBACK = "Service deployment rolled back because a CloudWatch alarm was detected in the ALARM state."
ALARM_STOPPED = "Service deployment stopped because a CloudWatch alarm was detected in the ALARM state."
NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)
NO_FARGATE = f"Reason: {NO_CAPACITY}."
NO_INSTANCES = (
    "because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster."
)
NO_INSTANCE_FITS = (
    "because no container instance met all of its requirements. "
    "The closest matching container-instance has insufficient memory available."
)
GENERIC_NO_CANDIDATE = "No rollback candidate was found to run the rollback."
SUPERSEDED = "Service deployment stopped because a newer service deployment started."
SERVICE_DELETED = "Service deployment stopped because the service was deleted."


def load_balancer_health(target_group: str) -> str:
    return f"Task failed ELB health checks in (target-group {target_group})"


def pull_failed(image: str) -> str:
    return (
        f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {image}: not found"
    )


def in_progress(deployment: str) -> str:
    return f"ECS deployment {deployment} in progress."


def completed(deployment: str) -> str:
    return f"ECS deployment {deployment} completed."


def alarm_rolling_back(deployment: str) -> str:
    return f"ECS deployment alarm detected: rolling back to deploymentId {deployment}."


def rolling_back(deployment: str) -> str:
    return f"ECS deployment circuit breaker: rolling back to deploymentId {deployment}."


def scaling(deployment: str) -> str:
    return f"Scaling activity initiated by (deployment {deployment})"


def _tasks(ids: Sequence[str]) -> str:
    return " ".join(f"(task {task})" for task in ids)


def started(service: str, ids: Sequence[str]) -> str:
    return f"(service {service}) has started {len(ids)} tasks: {_tasks(ids)}."


def replaced(service: str, ids: Sequence[str], count: int) -> str:
    """Of these that have started, so many stand in for unhealthy ones."""
    return f"{started(service, ids)} Amazon ECS replaced {count} tasks due to an unhealthy status."


def stopped_pending(service: str, count: int) -> str:
    return f"(service {service}) stopped {count} pending tasks."


def registered(service: str, count: int, target_group: str) -> str:
    return f"(service {service}) registered {count} targets in (target-group {target_group})"


def deregistered(service: str, count: int, target_group: str) -> str:
    return f"(service {service}) deregistered {count} targets in (target-group {target_group})"


def not_started(service: str, reason: str) -> str:
    """Of a task on Fargate whose image or secrets could not be had."""
    return f"(service {service}) was unable to place a task. Reason: {reason}."


def stopped(service: str, ids: Sequence[str]) -> str:
    return f"(service {service}) has stopped {len(ids)} running tasks: {_tasks(ids)}."


def steady(service: str) -> str:
    return f"(service {service}) has reached a steady state."


def deployment_completed(service: str, deployment: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment completed."


def deployment_failed(service: str, deployment: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment failed: tasks failed to start."


def hook_failed(stage: str, target: str) -> str:
    return (
        f"Service deployment rolled back because {stage} lifecycle hook(s) failed. "
        f"Lifecycle hook target {target} returned FAILED status."
    )


def hook_timed_out(stage: str, target: str) -> str:
    return (
        f"Service deployment rolled back because {stage} lifecycle hook(s) failed. "
        f"Lifecycle hook target {target} timed out."
    )


def pause_timed_out(stage: str) -> str:
    return f"Service deployment rolled back because {stage} pause hook timed out."


def pause_rolled_back(stage: str) -> str:
    return f"Service deployment rolled back because {stage} pause hook was continued with ROLLBACK."


def stage_timed_out(stage: str) -> str:
    return f"Service deployment rolled back because the {stage} lifecycle stage timed out."


def course_failed(service: str, deployment: str, reason: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment failed: {reason}"


def alarm_failed(service: str, deployment: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment failed: alarm detected."


def unplaced(service: str, lack: str) -> str:
    separator = "" if lack.startswith("because") else "."
    return (
        f"(service {service}) was unable to place a task{separator} {lack} "
        "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    )


def terminated(instance: str) -> str:
    return f"Host EC2 (instance i-{instance[:17]}) terminated."


def rollback(service: str, deployment: str) -> str:
    return f"(service {service}) rolling back to deployment {deployment}."


def throttled(service: str) -> str:
    return (
        f"(service {service}) is unable to consistently start tasks successfully. "
        "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    )


def stuck(service: str) -> str:
    return (
        f"(service {service}) was unable to stop or start tasks during a deployment because of the service "
        "deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
    )


def unhealthy_container(service: str, task: str) -> str:
    return f"(service {service}) (task {task}) failed container health checks."


def unhealthy_target(service: str, task: str, port: int, target_group: str) -> str:
    return (
        f"(service {service}) (task {task}) (port {port}) is unhealthy in (target-group {target_group}) "
        "due to (reason Health checks failed)."
    )


def draining(service: str, deployment: str, count: int) -> str:
    return f"(service {service}, taskSet {deployment}) has begun draining connections on {count} tasks."

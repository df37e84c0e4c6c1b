"""The deployment circuit breaker: what counts as a failure, and when it is enough.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

import math

from apollo.testing.services.ecs.state import Json, Service, Task


def settings(service: Service) -> Json:
    found: Json = service.fields["deploymentConfiguration"]["deploymentCircuitBreaker"]
    return found


def threshold(breaker: Json, desired: int) -> int:
    """BOUNDED_PERCENT is of the desired count, at least 3 and at most 200; COUNT is the number itself."""
    rule = breaker["thresholdConfiguration"]
    if rule["type"] == "COUNT":
        return int(rule["value"])
    share: int = math.ceil(desired * rule["value"] / 100)
    if rule["type"] == "BOUNDED_PERCENT":
        return max(3, min(200, share))
    return max(1, share)


def noticed_failure(service: Service, task: Task) -> None:
    """A task that never became healthy failed. One that was healthy once is replaced, but not counted."""
    if service.external:
        return
    primary = service.primary
    if task.well or task.deployment is not primary or primary.rollout_state != "IN_PROGRESS":
        return
    primary.failed += 1
    service.current.failures = primary.failed


def noticed_health(service: Service, task: Task) -> None:
    """With resetOnHealthyTask (the default) a healthy task sets the failure count back to 0.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
    """
    if service.external:
        return
    primary = service.primary
    if task.deployment is primary and settings(service)["resetOnHealthyTask"]:
        primary.failed = 0
        if primary.rollout_state == "IN_PROGRESS":
            service.current.failures = 0


def tripped(service: Service) -> bool:
    breaker = settings(service)
    primary = service.primary
    if not breaker["enable"] or primary.rollout_state != "IN_PROGRESS":
        return False
    service.current.threshold = threshold(breaker, service.desired)
    return primary.failed >= service.current.threshold

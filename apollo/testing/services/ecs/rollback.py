"""New deployments, failed deployments, and the way back.

Service deployments: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
Rolling back: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.breaker import settings, threshold
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.shifts import Shift, forward
from apollo.testing.services.ecs.state import (
    INF,
    Deployment,
    Json,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from apollo.testing.services.ecs.traffic import PRODUCTION, TEST, route, serves_alternate
from apollo.testing.services.ecs.watch import end_watch, watching

UNFINISHED = frozenset({"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})


def deploy(ecs: Region, service: Service, config: Json, definition: TaskDefinition, now: float) -> None:
    """Start a service deployment to a new service revision; one that is under way is superseded."""
    path = f"{service.cluster.name}/{service.name}"
    revision = Revision(
        ecs.arn("service-revision", f"{path}/{ecs.world.ids.number()}"), now, config, definition
    )
    service.revisions[revision.arn] = revision
    sources = list({id(d.revision): d.revision for d in service.deployments}.values())
    serving = _serving(service)
    shift = _shift(ecs, service, revision, serving)
    if service.history and service.current.status in UNFINISHED:
        _finish(service.current, "STOPPED", text.SUPERSEDED, now)
    breaker = settings(service)
    service.history.insert(
        0,
        ServiceDeployment(
            ecs.arn("service-deployment", f"{path}/{ecs.world.ids.short()}"),
            now,
            revision,
            sources,
            service.fields["deploymentConfiguration"],
            updated_at=now,
            breaker="MONITORING" if breaker["enable"] else "DISABLED",
            threshold=threshold(breaker, service.desired) if breaker["enable"] else 0,
            alarms=watching(ecs, service.fields["deploymentConfiguration"]),
            shift=shift,
        ),
    )
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    deployment = Deployment(f"ecs-svc/{ecs.world.ids.number()}", revision, now, now, desired=service.desired)
    deployment.reason = text.in_progress(deployment.id)
    service.deployments.insert(0, deployment)
    _fresh_start(service)


def _serving(service: Service) -> Deployment | None:
    """The deployment that serves production now, and that a new one replaces."""
    if not service.history:
        return None
    shift = service.current.shift
    if shift is not None and shift.blue is None and service.primary.rollout_state != "COMPLETED":
        return None  # the first one, and it never got there
    if shift is not None and shift.blue in service.deployments:
        green = next((d for d in service.deployments if d.revision is shift.green), None)
        return green if green is not None and shift.production >= 100 else shift.blue
    return service.primary


def _shift(ecs: Region, service: Service, green: Revision, serving: Deployment | None) -> Shift | None:
    """The course of the new deployment, unless it is a rolling one; and which target groups green gets."""
    configuration = service.fields["deploymentConfiguration"]
    before = service.current.shift if service.history and service.current.shifting else None
    if configuration["strategy"] == "ROLLING":
        green.alternate = serving is not None and serving.revision.alternate
        if before is not None:
            share = 100.0 if before.production >= 100 else 0.0
            route(ecs, before.green, PRODUCTION, share)
            route(ecs, before.green, TEST, share)
        return None
    if serving is None:
        green.alternate = serves_alternate(ecs, green.config)
    else:
        green.alternate = not serving.revision.alternate
    reconcile = len(service.deployments) > (0 if serving is None else 1)
    return Shift(green, serving, forward(configuration, reconcile=reconcile))


def _fresh_start(service: Service) -> None:
    service.steady = service.stuck = False
    service.failed_rounds = service.unhealthy = 0
    service.throttled_until = service.blocked_until = 0.0
    service.blocked = None


def _finish(current: ServiceDeployment, status: str, reason: str, at: float) -> None:
    current.status, current.reason = status, reason
    current.finished_at = current.stopped_at = current.updated_at = at
    end_watch(current)


@dataclass(slots=True, frozen=True)
class Failure:
    """What failed a deployment, and how AWS puts it."""

    method: Literal["breaker", "alarms", "course"]
    """Who failed it: the circuit breaker, an alarm, or a stage of a deployment that shifts traffic."""
    reason: str
    """The failed deployment's rolloutStateReason."""
    event: Callable[[str, str], str]
    """The service event, from the names of service and deployment."""
    rolling_back: Callable[[str], str]
    """The rolloutStateReason of the deployment gone back to."""
    rolled_back: str
    """The service deployment's statusReason when it is rolled back …"""
    stopped: str
    """… and when it is not."""


BREAKER = Failure(
    "breaker",
    text.TASKS_FAILED,
    text.deployment_failed,
    text.rolling_back,
    text.BREAKER_ROLLBACK,
    text.BREAKER_STOPPED,
)
ALARM = Failure(
    "alarms",
    text.ALARM_DETECTED,
    text.alarm_failed,
    text.alarm_rolling_back,
    text.ALARM_ROLLBACK,
    text.ALARM_STOPPED,
)


def course_failure(reason: str) -> Failure:
    """A hook, a stage that took too long, listener rules that do not fit: always rolled back."""
    return Failure(
        "course", reason, partial(text.course_failed, reason=reason), text.in_progress, reason, reason
    )


def fail_deployment(service: Service, at: float, failure: Failure) -> None:
    """The deployment has failed for this reason.

    "A rollback occurs when you use the rollback option for the method that initiated the deployment failure."
    """
    primary, current = service.primary, service.current
    primary.rollout_state, primary.reason = "FAILED", failure.reason
    primary.updated_at = at
    service.say(at, failure.event(service.name, primary.id))
    wanted = True
    if failure.method == "alarms":
        current.alarms = "TRIGGERED"
        wanted = current.configuration["alarms"]["rollback"]
    elif failure.method == "breaker":
        current.breaker = "TRIGGERED"
        wanted = settings(service)["rollback"]
    if current.status == "ROLLBACK_IN_PROGRESS":
        _finish(current, "ROLLBACK_FAILED", _no_candidate(failure), at)
    elif wanted:
        start_rollback(service, at, failure)
    else:
        # "The service deployment stops when … the rollback option is not in use for the failure detection
        # mechanism and the service fails." (ServiceDeployment.stoppedAt)
        _finish(current, "STOPPED", failure.stopped, at)


def _no_candidate(failure: Failure | None) -> str:
    if failure is None:
        return text.USER_NO_CANDIDATE
    return text.NO_CANDIDATE if failure.method == "breaker" else text.GENERIC_NO_CANDIDATE


def start_rollback(service: Service, at: float, failure: Failure | None) -> None:
    """Back to the last COMPLETED deployment. Its revision is used again, and its healthy tasks stay.

    failure: None when a customer asked for it.

    "When the rollback starts, the deployment changes from a COMPLETED to IN_PROGRESS. This means that the
    deployment is not eligible for another rollback until it reaches a COMPLETED state. When the deployment
    circuit breaker does not find a deployment that is in a COMPLETED state, the circuit breaker does not
    launch new tasks and the deployment is stalled."
    """
    current, failed = service.current, service.primary
    target = _candidate(service, at)
    if failure is None:
        failed.rollout_state, failed.reason = "FAILED", text.USER_ROLLBACK
    if target is None:
        _finish(current, "ROLLBACK_FAILED", _no_candidate(failure), at)
        return
    failed.status = "ACTIVE"
    if target in service.deployments:
        service.deployments.remove(target)
    service.deployments.insert(0, target)
    target.status, target.rollout_state = "PRIMARY", "IN_PROGRESS"
    target.reason = text.in_progress(target.id) if failure is None else failure.rolling_back(target.id)
    target.updated_at = at
    target.failed = 0
    service.say(at, text.rollback(service.name, target.id))
    reason = text.USER_ROLLBACK if failure is None else failure.rolled_back
    current.status, current.reason = "ROLLBACK_IN_PROGRESS", reason
    current.updated_at = at
    current.baked_at = INF
    if current.alarms == "MONITORING":
        current.alarms = "MONITORING_COMPLETE"
    current.rollback = {"reason": reason, "startedAt": at, "serviceRevisionArn": target.revision.arn}
    if current.shift is not None:
        current.shift.turn_back()
    _fresh_start(service)


def _candidate(service: Service, at: float) -> Deployment | None:
    """The deployment to go back to; it is not eligible for another rollback before it is COMPLETED again."""
    if service.current.shift is not None:
        return service.current.shift.blue
    if service.last_good is None:
        return None
    deployment_id, revision = service.last_good
    service.last_good = None
    known = next((d for d in service.deployments if d.id == deployment_id), None)
    return known or Deployment(deployment_id, revision, at, at)


def abandon(service: Service, now: float) -> None:
    """The service is being deleted."""
    if service.history and service.current.status in UNFINISHED:
        _finish(service.current, "STOPPED", text.SERVICE_DELETED, now)

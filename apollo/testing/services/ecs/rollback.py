"""New deployments, failed deployments, and the way back.

Service deployments: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
Rolling back: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.breaker import settings, threshold
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import (
    Deployment,
    Json,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)

UNFINISHED = frozenset(
    {"PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"}
)


def deploy(ecs: Region, service: Service, config: Json, definition: TaskDefinition, now: float) -> None:
    """Start a service deployment to a new service revision; one that is under way is superseded."""
    path = f"{service.cluster.name}/{service.name}"
    revision = Revision(
        ecs.arn("service-revision", f"{path}/{ecs.world.ids.number()}"), now, config, definition
    )
    service.revisions[revision.arn] = revision
    sources = list({id(d.revision): d.revision for d in service.deployments}.values())
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
        ),
    )
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    deployment = Deployment(f"ecs-svc/{ecs.world.ids.number()}", revision, now, now, desired=service.desired)
    deployment.reason = text.in_progress(deployment.id)
    service.deployments.insert(0, deployment)
    _fresh_start(service)


def _fresh_start(service: Service) -> None:
    service.steady = service.stuck = False
    service.failed_rounds = 0
    service.throttled_until = 0.0


def _finish(current: ServiceDeployment, status: str, reason: str, at: float) -> None:
    current.status, current.reason = status, reason
    current.finished_at = current.stopped_at = current.updated_at = at
    if current.breaker == "MONITORING":
        current.breaker = "MONITORING_COMPLETE"


def fail_deployment(service: Service, at: float) -> None:
    """The circuit breaker has seen enough failures."""
    primary, current = service.primary, service.current
    primary.rollout_state, primary.reason = "FAILED", text.TASKS_FAILED
    primary.updated_at = at
    service.say(at, text.deployment_failed(service.name, primary.id))
    current.breaker = "TRIGGERED"
    if current.status == "ROLLBACK_IN_PROGRESS":
        _finish(current, "ROLLBACK_FAILED", text.NO_CANDIDATE, at)
    elif settings(service)["rollback"]:
        start_rollback(service, at, text.BREAKER_ROLLBACK, by_breaker=True)
    else:
        # "The service deployment stops when … the rollback option is not in use for the failure detection
        # mechanism and the service fails." (ServiceDeployment.stoppedAt)
        _finish(current, "STOPPED", text.BREAKER_STOPPED, at)


def start_rollback(service: Service, at: float, reason: str, *, by_breaker: bool) -> None:
    """Back to the last COMPLETED deployment. Its revision is used again, and its healthy tasks stay.

    "When the rollback starts, the deployment changes from a COMPLETED to IN_PROGRESS. This means that the
    deployment is not eligible for another rollback until it reaches a COMPLETED state. When the deployment
    circuit breaker does not find a deployment that is in a COMPLETED state, the circuit breaker does not
    launch new tasks and the deployment is stalled."
    """
    current, failed = service.current, service.primary
    if service.last_good is None:
        failed.rollout_state, failed.reason = "FAILED", text.TASKS_FAILED
        _finish(current, "ROLLBACK_FAILED", text.NO_CANDIDATE if by_breaker else text.USER_NO_CANDIDATE, at)
        return
    deployment_id, revision = service.last_good
    service.last_good = None
    failed.status = "ACTIVE"
    if not by_breaker:
        failed.rollout_state = "FAILED"
        failed.reason = text.USER_ROLLBACK
    target = next((d for d in service.deployments if d.id == deployment_id), None)
    if target is None:
        target = Deployment(deployment_id, revision, at, at)
    else:
        service.deployments.remove(target)
    service.deployments.insert(0, target)
    target.status, target.rollout_state = "PRIMARY", "IN_PROGRESS"
    target.reason = text.rolling_back(target.id) if by_breaker else text.in_progress(target.id)
    target.updated_at = at
    target.failed = 0
    service.say(at, text.rollback(service.name, target.id))
    current.status, current.reason = "ROLLBACK_IN_PROGRESS", reason
    current.updated_at = at
    current.rollback = {"reason": reason, "startedAt": at, "serviceRevisionArn": revision.arn}
    _fresh_start(service)


def abandon(service: Service, now: float) -> None:
    """The service is being deleted."""
    if service.history and service.current.status in UNFINISHED:
        _finish(service.current, "STOPPED", text.SERVICE_DELETED, now)

"""A service, its deployments, service deployments and revisions, as the API shows them."""

import hashlib

from apollo.testing.services.ecs.echoes import Counts, echo, resolved_platform, tally
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.service_config import DEPLOYMENT_ONLY, REVISION_ONLY
from apollo.testing.services.ecs.shifts import Hook
from apollo.testing.services.ecs.state import Deployment, Json, Revision, Service, ServiceDeployment
from apollo.testing.services.ecs.tags import listed
from apollo.testing.services.ecs.task_set_view import view as task_set

_HIDDEN = frozenset({*DEPLOYMENT_ONLY, *REVISION_ONLY, "launchTypeBefore"})
_IN_DEPLOYMENT = frozenset(
    {
        "taskDefinition",
        "launchType",
        "capacityProviderStrategy",
        "platformFamily",
        "networkConfiguration",
        *DEPLOYMENT_ONLY,
    }
)
_NOTHING: Json = {"loadBalancers": [], "serviceRegistries": []}
"""Of a service without a primary task set: \"the task set fields are null\" (deployment-type-external)."""


def view(ecs: Region, service: Service, *, tags: bool) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    now = ecs.now
    counts = tally(service, now)
    running = sum(pair[0] for pair in counts.values())
    pending = sum(pair[1] for pair in counts.values())
    serving = service.serving
    config = echo(_shown(serving.revision)[0], ecs.world.shuffle) if serving is not None else _NOTHING
    body: Json = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster.arn,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "createdAt": service.created_at,
        "createdBy": service.created_by,
        **service.fields,
        **config,
        "deployments": [],
        "events": [
            {"id": f"{number:08x}{service.event_suffix}", "createdAt": at, "message": message}
            for at, number, message in reversed(service.events)
        ],
    }
    if service.external:
        body["taskSets"] = [task_set(ecs, service, known, counts, tags=tags) for known in service.task_sets]
    elif service.status != "INACTIVE":
        body["deployments"] = [_deployment(ecs, d, counts) for d in service.deployments]
        body["currentServiceDeployment"] = service.current.arn
        body["currentServiceRevisions"] = [_current(d, counts) for d in service.deployments]
    if tags:
        body["tags"] = listed(service.tags)
    return body


def _shown(revision: Revision) -> tuple[Json, Json]:
    if revision.shown is None:
        config = revision.config
        deployed = {name: value for name, value in config.items() if name in _IN_DEPLOYMENT}
        if "platformVersion" in config:
            deployed["platformVersion"] = resolved_platform(config["platformVersion"])
        revision.shown = {k: v for k, v in config.items() if k not in _HIDDEN}, deployed
    return revision.shown


def _current(deployment: Deployment, counts: Counts) -> Json:
    running, pending = counts.get(id(deployment), (0, 0))
    return {
        "arn": deployment.revision.arn,
        "requestedTaskCount": deployment.desired if deployment.status == "PRIMARY" else running + pending,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }


def _deployment(ecs: Region, deployment: Deployment, counts: Counts) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"""
    running, pending = counts.get(id(deployment), (0, 0))
    body = dict(echo(_shown(deployment.revision)[1], ecs.world.shuffle))
    primary = deployment.status == "PRIMARY"
    body.update(
        id=deployment.id,
        status=deployment.status,
        desiredCount=deployment.desired if primary else running + pending,
        pendingCount=pending,
        runningCount=running,
        failedTasks=deployment.failed,
        createdAt=deployment.created_at,
        updatedAt=deployment.updated_at,
        rolloutState=deployment.rollout_state,
        rolloutStateReason=deployment.reason,
    )
    return body


def digest(image: str) -> str:
    """The digest an image tag resolves to; the same for the same reference."""
    if "@" in image:
        return image.partition("@")[2]
    return "sha256:" + hashlib.sha256(image.encode()).hexdigest()


def revision_view(revision: Revision, service: Service) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html"""
    config = revision.config
    body: Json = {name: value for name, value in config.items() if name != "launchTypeBefore"}
    if "platformVersion" in body:
        body["platformVersion"] = resolved_platform(body["platformVersion"])
    body.update(
        serviceRevisionArn=revision.arn,
        serviceArn=service.arn,
        clusterArn=service.cluster.arn,
        createdAt=revision.created_at,
        guardDutyEnabled=False,
        containerImages=[
            {"containerName": c["name"], "image": c["image"], "imageDigest": digest(c["image"])}
            for c in revision.task_definition.containers
        ],
    )
    if revision.targets:
        body["resolvedConfiguration"] = {"loadBalancers": _resolved(revision)}
    return body


def _resolved(revision: Revision) -> list[Json]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevisionLoadBalancer.html"""
    rules = [
        b.get("advancedConfiguration", {}).get("productionListenerRule")
        for b in revision.config["loadBalancers"]
    ]
    return [
        {"targetGroupArn": arn} | ({"productionListenerRule": rule} if rule else {})
        for (arn, _), rule in zip(revision.targets, rules, strict=False)
    ]


def counts(service: Service, now: float) -> dict[str, tuple[int, int, int]]:
    """By service revision, the tasks requested, running and pending now."""
    shares = tally(service, now)
    found = {}
    for deployment in service.deployments:
        running, pending = shares.get(id(deployment), (0, 0))
        requested = deployment.desired if deployment.status == "PRIMARY" else running + pending
        found[deployment.revision.arn] = (requested, running, pending)
    return found


def _summary(
    revision: Revision, tally: dict[str, tuple[int, int, int]], deployment: ServiceDeployment
) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevisionSummary.html"""
    requested, running, pending = tally.get(revision.arn, (0, 0, 0))
    body: Json = {
        "arn": revision.arn,
        "requestedTaskCount": requested,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }
    shift = deployment.shift
    if shift is not None:
        production = test = 0.0
        if revision is shift.green:
            production, test = shift.production, shift.test
        elif shift.blue is not None and revision is shift.blue.revision:
            production, test = 100.0 - shift.production, 100.0 - shift.test
        body |= {"requestedProductionTrafficWeight": production, "requestedTestTrafficWeight": test}
    return body


def brief(service: Service, deployment: ServiceDeployment) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html"""
    body = {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "createdAt": deployment.created_at,
        "startedAt": deployment.started_at,
        "finishedAt": deployment.finished_at,
        "targetServiceRevisionArn": deployment.target.arn,
        "status": deployment.status,
        "statusReason": deployment.reason,
    }
    return {name: value for name, value in body.items() if value is not None}


def service_deployment_view(ecs: Region, service: Service, deployment: ServiceDeployment) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html"""
    tally = deployment.counts if deployment.counts is not None else counts(service, ecs.now)
    configured = deployment.configuration["alarms"]
    body = brief(service, deployment)
    del body["targetServiceRevisionArn"]
    body.update(
        updatedAt=deployment.updated_at,
        sourceServiceRevisions=[_summary(revision, tally, deployment) for revision in deployment.sources],
        targetServiceRevision=_summary(deployment.target, tally, deployment),
        deploymentConfiguration=deployment.configuration,
        deploymentCircuitBreaker={
            "status": deployment.breaker,
            "failureCount": deployment.failures,
            "threshold": deployment.threshold,
        },
        alarms={
            "status": deployment.alarms,
            "alarmNames": configured["alarmNames"] if configured["enable"] else [],
            "triggeredAlarmNames": deployment.alarmed,
        },
    )
    if deployment.stopped_at is not None:
        body["stoppedAt"] = deployment.stopped_at
    if deployment.rollback is not None:
        body["rollback"] = deployment.rollback
    if deployment.shift is not None and deployment.started_at is not None:
        body["lifecycleStage"] = deployment.shift.step.stage
        body["lifecycleHookDetails"] = [_hook(hook) for hook in deployment.shift.hooks]
    return body


def _hook(hook: Hook) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHookDetail.html"""
    body = {
        "hookId": hook.id,
        "targetType": hook.kind,
        "status": hook.status,
        "expiresAt": hook.expires_at,
        "timeoutAction": hook.timeout_action,
    }
    return body if hook.target is None else {**body, "targetArn": hook.target}

"""Service deployments and service revisions: the history of a service.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

import re

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs import scheduler
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.rollback import UNFINISHED
from apollo.testing.services.ecs.service_view import brief, revision_view, service_deployment_view
from apollo.testing.services.ecs.state import Json, Service, ServiceDeployment
from apollo.testing.world import Call

_HOOK_ID = re.compile(r"ecs-[a-z]+-[\w-]+")


def _service_of(ecs: Region, arn: str, kind: str) -> Service | None:
    """The service inside arn:…:kind/cluster/service/id."""
    prefix = ecs.arn(kind, "")
    parts = arn.removeprefix(prefix).split("/")
    if not arn.startswith(prefix) or len(parts) != 3:
        raise invalid(
            f"Invalid identifier: Identifier is for a resource of another kind, account or region: {arn}"
        )
    cluster = ecs.clusters.get(parts[0])
    return ecs.find_service(cluster, parts[1]) if cluster is not None else None


def _find(ecs: Region, arn: str) -> tuple[Service, ServiceDeployment] | None:
    service = _service_of(ecs, arn, "service-deployment")
    if service is None or service.status == "INACTIVE":
        return None
    deployment = next((d for d in service.history if d.arn == arn), None)
    return (service, deployment) if deployment is not None else None


def list_deployments(ecs: Region, call: Call) -> Json:
    """Newest first. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html"""
    p = call.params
    given = p["service"]
    name = p.get("cluster")
    if name is None and given.startswith("arn:") and given.count("/") == 2:
        name = given.split("/")[1]
    service = ecs.service(ecs.cluster(name), given)
    window = p.get("createdAt", {})
    found = [
        brief(service, d)
        for d in (service.history if service.status != "INACTIVE" else [])
        if d.status in p.get("status", [d.status])
        and window.get("after", d.created_at) <= d.created_at <= window.get("before", d.created_at)
    ]
    chunk, more = page(found, p, default=20)
    return {"serviceDeployments": chunk, **more}


def describe_deployments(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html"""
    arns = call.params["serviceDeploymentArns"]
    if not 1 <= len(arns) <= 20:
        raise invalid("serviceDeploymentArns must have between 1 and 20 items.")
    found, failures = [], []
    for arn in arns:
        hit = _find(ecs, arn)
        if hit is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(service_deployment_view(ecs, *hit))
    return {"serviceDeployments": found, "failures": failures}


def describe_revisions(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html"""
    arns = call.params["serviceRevisionArns"]
    if not 1 <= len(arns) <= 20:
        raise invalid("serviceRevisionArns must have between 1 and 20 items.")
    found, failures = [], []
    for arn in arns:
        service = _service_of(ecs, arn, "service-revision")
        revision = (
            service.revisions.get(arn) if service is not None and service.status != "INACTIVE" else None
        )
        if service is None or revision is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(revision_view(revision, service))
    return {"serviceRevisions": found, "failures": failures}


def stop(ecs: Region, call: Call) -> Json:
    """A rollback, also without the breaker's rollback option. ABORT is in the model, and refused: "The valid
    values are ROLLBACK."

    PENDING, IN_PROGRESS: "The service deployment moves to the ROLLBACK_REQUESTED state, and then the rollback
    operation starts." One that is on its way back already "continues the rollback operation".

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    p = call.params
    arn = p["serviceDeploymentArn"]
    hit = _find(ecs, arn)
    if p.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid("The only valid stopType is ROLLBACK.")
    if hit is None:
        raise ApiError("ServiceDeploymentNotFoundException", "Service deployment not found.")
    service, deployment = hit
    if deployment.status not in UNFINISHED:
        raise ApiError(
            "ConflictException",
            f"The service deployment cannot be stopped because its status is {deployment.status}.",
        )
    if deployment.status in ("PENDING", "IN_PROGRESS"):
        deployment.status = "ROLLBACK_REQUESTED"
        deployment.stopped_at = deployment.updated_at = call.now
        scheduler.wake(ecs, service, call.now)
    return {"serviceDeploymentArn": arn}


def continue_deployment(ecs: Region, call: Call) -> Json:
    """End a pause: go on, or roll back.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html
    """
    p = call.params
    arn, hook_id = p["serviceDeploymentArn"], p["hookId"]
    hit = _find(ecs, arn)
    if hit is None:
        raise ApiError("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
    service, deployment = hit
    if not _HOOK_ID.fullmatch(hook_id):
        raise invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}")
    if deployment.finished_at is not None:
        raise invalid(
            "Continuing a service deployment is not allowed for service deployment in terminal states."
        )
    # "You can continue a deployment that has a pause hook in AWAITING_ACTION status. The deployment must be
    # in the IN_PROGRESS state." (continue-service-deployment.html)
    under_way = deployment.shift is not None and deployment.status == "IN_PROGRESS"
    hooks = deployment.shift.hooks if deployment.shift is not None and under_way else []
    hook = next((hook for hook in hooks if hook.id == hook_id and hook.status == "AWAITING_ACTION"), None)
    if hook is None:
        raise invalid(
            "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
        )
    hook.status = "FAILED" if p.get("action") == "ROLLBACK" else "SUCCEEDED"
    deployment.updated_at = call.now
    scheduler.wake(ecs, service, call.now)
    return {"serviceDeploymentArn": arn}

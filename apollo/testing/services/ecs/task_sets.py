"""Task sets: the tasks of services that something else than ECS deploys (EXTERNAL, CODE_DEPLOY).

ECS keeps as many tasks in each as its scale says, and does nothing else by itself: no rollout, no breaker, no
service deployments and revisions.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
"""

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.services.ecs import scheduler
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.service_config import revision_config
from apollo.testing.services.ecs.service_rules import check_capacity, check_config, check_token
from apollo.testing.services.ecs.state import Deployment, Json, Revision, Service, TaskSet
from apollo.testing.services.ecs.tags import checked
from apollo.testing.services.ecs.task_set_view import view
from apollo.testing.services.elbv2.for_ecs import check_target_groups
from apollo.testing.world import Call


def _service(ecs: Region, call: Call) -> Service:
    service = ecs.service(ecs.cluster(call.params["cluster"]), call.params["service"])
    if service.status != "ACTIVE":
        raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
    if not service.external:
        raise invalid(
            "Amazon ECS only supports task set management on services configured to use external "
            "deployment controllers."
        )
    return service


def _find(service: Service, given: str) -> TaskSet:
    """By id or ARN. The id itself has a slash: ecs-svc/123."""
    for found in service.task_sets:
        if given in (found.arn, found.deployment.id, found.deployment.id.partition("/")[2]):
            return found
    raise ApiError("TaskSetNotFoundException", "The specified task set could not be found.")


def _scale(given: Json) -> float:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Scale.html"""
    value = given.get("value", 0.0)
    if not 0 <= value <= 100:
        raise invalid("The scale must have a value between 0 and 100.")
    return float(value)


def add(ecs: Region, service: Service, params: Json, scale: float, now: float) -> TaskSet:
    """A new task set of this configuration; ACTIVE, as nothing is said of production traffic yet."""
    cluster = service.cluster
    check_capacity(cluster, params)
    definition = ecs.usable_definition(params["taskDefinition"])
    config = revision_config(params, None, cluster, definition)
    check_config(ecs, config, definition, "REPLICA")
    check_target_groups(
        ecs.world, ecs.account, ecs.region, params.get("loadBalancers", []), definition.network_mode
    )
    tags = checked(params.get("tags"))
    path = f"{cluster.name}/{service.name}"
    revision = Revision(
        ecs.arn("service-revision", f"{path}/{ecs.world.ids.number()}"), now, config, definition
    )
    deployment = Deployment(f"ecs-svc/{ecs.world.ids.number()}", revision, now, now, status="ACTIVE")
    made = TaskSet(
        ecs.arn("task-set", f"{path}/{deployment.id}"),
        deployment,
        scale,
        tags,
        params.get("externalId"),
        params,
        stable_since=now,
    )
    service.task_sets.append(made)
    return made


def create(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html"""
    p = call.params
    check_token(p.get("clientToken"))
    service = _service(ecs, call)
    token = p.get("clientToken")
    if token is not None:
        for known in service.task_sets:
            if known.request.get("clientToken") == token:
                if known.request != p:
                    raise invalid("Creation of task set was not idempotent.")
                return {"taskSet": view(ecs, service, known, tags=True)}
    made = add(ecs, service, p, _scale(p["scale"]) if "scale" in p else 0.0, call.now)
    scheduler.wake(ecs, service, call.now)
    return {"taskSet": view(ecs, service, made, tags=True)}


def update(ecs: Region, call: Call) -> Json:
    """Only the scale. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskSet.html"""
    service = _service(ecs, call)
    found = _find(service, call.params["taskSet"])
    if found.deployment.status == "DRAINING":
        raise invalid("The task set is being deleted.")
    found.scale = _scale(call.params["scale"])
    found.deployment.updated_at = call.now
    scheduler.wake(ecs, service, call.now)
    return {"taskSet": view(ecs, service, found, tags=True)}


def set_primary(ecs: Region, call: Call) -> Json:
    """What the service shows of itself is from now on what this task set has.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateServicePrimaryTaskSet.html
    """
    service = _service(ecs, call)
    found = _find(service, call.params["primaryTaskSet"])
    if found.deployment.status == "DRAINING":
        raise invalid("The task set is being deleted.")
    for other in service.task_sets:
        if other.deployment.status == "PRIMARY":
            other.deployment.status, other.deployment.updated_at = "ACTIVE", call.now
    found.deployment.status, found.deployment.updated_at = "PRIMARY", call.now
    scheduler.wake(ecs, service, call.now)
    return {"taskSet": view(ecs, service, found, tags=True)}


def delete(ecs: Region, call: Call) -> Json:
    """DRAINING until its tasks have stopped. With force "you can delete a task set even if it hasn't been
    scaled down to zero."

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskSet.html
    """
    service = _service(ecs, call)
    found = _find(service, call.params["taskSet"])
    if found.scale > 0 and not call.params.get("force"):
        raise invalid("The task set cannot be deleted while it is scaled above 0.")
    found.scale = 0.0
    found.deployment.status, found.deployment.updated_at = "DRAINING", call.now
    scheduler.wake(ecs, service, call.now)
    return {"taskSet": view(ecs, service, found, tags=True)}


def describe(ecs: Region, call: Call) -> Json:
    """Without names, all of them.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskSets.html"""
    p = call.params
    service = _service(ecs, call)
    tags = "TAGS" in p.get("include", [])
    names = p.get("taskSets") or [known.arn for known in service.task_sets]
    found, failures = [], []
    for name in names:
        try:
            found.append(view(ecs, service, _find(service, name), tags=tags))
        except ApiError:
            arn = ecs.arn("task-set", f"{service.cluster.name}/{service.name}/{name}")
            failures.append({"arn": name if name.startswith("arn:") else arn, "reason": "MISSING"})
    return {"taskSets": found, "failures": failures}


_OF_TASK_SETS = (
    "taskDefinition",
    "loadBalancers",
    "serviceRegistries",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
"""Members of a service that its task sets have, when something else deploys it."""


def check_create(params: Json) -> None:
    """Of a service with another controller than ECS.

    "All other service parameters are specified when creating a task set within the service" (EXTERNAL). "A
    task definition must be specified if the service uses either the ECS or CODE_DEPLOY deployment
    controllers" (API_CreateService); blue/green with CodeDeploy needs a load balancer.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
    """
    kind = params["deploymentController"]["type"]
    if params.get("schedulingStrategy", "REPLICA") == "DAEMON":
        raise invalid(f"The {kind} deployment controller does not support the DAEMON scheduling strategy.")
    _check_configuration(kind, params)
    if kind == "EXTERNAL":
        given = [name for name in _OF_TASK_SETS if params.get(name)]
        if given:
            raise invalid(
                f"{given[0]} cannot be specified when the deployment controller type is EXTERNAL. "
                "Specify it when creating a task set."
            )
        return
    if not params.get("taskDefinition"):
        raise invalid("TaskDefinition can not be blank.")
    if not params.get("loadBalancers"):
        raise invalid("A load balancer is required for services with a CODE_DEPLOY deployment controller.")


def check_update(service: Service, params: Json) -> None:
    """What belongs to task sets, and new deployments, are not ECS's to change here.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    kind = service.fields["deploymentController"]["type"]
    if params.get("deploymentController", {}).get("type", kind) != kind:
        raise NotSimulated("ecs deploymentController of an existing service")
    remedy = (
        "Use AWS CodeDeploy to trigger a new deployment."
        if kind == "CODE_DEPLOY"
        else "Create a new task set."
    )
    for name in _OF_TASK_SETS:
        if name in params:
            raise invalid(
                f"Unable to update {name} on services with a {kind} deployment controller. {remedy}"
            )
    if params.get("forceNewDeployment"):
        raise invalid(
            f"Cannot force a new deployment on services with a {kind} deployment controller. {remedy}"
        )
    if kind == "EXTERNAL" and "deploymentConfiguration" in params:
        raise invalid(
            "Unable to update deploymentConfiguration on services with an EXTERNAL deployment controller."
        )
    _check_configuration(kind, params)


def _check_configuration(kind: str, params: Json) -> None:
    """ "The deployment circuit breaker can only be used for services using the rolling update (ECS)
    deployment type", and so can alarms and the other strategies (API_DeploymentConfiguration)."""
    given = params.get("deploymentConfiguration", {})
    if given.get("deploymentCircuitBreaker", {}).get("enable") or given.get("alarms", {}).get("enable"):
        raise invalid(f"Circuit breaker and alarms are not supported with the {kind} deployment controller.")
    if given.get("strategy", "ROLLING") != "ROLLING":
        raise invalid(f"Deployment strategies are not supported with the {kind} deployment controller.")

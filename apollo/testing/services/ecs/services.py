"""CreateService, UpdateService, DeleteService, and reading services."""

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.services.ecs import rollback, scheduler, task_sets
from apollo.testing.services.ecs.described import described
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.service_config import canonical, deployment_configuration, revision_config
from apollo.testing.services.ecs.service_rules import (
    check_capacity,
    check_config,
    check_configuration,
    check_desired,
    check_name,
    check_placement,
    check_token,
    runs_on_fargate,
)
from apollo.testing.services.ecs.service_view import view
from apollo.testing.services.ecs.state import Cluster, Json, Service
from apollo.testing.services.ecs.strategy_rules import check_balancers, check_strategy_settings
from apollo.testing.services.ecs.tags import checked
from apollo.testing.services.elbv2.for_ecs import check_target_groups
from apollo.testing.world import Call


def create(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    name = p["serviceName"]
    check_name(name)
    check_token(p.get("clientToken"))
    existing = ecs.find_service(cluster, name)
    if existing is not None:
        if existing.status == "ACTIVE":
            token = p.get("clientToken")
            if token is not None and existing.create_request == p:
                return {"service": view(ecs, existing, tags=True)}
            raise invalid("Creation of service was not idempotent.")
        if existing.status == "DRAINING":
            raise invalid("Unable to Start a service that is still Draining.")
    service = _new(ecs, call, cluster)
    cluster.services[name] = service
    scheduler.wake(ecs, service, call.now)
    return {"service": view(ecs, service, tags=True)}


def _new(ecs: Region, call: Call, cluster: Cluster) -> Service:
    p = call.params
    external = p.get("deploymentController", {}).get("type", "ECS") != "ECS"
    check_placement(p)
    if external:
        task_sets.check_create(p)
    check_capacity(cluster, p)
    if not external and not p.get("taskDefinition"):
        raise invalid("TaskDefinition can not be blank.")
    definition = ecs.usable_definition(p["taskDefinition"]) if p.get("taskDefinition") else None
    scheduling = p.get("schedulingStrategy", "REPLICA")
    desired = p.get("desiredCount")
    if scheduling == "DAEMON":
        if desired is not None:
            raise invalid(
                "The daemon scheduling strategy does not support a desired count. Remove it and try again."
            )
        desired = len(cluster.active())
    elif desired is None:
        raise invalid("The replica scheduling strategy requires a desired count.")
    check_desired(desired)
    configuration = deployment_configuration(p.get("deploymentConfiguration", {}), None, scheduling)
    check_configuration(configuration)
    check_strategy_settings(configuration, scheduling)
    config = None
    if definition is not None:
        config = revision_config(p, None, cluster, definition)
        check_config(ecs, config, definition, scheduling)
        check_balancers(ecs, config["loadBalancers"], configuration["strategy"])
        check_target_groups(
            ecs.world, ecs.account, ecs.region, p.get("loadBalancers", []), definition.network_mode
        )
    if p.get("role") and not p.get("loadBalancers"):
        raise invalid("The role parameter is only permitted with a load balancer.")
    fields: Json = {
        "deploymentConfiguration": configuration,
        "placementConstraints": p.get("placementConstraints", []),
        "placementStrategy": _placement(p.get("placementStrategy", [])),
        "healthCheckGracePeriodSeconds": p.get("healthCheckGracePeriodSeconds", 0),
        "schedulingStrategy": scheduling,
        "deploymentController": p.get("deploymentController", {"type": "ECS"}),
        "enableECSManagedTags": p.get("enableECSManagedTags", False),
        "propagateTags": p.get("propagateTags", "NONE"),
        "enableExecuteCommand": p.get("enableExecuteCommand", False),
        # "For create service requests, when no value is specified …, Amazon ECS defaults to ENABLED."
        "availabilityZoneRebalancing": p.get(
            "availabilityZoneRebalancing", "DISABLED" if scheduling == "DAEMON" else "ENABLED"
        ),
        "roleArn": _role(ecs, p.get("role")),
    }
    if fields["placementStrategy"] and config is not None and runs_on_fargate(config):
        raise invalid("Placement strategies are not supported with FARGATE launch type.")
    service = Service(
        p["serviceName"],
        ecs.arn("service", f"{cluster.name}/{p['serviceName']}"),
        cluster,
        call.now,
        call.identity.arn,
        fields,
        desired,
        checked(p.get("tags")),
        p if p.get("clientToken") else {},
        event_suffix=ecs.world.ids.uuid()[8:],
    )
    if not external and config is not None and definition is not None:
        rollback.deploy(ecs, service, config, definition, call.now)
    elif definition is not None:  # CODE_DEPLOY begins with what CreateService says
        task_sets.add(ecs, service, p | {"tags": []}, 100.0, call.now).deployment.status = "PRIMARY"
    return service


def _role(ecs: Region, given: str | None) -> str:
    """Without a role, the service-linked one is used and shown."""
    if given is None:
        path = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    elif given.startswith("arn:"):
        return given
    else:
        path = given.lstrip("/")
    return f"arn:aws:iam::{ecs.account}:role/{path}"


def _placement(given: list[Json]) -> list[Json]:
    """`host` is another name of instanceId; CPU and MEMORY are shown in upper case.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html
    """
    result = []
    for item in given:
        name = item.get("field")
        if name is not None:
            folded = name.lower()
            name = {"host": "instanceId", "cpu": "CPU", "memory": "MEMORY"}.get(folded, name)
        if "type" not in item:
            raise invalid("The type of a placement strategy must be specified.")
        result.append({"type": item["type"]} | ({"field": name} if name is not None else {}))
    return result


_PLAIN = (
    "placementConstraints",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
    "deploymentController",
)
"""Members of UpdateService that replace nothing that runs."""


def update(ecs: Region, call: Call) -> Json:
    """What is left out stays. A new deployment starts when the service revision changes, or when forced.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    service = ecs.service(cluster, p["service"])
    if service.status != "ACTIVE":
        raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
    check_placement(p)
    if service.external:
        return _update_external(ecs, service, call)
    if p.get("deploymentController", {}).get("type", "ECS") != "ECS":
        raise NotSimulated("ecs deploymentController of an existing service")
    before = service.primary.revision
    force = p.get("forceNewDeployment", False)
    definition = before.task_definition
    if p.get("taskDefinition"):
        found = ecs.find_definition(p["taskDefinition"])
        # A service may keep the revision it has, even after it was deregistered.
        definition = (
            before.task_definition if found is definition else ecs.usable_definition(p["taskDefinition"])
        )
    if p.get("capacityProviderStrategy"):
        check_capacity(cluster, {"capacityProviderStrategy": p["capacityProviderStrategy"]})
    config = revision_config(p, before.config, cluster, definition)
    if _capacity(config) != _capacity(before.config) and not force:
        raise invalid(
            "When switching from launch type to capacity provider strategy on an existing service, or making "
            "a change to a capacity provider strategy on a service that is already using one, you must force "
            "a new deployment."
        )
    scheduling = service.fields["schedulingStrategy"]
    check_config(ecs, config, definition, scheduling)
    check_target_groups(
        ecs.world, ecs.account, ecs.region, p.get("loadBalancers", []), definition.network_mode
    )
    fields = {**service.fields, **{name: p[name] for name in _PLAIN if name in p}}
    fields["deploymentConfiguration"] = deployment_configuration(
        p.get("deploymentConfiguration", {}), fields["deploymentConfiguration"], scheduling
    )
    check_configuration(fields["deploymentConfiguration"])
    check_strategy_settings(fields["deploymentConfiguration"], scheduling)
    check_balancers(ecs, config["loadBalancers"], fields["deploymentConfiguration"]["strategy"])
    if "placementStrategy" in p:
        fields["placementStrategy"] = _placement(p["placementStrategy"])
        if fields["placementStrategy"] and runs_on_fargate(config):
            raise invalid("Placement strategies are not supported with FARGATE launch type.")
    desired = p.get("desiredCount", service.desired)
    check_desired(desired)
    if scheduling == "DAEMON" and "desiredCount" in p:
        raise invalid(
            "The daemon scheduling strategy does not support a desired count. Remove it and try again."
        )
    if fields != service.fields:
        service.fields = fields
    service.ask_for(desired)
    if force or canonical(config) != canonical(before.config):
        rollback.deploy(ecs, service, config, definition, call.now)
    scheduler.wake(ecs, service, call.now)
    return {"service": view(ecs, service, tags=True)}


def _update_external(ecs: Region, service: Service, call: Call) -> Json:
    """ "For services using an external deployment controller, you can update only the desired count, task
    placement constraints and strategies, health check grace period, enable ECS managed tags option, and
    propagate tags option" (API_UpdateService); with CODE_DEPLOY the deployment configuration, too."""
    p = call.params
    task_sets.check_update(service, p)
    desired = p.get("desiredCount", service.desired)
    check_desired(desired)
    fields = {**service.fields, **{name: p[name] for name in _PLAIN if name in p}}
    if "placementStrategy" in p:
        fields["placementStrategy"] = _placement(p["placementStrategy"])
    if "deploymentConfiguration" in p:
        fields["deploymentConfiguration"] = deployment_configuration(
            p["deploymentConfiguration"], fields["deploymentConfiguration"], "REPLICA"
        )
        check_configuration(fields["deploymentConfiguration"])
    service.fields, service.desired = fields, desired
    scheduler.wake(ecs, service, call.now)
    return {"service": view(ecs, service, tags=True)}


def _capacity(config: Json) -> Json:
    return {name: canonical(config).get(name) for name in ("launchType", "capacityProviderStrategy")}


def delete(ecs: Region, call: Call) -> Json:
    """ACTIVE becomes DRAINING, and INACTIVE once its tasks are stopping.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    p = call.params
    service = ecs.service(ecs.cluster(p.get("cluster")), p["service"])
    if service.status == "INACTIVE":
        raise ApiError("ServiceNotFoundException", "Service not found.")
    if service.status == "ACTIVE":
        if service.desired > 0 and not p.get("force") and service.fields["schedulingStrategy"] == "REPLICA":
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        rollback.abandon(service, call.now)
        service.status = "DRAINING"
        service.ask_for(0)
        service.drained_at = call.now + ecs.world.timings.draining
        service.throttled_until = 0.0
        scheduler.wake(ecs, service, call.now)
    return {"service": view(ecs, service, tags=True)}


def describe(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""
    p = call.params
    names = p["services"]
    if not names:
        raise invalid("Services cannot be empty.")
    if len(names) > 10:
        raise invalid("Cannot describe more than 10 services in one request.")
    cluster = ecs.cluster(p.get("cluster"))
    tags = "TAGS" in p.get("include", [])
    found, failures = [], []
    for name in dict.fromkeys(names):
        service = ecs.find_service(cluster, name)
        if service is None:
            arn = name if name.startswith("arn:") else ecs.arn("service", f"{cluster.name}/{name}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(described(ecs, service, tags=tags))
    return {"services": found, "failures": failures}


def list_services(ecs: Region, call: Call) -> Json:
    """Ten by default. A DRAINING service "is no longer visible in the ListServices API operation".

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    arns = []
    for service in cluster.services.values():
        if service.status != "ACTIVE":
            continue
        config = service.serving.revision.config if service.serving is not None else {}
        launch = config.get("launchType") or ("FARGATE" if runs_on_fargate(config) else "EC2")
        if p.get("launchType") not in (None, launch):
            continue
        if p.get("schedulingStrategy") not in (None, service.fields["schedulingStrategy"]):
            continue
        arns.append(service.arn)
    chunk, more = page(arns, p, default=10)
    return {"serviceArns": chunk, **more}

"""Capacity providers: the two of Fargate, and those of Auto Scaling groups.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html
"""

from collections.abc import Iterator

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.services.ecs.clusters import FARGATE, check_known, check_strategy, view
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, client_error, invalid
from apollo.testing.services.ecs.state import CapacityProvider, Json, Service
from apollo.testing.services.ecs.tags import checked, listed
from apollo.testing.world import Call

_SCALING: Json = {
    "status": "DISABLED",
    "targetCapacity": 100,
    "minimumScalingStepSize": 1,
    "maximumScalingStepSize": 10000,
    "instanceWarmupPeriod": 300,
}
_GROUP: Json = {"managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED"}
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AutoScalingGroupProvider.html"""


def create(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html"""
    p = call.params
    name = p["name"]
    if "managedInstancesProvider" in p:
        raise NotSimulated("ecs managed instances capacity provider")
    if name.lower().startswith(("aws", "ecs", "fargate")):
        raise invalid("The capacity provider name cannot be prefixed with aws, ecs or fargate.")
    if "autoScalingGroupProvider" not in p:
        raise invalid("autoScalingGroupProvider must be specified.")
    if name in ecs.providers:
        raise client_error("A capacity provider with that name already exists.")
    given = p["autoScalingGroupProvider"]
    group = _GROUP | given | {"managedScaling": _SCALING | given.get("managedScaling", {})}
    made = CapacityProvider(name, ecs.arn("capacity-provider", name), group, checked(p.get("tags")))
    ecs.providers[name] = made
    return {"capacityProvider": _view(made, tags=True)}


def update(ecs: Region, call: Call) -> Json:
    """What is left out stays.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCapacityProvider.html
    """
    p = call.params
    name = p["name"].rpartition("/")[2]
    if "managedInstancesProvider" in p:
        raise NotSimulated("ecs managed instances capacity provider")
    if name in FARGATE:
        raise invalid("The FARGATE and FARGATE_SPOT capacity providers are reserved and cannot be updated.")
    found = ecs.providers.get(name)
    if found is None:
        raise client_error("The specified capacity provider does not exist.")
    given = p.get("autoScalingGroupProvider")
    if not given:
        raise invalid("autoScalingGroupProvider must be specified.")
    scaling = found.group["managedScaling"] | given.get("managedScaling", {})
    found.group = found.group | given | {"managedScaling": scaling}
    found.update_status = "UPDATE_COMPLETE"
    return {"capacityProvider": _view(found, tags=True)}


def delete(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCapacityProvider.html"""
    name = call.params["capacityProvider"].rpartition("/")[2]
    if name in FARGATE:
        raise invalid("The FARGATE and FARGATE_SPOT capacity providers are reserved and cannot be deleted.")
    found = ecs.providers.get(name)
    if found is None:
        raise client_error("The specified capacity provider does not exist.")
    if any(name in c.capacity_providers for c in ecs.clusters.values() if c.status == "ACTIVE"):
        raise client_error("The capacity provider cannot be deleted because it is associated with a cluster.")
    del ecs.providers[name]
    found.status, found.update_status = "INACTIVE", "DELETE_COMPLETE"
    return {"capacityProvider": _view(found, tags=False)}


def describe(ecs: Region, call: Call) -> Json:
    """Without names, all of them. Ten at a time.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html
    """
    p = call.params
    names = [name.rpartition("/")[2] for name in p.get("capacityProviders", [])]
    if len(names) > 100:
        raise invalid("capacityProviders can have at most 100 items.")
    within = ecs.cluster(p["cluster"]).capacity_providers if p.get("cluster") else None
    tags = "TAGS" in p.get("include", [])
    known = {str(body["name"]): body for body in _all(ecs, tags) if within is None or body["name"] in within}
    found = [known[name] for name in names if name in known] if names else list(known.values())
    missing = [
        {"arn": ecs.arn("capacity-provider", name), "reason": "MISSING"}
        for name in names
        if name not in known
    ]
    chunk, more = page(found, p, default=10, most=10)
    return {"capacityProviders": chunk, "failures": missing, **more}


def _all(ecs: Region, tags: bool) -> Iterator[Json]:
    for name in sorted(FARGATE):
        yield {
            "capacityProviderArn": ecs.arn("capacity-provider", name),
            "name": name,
            "status": "ACTIVE",
            "tags": [],
            "type": name,
        }
    for made in ecs.providers.values():
        yield _view(made, tags=tags)


def _view(made: CapacityProvider, *, tags: bool) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProvider.html"""
    return {
        "capacityProviderArn": made.arn,
        "name": made.name,
        "status": made.status,
        "autoScalingGroupProvider": made.group,
        "updateStatus": made.update_status,
        "tags": listed(made.tags) if tags else [],
        "type": "EC2_AUTOSCALING",
    }


def _strategy(service: Service) -> list[Json]:
    used = [*service.deployments, *(task_set.deployment for task_set in service.task_sets)]
    if service.deployments:
        used = [service.primary]
    return [item for one in used for item in one.revision.config.get("capacityProviderStrategy", [])]


def put_for_cluster(ecs: Region, call: Call) -> Json:
    """Providers and default strategy are both replaced. A provider that a service uses stays.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html
    """
    cluster = ecs.cluster(call.params["cluster"])
    names = call.params["capacityProviders"]
    strategy = call.params["defaultCapacityProviderStrategy"]
    check_known(ecs, names)
    check_strategy(strategy, names)
    used = {
        item["capacityProvider"]
        for service in cluster.services.values()
        if service.status == "ACTIVE"
        for item in _strategy(service)
    }
    if used - set(names):
        raise ApiError(
            "ResourceInUseException",
            "The specified capacity provider is in use and cannot be removed.",
        )
    cluster.capacity_providers = names
    cluster.default_strategy = [{"base": 0, "weight": 0, **item} for item in strategy]
    return {"cluster": view(ecs, cluster, set())}

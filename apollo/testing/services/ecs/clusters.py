"""Clusters."""

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.account import effective
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Cluster, Json
from apollo.testing.services.ecs.tags import checked, listed
from apollo.testing.world import Call

FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})


def create_cluster(ecs: Region, call: Call) -> Json:
    """Without a name it is called `default`; creating an ACTIVE one again returns it.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
    """
    p = call.params
    name = p.get("clusterName") or "default"
    _check_settings(p.get("settings", []))
    if len(name) > 255 or not name.replace("-", "").replace("_", "").isalnum():
        raise invalid("Identifier must only contain letters, numbers, hyphens, and underscores.")
    tags = checked(p.get("tags"))
    check_known(ecs, p.get("capacityProviders", []))
    check_strategy(p.get("defaultCapacityProviderStrategy", []), p.get("capacityProviders", []))
    found = ecs.clusters.get(name)
    if found is None or found.status != "ACTIVE":
        insights, _ = effective(ecs, "containerInsights", call.identity.arn)
        found = ecs.clusters[name] = Cluster(
            name,
            ecs.arn("cluster", name),
            settings=p.get("settings") or [{"name": "containerInsights", "value": insights}],
            configuration=p.get("configuration"),
            service_connect_defaults=p.get("serviceConnectDefaults"),
            capacity_providers=p.get("capacityProviders", []),
            default_strategy=[
                {"base": 0, "weight": 0, **i} for i in p.get("defaultCapacityProviderStrategy", [])
            ],
            tags=tags,
        )
    return {"cluster": view(ecs, found, {"TAGS", "SETTINGS", "CONFIGURATIONS"})}


def view(ecs: Region, cluster: Cluster, include: set[str]) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    ecs.step_cluster(cluster)
    now = ecs.now
    statuses = [t.status(now) for t in ecs.tasks.values() if t.cluster is cluster]
    body: Json = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": len(cluster.instances),
        "runningTasksCount": statuses.count("RUNNING"),
        "pendingTasksCount": sum(s in ("PROVISIONING", "PENDING", "ACTIVATING") for s in statuses),
        "activeServicesCount": sum(s.status == "ACTIVE" for s in cluster.services.values()),
        "statistics": [],
        "tags": listed(cluster.tags) if "TAGS" in include else [],
        "settings": cluster.settings if "SETTINGS" in include else [],
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.default_strategy,
    }
    if cluster.configuration and "CONFIGURATIONS" in include:
        body["configuration"] = cluster.configuration
    if cluster.service_connect_defaults:
        body["serviceConnectDefaults"] = cluster.service_connect_defaults
    return body


def describe_clusters(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html"""
    names = call.params.get("clusters") or ["default"]
    if len(names) > 100:
        raise invalid("clusters can have at most 100 items.")
    include = set(call.params.get("include", []))
    found, failures = [], []
    for name in names:
        cluster = ecs.clusters.get(name.rsplit("/", 1)[-1])
        if cluster is None or (":" in name and name != cluster.arn):
            arn = name if ":" in name else ecs.arn("cluster", name)
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(view(ecs, cluster, include))
    return {"clusters": found, "failures": failures}


def list_clusters(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html"""
    arns = [c.arn for c in ecs.clusters.values() if c.status == "ACTIVE"]
    chunk, more = page(arns, call.params)
    return {"clusterArns": chunk, **more}


def delete_cluster(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html"""
    cluster = ecs.cluster(call.params["cluster"])
    ecs.step_cluster(cluster)
    if any(s.status == "ACTIVE" for s in cluster.services.values()):
        raise ApiError(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    now = ecs.now
    if any(t.cluster is cluster and t.status(now) != "STOPPED" for t in ecs.tasks.values()):
        raise ApiError(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    cluster.status = "INACTIVE"
    return {"cluster": view(ecs, cluster, set())}


def update(ecs: Region, call: Call) -> Json:
    """What is left out stays. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCluster.html"""
    p = call.params
    cluster = ecs.cluster(p["cluster"])
    _change_settings(cluster, p.get("settings", []))
    if "configuration" in p:
        cluster.configuration = p["configuration"]
    if "serviceConnectDefaults" in p:
        cluster.service_connect_defaults = p["serviceConnectDefaults"]
    return {"cluster": view(ecs, cluster, {"SETTINGS", "CONFIGURATIONS"})}


def update_settings(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateClusterSettings.html"""
    cluster = ecs.cluster(call.params["cluster"])
    _change_settings(cluster, call.params["settings"])
    return {"cluster": view(ecs, cluster, {"SETTINGS", "CONFIGURATIONS"})}


def _change_settings(cluster: Cluster, given: list[Json]) -> None:
    _check_settings(given)
    changed = {item["name"]: item for item in given}
    cluster.settings = [*(s for s in cluster.settings if s["name"] not in changed), *changed.values()]


def _check_settings(given: list[Json]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterSetting.html"""
    for item in given:
        if "name" not in item:
            raise invalid("The name of a cluster setting must be specified.")
        if item.get("value") not in ("enabled", "disabled", "enhanced"):
            raise invalid(f"Invalid value for cluster setting {item['name']}: {item.get('value')}")


def check_known(ecs: Region, names: list[str]) -> None:
    for name in names:
        if name not in FARGATE and name not in ecs.providers:
            raise invalid(
                f"The specified capacity provider '{name}' was not found. "
                "Specify a valid name or ARN and try again."
            )


def check_strategy(strategy: list[Json], associated: list[str]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""
    if len(strategy) > 20:
        raise invalid("A capacity provider strategy can contain a maximum of 20 capacity providers.")
    names = [item["capacityProvider"] for item in strategy]
    if len(names) != len(set(names)):
        raise invalid("A capacity provider strategy cannot contain a duplicate capacity provider.")
    for name in names:
        if name not in associated:
            raise invalid(
                f"The specified capacity provider '{name}' was not found. "
                "Specify a valid name or ARN and try again."
            )
    if sum(item.get("base", 0) > 0 for item in strategy) > 1:
        raise invalid("Only one capacity provider in a capacity provider strategy can have a base defined.")
    if len(strategy) > 1 and not any(item.get("weight", 0) for item in strategy):
        raise invalid("At least one capacity provider must have a weight greater than 0.")
    if 0 < sum(name in FARGATE for name in names) < len(names):
        raise invalid("A capacity provider strategy cannot mix Fargate and other capacity providers.")

"""What a service names in AWS: its cluster, its roles, its registries, its quotas.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from apollo.api import Around, Context, Problem, Resource, is_unknown
from apollo.controllers.existence import balancing, clusters, discovery, logs, network, roles
from apollo.controllers.existence.base import Check, Unknown, find, run
from apollo.controllers.existence.clusters import CLUSTERS, SERVICES_PER_CLUSTER, TASKS_PER_SERVICE, quota
from apollo.controllers.service import verify_network, verify_traffic
from apollo.controllers.service.places import cluster_name
from apollo.controllers.service.seen import ServiceSeen
from apollo.resources.service import ServiceSpec

__all__ = ["ACTIONS", "problems"]

ACTIONS = (
    balancing.ACTIONS
    | clusters.CLUSTER_ACTIONS
    | clusters.QUOTA_ACTIONS
    | discovery.ACTIONS
    | logs.ACTIONS
    | network.ACTIONS
    | roles.ACTIONS
)

Want = Resource[ServiceSpec]


async def problems(ctx: Context, want: Want, seen: ServiceSeen | None, around: Around) -> Sequence[Problem]:
    """Everything at once."""
    new = seen is None or seen.absent
    declared = want.spec.declared()
    return await run(_checks(ctx, want, declared, new, around))


def _checks(
    ctx: Context, want: Want, declared: Mapping[str, Any], new: bool, around: Around
) -> Iterator[Check]:
    yield partial(_cluster, ctx, want, declared, new, around)
    if new:
        yield partial(roles.linked_role_problems, ctx, "")
    yield partial(_count, ctx, declared)
    for path, role in _infrastructure_roles(declared):
        yield partial(roles.role_problems, ctx, role, path, roles.INFRASTRUCTURE)
    yield from verify_network.checks(ctx, declared)
    yield from verify_traffic.checks(ctx, declared, around)
    for index, registry in enumerate(declared.get("serviceRegistries") or ()):
        if registry.get("registryArn"):
            where = f"/serviceRegistries/{index}/registryArn"
            yield partial(discovery.registry_problems, ctx, registry["registryArn"], where)
    connect = declared.get("serviceConnectConfiguration") or {}
    if connect.get("enabled") and connect.get("namespace"):
        where = "/serviceConnectConfiguration/namespace"
        yield partial(discovery.namespace_problems, ctx, connect["namespace"], where)
    if connect.get("logConfiguration"):
        where = "/serviceConnectConfiguration/logConfiguration"
        yield partial(logs.log_problems, ctx, connect["logConfiguration"], where, around.provided)


def _infrastructure_roles(declared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if declared.get("role"):
        yield "/role", declared["role"]
    for index, balancer in enumerate(declared.get("loadBalancers") or ()):
        role = (balancer.get("advancedConfiguration") or {}).get("roleArn")
        if role:
            yield f"/loadBalancers/{index}/advancedConfiguration/roleArn", role
    for volume in declared.get("volumeConfigurations") or ():
        role = (volume.get("managedEBSVolume") or {}).get("roleArn")
        if role:
            yield f"/volumeConfigurations/{volume['name']}/managedEBSVolume/roleArn", role
    for index, hook in enumerate((declared.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ()):
        if hook.get("roleArn"):
            yield f"/deploymentConfiguration/lifecycleHooks/{index}/roleArn", hook["roleArn"]
    for service in (declared.get("serviceConnectConfiguration") or {}).get("services") or ():
        role = (service.get("tls") or {}).get("roleArn")
        if role:
            yield f"/serviceConnectConfiguration/services/{service['portName']}/tls/roleArn", role


async def _cluster(
    ctx: Context, want: Want, declared: Mapping[str, Any], new: bool, around: Around
) -> Iterable[Problem]:
    name = declared.get("cluster") or "default"
    if is_unknown(name) or f"cluster:{cluster_name(name)}" in around.provided:
        return ()
    live = await find(ctx, CLUSTERS, cluster_name(name))
    if isinstance(live, Unknown):
        return [live.told("clusters", "/cluster")]
    if live is None or live.status != "ACTIVE":
        is_so = "there is no" if live is None else f"{live.status} is the state of the"
        return [
            Problem(
                "APO-PRE-070",
                f"{is_so} ECS cluster {name}",
                path="/cluster",
                hint="create it, or name another one in spec.cluster or in the Environment",
            )
        ]
    found = [*_providers(declared, live), *_namespace(declared, live)]
    if new:
        more = sum(1 for one in around.resources.values() if _is_service_of(one, live.name))
        most = await quota(ctx, SERVICES_PER_CLUSTER)
        if live.services + 1 > most:
            found.append(
                Problem(
                    "APO-PRE-100",
                    f"cluster {live.name} has {live.services} of the {most} services that AWS grants it, and "
                    f"git holds {more}",
                    path="/cluster",
                    hint="ask for more with Service Quotas (Services per cluster), or use another cluster",
                )
            )
    return found


def _is_service_of(other: Resource[Any], cluster: str) -> bool:
    if not isinstance(other.spec, ServiceSpec):
        return False
    return cluster_name(other.spec.cluster or "default") == cluster


def _providers(declared: Mapping[str, Any], live: clusters.Cluster) -> Iterator[Problem]:
    strategy = declared.get("capacityProviderStrategy") or ()
    for item in strategy:
        provider = item["capacityProvider"]
        if not is_unknown(provider) and provider not in live.providers:
            there = ", ".join(sorted(live.providers)) or "none"
            yield Problem(
                "APO-PRE-071",
                f"cluster {live.name} has no capacity provider {provider}",
                path=f"/capacityProviderStrategy/{provider}",
                hint=f"it has {there}; aws ecs put-cluster-capacity-providers adds one",
            )
    launch_type = declared.get("launchType")
    on_instances = launch_type == "EC2" or not (launch_type or strategy or live.default)
    if on_instances and declared.get("schedulingStrategy") != "DAEMON" and not live.instances:
        yield Problem(
            "APO-PRE-072",
            f"cluster {live.name} has no container instances, and tasks of launch type EC2 run on those",
            path="/launchType" if launch_type else "",
            hint="launchType: FARGATE, or start instances in the cluster",
            severity="warning",
        )


def _namespace(declared: Mapping[str, Any], live: clusters.Cluster) -> Iterator[Problem]:
    connect = declared.get("serviceConnectConfiguration") or {}
    if connect.get("enabled") and not connect.get("namespace") and not live.namespace:
        yield Problem(
            "APO-PRE-080",
            f"Service Connect has no namespace: cluster {live.name} has no default one",
            path="/serviceConnectConfiguration",
            hint="name one in serviceConnectConfiguration.namespace",
        )


async def _count(ctx: Context, declared: Mapping[str, Any]) -> Iterable[Problem]:
    count = declared.get("desiredCount") or 0
    if count <= 1000:  # not asked for nothing: AWS grants 5000 to everybody, and more on request
        return ()
    most = await quota(ctx, TASKS_PER_SERVICE)
    if count <= most:
        return ()
    return [
        Problem(
            "APO-PRE-100",
            f"{count} tasks are more than the {most} that AWS grants a service",
            path="/desiredCount",
            hint="ask for more with Service Quotas (Tasks per service)",
        )
    ]

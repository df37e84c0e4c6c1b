"""ECS clusters and services as a preflight needs them, and the quotas of ECS.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from apollo.api import Context
from apollo.controllers.existence.base import Existing, find, pages

__all__ = [
    "CLUSTERS",
    "CLUSTER_ACTIONS",
    "QUOTA_ACTIONS",
    "SERVICES",
    "SERVICES_PER_CLUSTER",
    "SERVICE_ACTIONS",
    "TASKS_PER_SERVICE",
    "Cluster",
    "quota",
]

CLUSTER_ACTIONS = frozenset({"ecs:DescribeClusters"})
SERVICE_ACTIONS = frozenset({"ecs:DescribeServices"})
QUOTA_ACTIONS = frozenset({"servicequotas:ListServiceQuotas"})

SERVICES_PER_CLUSTER: Final = "Services per cluster"
TASKS_PER_SERVICE: Final = "Tasks per service"
_DEFAULTS: Final = {SERVICES_PER_CLUSTER: 5000, TASKS_PER_SERVICE: 5000}


@frozen
class Cluster:
    """:ivar providers: its capacity providers. :ivar default: whether it has a default strategy.
    :ivar namespace: of its default for Service Connect."""

    name: str
    status: str
    providers: frozenset[str]
    default: bool
    services: int
    instances: int
    namespace: str


class _Clusters(Existing[str, Cluster]):
    """DescribeClusters: 100 in a call. Keys are names or ARNs."""

    name = "ecs.DescribeClusters"
    action = "ecs:DescribeClusters"
    each = True
    batch = 100

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Cluster]:
        answer = await ctx.read("ecs", "DescribeClusters", clusters=list(keys))
        live = {str(one["clusterName"]): _cluster(one) for one in answer.get("clusters") or ()}
        names = {key: key.rsplit("/", 1)[-1] for key in keys}
        return {key: live[name] for key, name in names.items() if name in live}


class _Services(Existing[tuple[str, str], bool]):
    """DescribeServices: 10 of one cluster in a call. Keys are (cluster, name)."""

    name = "ecs.DescribeServices:existence"
    action = "ecs:DescribeServices"
    batch = 10

    def scope(self, key: tuple[str, str]) -> Hashable:
        return key[0]

    async def look(self, ctx: Context, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bool]:
        cluster = keys[0][0]
        names = [name for _, name in keys]
        answer = await ctx.read("ecs", "DescribeServices", cluster=cluster, services=names)
        live = answer.get("services") or ()
        return {(cluster, str(one["serviceName"])): True for one in live if one.get("status") == "ACTIVE"}


class _Quotas(Existing[str, int]):
    """ListServiceQuotas of ECS: all of them in one list. Keys are AWS's names."""

    name = "service-quotas.ListServiceQuotas:ecs"
    action = "servicequotas:ListServiceQuotas"
    batch = 100

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        async for page in pages(
            ctx, "service-quotas", "ListServiceQuotas", ServiceCode="ecs", MaxResults=100
        ):
            for one in page.get("Quotas") or ():
                found[str(one.get("QuotaName"))] = int(one.get("Value", 0))
        return {key: found[key] for key in keys if key in found}


CLUSTERS = _Clusters()
SERVICES = _Services()
QUOTAS = _Quotas()


async def quota(ctx: Context, name: str) -> int:
    """What AWS grants this account, or what it grants everybody, where that cannot be read."""
    found = await find(ctx, QUOTAS, name)
    return found if isinstance(found, int) and found > 0 else _DEFAULTS[name]


def _cluster(one: Mapping[str, Any]) -> Cluster:
    return Cluster(
        name=str(one["clusterName"]),
        status=str(one.get("status", "")),
        providers=frozenset(one.get("capacityProviders") or ()),
        default=bool(one.get("defaultCapacityProviderStrategy")),
        services=int(one.get("activeServicesCount") or 0),
        instances=int(one.get("registeredContainerInstancesCount") or 0),
        namespace=str((one.get("serviceConnectDefaults") or {}).get("namespace") or ""),
    )

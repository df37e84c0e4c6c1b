"""AWS Cloud Map: namespaces and services.

https://docs.aws.amazon.com/cloud-map/latest/api/API_ListNamespaces.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, arn, elsewhere, find, pages

__all__ = ["ACTIONS", "namespace_problems", "registry_problems"]

ACTIONS = frozenset({"servicediscovery:GetService", "servicediscovery:ListNamespaces"})


class _Namespaces(Existing[str, bool]):
    """ListNamespaces: all of them in one list, which is short. Keys are names, ids or ARNs."""

    name = "servicediscovery.ListNamespaces"
    action = "servicediscovery:ListNamespaces"
    batch = 100

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        found: set[str] = set()
        async for page in pages(ctx, "servicediscovery", "ListNamespaces", MaxResults=100):
            for one in page.get("Namespaces") or ():
                found |= {str(one.get(name, "")) for name in ("Name", "Id", "Arn")}
        return {key: True for key in keys if key in found}


class _Registries(Existing[str, bool]):
    """GetService: one in a call. Keys are ids: ``srv-…``."""

    name = "servicediscovery.GetService"
    action = "servicediscovery:GetService"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        await ctx.read("servicediscovery", "GetService", Id=keys[0])
        return {keys[0]: True}


NAMESPACES = _Namespaces()
REGISTRIES = _Registries()


async def namespace_problems(ctx: Context, namespace: str, path: str) -> Iterable[Problem]:
    """What is wrong with a namespace that Service Connect is to use."""
    if is_unknown(namespace):
        return ()
    named = arn(namespace)
    if named is not None and (out := elsewhere(ctx, named)):
        return [out.told("Cloud Map namespaces", path)]
    live = await find(ctx, NAMESPACES, namespace)
    if isinstance(live, Unknown):
        return [live.told("Cloud Map namespaces", path)]
    if live:
        return ()
    return [
        Problem(
            "APO-PRE-080",
            f"there is no Cloud Map namespace {namespace} in this account and region",
            path=path,
            hint="create it: aws servicediscovery create-http-namespace --name …; or correct the name",
        )
    ]


async def registry_problems(ctx: Context, registry: str, path: str) -> Iterable[Problem]:
    """What is wrong with a Cloud Map service that tasks are registered with."""
    named = arn(registry)
    if is_unknown(registry) or (named is not None and named.service != "servicediscovery"):
        return ()
    if named is not None and (out := elsewhere(ctx, named)):
        return [out.told("Cloud Map services", path)]
    live = await find(ctx, REGISTRIES, registry.rsplit("/", 1)[-1])
    if isinstance(live, Unknown):
        return [live.told("Cloud Map services", path)]
    if live:
        return ()
    return [
        Problem(
            "APO-PRE-081",
            f"there is no Cloud Map service {registry}",
            path=path,
            hint="create it in its namespace, or correct the ARN",
        )
    ]

"""The subnets and security groups of a service, and whether its tasks can reach anything from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Check, Unknown, find
from apollo.controllers.existence.network import ENDPOINTS, GROUPS, ROUTES, SUBNETS
from apollo.reads import together

__all__ = ["checks", "vpc_of"]

_PATH = "/networkConfiguration/awsvpcConfiguration"


def checks(ctx: Context, declared: Mapping[str, Any]) -> Iterator[Check]:
    network = _network(declared)
    if network:
        yield partial(_places, ctx, network)
        yield partial(_ways, ctx, network)


def _network(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    return (declared.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}


def _known(values: Iterable[Any] | None) -> list[str]:
    return [str(one) for one in values or () if not is_unknown(one)]


async def vpc_of(ctx: Context, declared: Mapping[str, Any]) -> str:
    """The VPC of the first subnet that is there; empty when it is not known."""
    for subnet in _known(_network(declared).get("subnets")):
        live = await find(ctx, SUBNETS, subnet)
        if live is not None and not isinstance(live, Unknown):
            return live.vpc
    return ""


async def _places(ctx: Context, network: Mapping[str, Any]) -> Iterable[Problem]:
    subnets, groups = _known(network.get("subnets")), _known(network.get("securityGroups"))
    live_subnets = await together(partial(find, ctx, SUBNETS), subnets)
    live_groups = await together(partial(find, ctx, GROUPS), groups)
    problems: list[Problem] = []
    vpcs: dict[str, str] = {}
    for name, found in zip(subnets, live_subnets, strict=True):
        path = f"{_PATH}/subnets"
        if isinstance(found, Unknown):
            problems.append(found.told("subnets", path))
        elif found is None:
            problems.append(_absent("APO-PRE-060", "subnet", name, path))
        else:
            vpcs.setdefault(found.vpc, name)
    for name, group in zip(groups, live_groups, strict=True):
        path = f"{_PATH}/securityGroups"
        if isinstance(group, Unknown):
            problems.append(group.told("security groups", path))
        elif group is None:
            problems.append(_absent("APO-PRE-061", "security group", name, path))
        else:
            vpcs.setdefault(group, name)
    if len(vpcs) > 1:
        where = ", ".join(f"{name} in {vpc}" for vpc, name in vpcs.items())
        problems.append(
            Problem(
                "APO-PRE-062",
                f"subnets and security groups are of several VPCs: {where}",
                path=_PATH,
                hint="a service lives in one VPC: take subnets and security groups of the same one",
            )
        )
    return problems


def _absent(code: str, kind: str, name: str, path: str) -> Problem:
    return Problem(
        code,
        f"there is no {kind} {name} in this account and region",
        path=path,
        hint=f"correct the id, or create the {kind} before the merge",
    )


async def _ways(ctx: Context, network: Mapping[str, Any]) -> Iterable[Problem]:
    """How a task gets to its image. Only a hint, so nothing is said where it cannot be seen."""
    public = network.get("assignPublicIp") == "ENABLED"
    if is_unknown(network.get("assignPublicIp")):
        return ()
    problems = []
    for subnet in _known(network.get("subnets")):
        live = await find(ctx, SUBNETS, subnet)
        if live is None or isinstance(live, Unknown):
            continue
        routes = await find(ctx, ROUTES, live.vpc)
        if routes is None or isinstance(routes, Unknown):
            continue
        way = routes.of(subnet)
        if public and way != "igw":
            problems.append(
                Problem(
                    "APO-PRE-063",
                    f"tasks get public addresses, but subnet {subnet} has no route to an internet gateway: "
                    "nobody reaches them there",
                    path=f"{_PATH}/assignPublicIp",
                    hint="leave out assignPublicIp, or take public subnets",
                    severity="warning",
                )
            )
        elif not public and way in ("igw", "") and await _is_shut_in(ctx, live.vpc):
            ways = "only goes out by an internet gateway" if way else "has no route to the internet"
            problems.append(
                Problem(
                    "APO-PRE-063",
                    f"tasks get no public addresses, and subnet {subnet} {ways}: they cannot pull images",
                    path=f"{_PATH}/assignPublicIp",
                    hint="assignPublicIp: ENABLED in a public subnet; else a NAT gateway, or VPC endpoints "
                    "for ecr.api, ecr.dkr, s3 and logs",
                    severity="warning",
                )
            )
    return problems


async def _is_shut_in(ctx: Context, vpc: str) -> bool:
    """Whether images certainly have no private way into the VPC."""
    endpoints = await find(ctx, ENDPOINTS, vpc)
    return not isinstance(endpoints, Unknown) and "ecr.dkr" not in (endpoints or ())

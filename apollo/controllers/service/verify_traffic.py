"""The target groups, listeners and rules by which a service gets its requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from apollo.api import Around, Context, Problem, is_unknown
from apollo.controllers.existence.balancing import LISTENER_RULES, LISTENERS, TARGET_GROUPS, TargetGroup
from apollo.controllers.existence.base import Check, Unknown, find
from apollo.controllers.service.verify_network import vpc_of

__all__ = ["checks"]


def checks(ctx: Context, declared: Mapping[str, Any], around: Around) -> Iterator[Check]:
    for index, balancer in enumerate(declared.get("loadBalancers") or ()):
        path = f"/loadBalancers/{index}"
        if balancer.get("loadBalancerName"):
            yield partial(_classic, f"{path}/loadBalancerName")
        advanced = balancer.get("advancedConfiguration") or {}
        for where, arn in (
            (f"{path}/targetGroupArn", balancer.get("targetGroupArn")),
            (
                f"{path}/advancedConfiguration/alternateTargetGroupArn",
                advanced.get("alternateTargetGroupArn"),
            ),
        ):
            if arn and not is_unknown(arn):
                yield partial(_target_group, ctx, arn, where, declared, around)
        for name in ("productionListenerRule", "testListenerRule"):
            if advanced.get(name) and not is_unknown(advanced[name]):
                yield partial(_rule, ctx, advanced[name], f"{path}/advancedConfiguration/{name}")


async def _classic(path: str) -> Iterable[Problem]:
    return [Unknown("only target groups are looked at", "APO-PRE-003").told("Classic Load Balancers", path)]


async def _target_group(
    ctx: Context, arn: str, path: str, declared: Mapping[str, Any], around: Around
) -> Iterable[Problem]:
    live = await find(ctx, TARGET_GROUPS, arn)
    if isinstance(live, Unknown):
        return [live.told("target groups", path)]
    if live is None:
        return [
            Problem(
                "APO-PRE-050",
                f"there is no target group {arn}",
                path=path,
                hint="create it before the merge, or correct the ARN",
            )
        ]
    problems = [*_kind(live, declared, path)]
    if not live.balancers and f"targetGroup:{arn}" not in around.provided:
        problems.append(
            Problem(
                "APO-PRE-052",
                f"no load balancer forwards to target group {live.name}, and ECS refuses such a service",
                path=path,
                hint="add a ListenerRule that forwards to it, or make it the default of a listener",
            )
        )
    vpc = await vpc_of(ctx, declared)
    if vpc and live.vpc and vpc != live.vpc:
        problems.append(
            Problem(
                "APO-PRE-054",
                f"target group {live.name} is of {live.vpc}, and the subnets are of {vpc}",
                path=path,
                hint="take a target group and subnets of one VPC",
            )
        )
    return problems


def _kind(live: TargetGroup, declared: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Tasks with a network interface of their own are reached by its address, others by their instance.

    Whether they have one is told by the service: ECS takes a network configuration with awsvpc only.
    """
    awsvpc = bool((declared.get("networkConfiguration") or {}).get("awsvpcConfiguration"))
    wanted = "ip" if awsvpc else "instance"
    if live.kind in (wanted, ""):
        return
    tasks = "have addresses of their own (awsvpc)" if awsvpc else "share their instance's address"
    yield Problem(
        "APO-PRE-051",
        f"target group {live.name} is of type {live.kind}, and these tasks {tasks}",
        path=path,
        hint=f"take a target group of type {wanted}; the type of one that is there cannot be changed",
    )


async def _rule(ctx: Context, arn: str, path: str) -> Iterable[Problem]:
    listener = ":listener/" in arn  # a Network Load Balancer has no rules: its listener stands there
    live = await (find(ctx, LISTENERS, arn) if listener else find(ctx, LISTENER_RULES, arn))
    if isinstance(live, Unknown):
        return [live.told("listeners" if listener else "listener rules", path)]
    if live:
        return ()
    kind = "listener" if listener else "listener rule"
    return [
        Problem(
            "APO-PRE-055" if listener else "APO-PRE-056",
            f"there is no {kind} {arn}",
            path=path,
            hint="create it, or name a ListenerRule of this environment: ${{ ListenerRule/NAME.arn }}",
        )
    ]

"""Target groups, listeners, rules and quotas of Elastic Load Balancing.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from apollo.api import Context
from apollo.controllers.existence.base import Existing, pages

__all__ = ["ACTIONS", "LIMITS", "LISTENERS", "LISTENER_RULES", "TARGET_GROUPS", "TargetGroup"]

ACTIONS = frozenset(
    {
        "elasticloadbalancing:DescribeAccountLimits",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
    }
)


@frozen
class TargetGroup:
    """:ivar kind: what its targets are: ``ip``, ``instance``, ``lambda`` or ``alb``.
    :ivar balancers: the ARNs of the load balancers that forward to it."""

    arn: str
    name: str
    kind: str
    vpc: str
    balancers: tuple[str, ...]


class _TargetGroups(Existing[str, TargetGroup]):
    """DescribeTargetGroups: 20 in a call. Keys are ARNs."""

    name = "elbv2.DescribeTargetGroups"
    action = "elasticloadbalancing:DescribeTargetGroups"
    batch = 20

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, TargetGroup]:
        found: dict[str, TargetGroup] = {}
        async for page in _listed(ctx, "DescribeTargetGroups", TargetGroupArns=list(keys)):
            for one in page.get("TargetGroups") or ():
                group = TargetGroup(
                    arn=str(one["TargetGroupArn"]),
                    name=str(one.get("TargetGroupName", "")),
                    kind=str(one.get("TargetType", "")),
                    vpc=str(one.get("VpcId", "")),
                    balancers=tuple(one.get("LoadBalancerArns") or ()),
                )
                found[group.arn] = group
        return found


class _Listeners(Existing[str, str]):
    """DescribeListeners: 20 in a call. Keys are ARNs; values those of load balancers."""

    name = "elbv2.DescribeListeners"
    action = "elasticloadbalancing:DescribeListeners"
    batch = 20

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        async for page in _listed(ctx, "DescribeListeners", ListenerArns=list(keys)):
            for one in page.get("Listeners") or ():
                found[str(one["ListenerArn"])] = str(one.get("LoadBalancerArn", ""))
        return found


class _ListenerRules(Existing[str, bool]):
    """DescribeRules: 20 in a call. Keys are ARNs of rules."""

    name = "elbv2.DescribeRules:arns"
    action = "elasticloadbalancing:DescribeRules"
    batch = 20

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        found: dict[str, bool] = {}
        async for page in _listed(ctx, "DescribeRules", RuleArns=list(keys)):
            found.update((str(one["RuleArn"]), True) for one in page.get("Rules") or ())
        return found


class _Limits(Existing[str, int]):
    """DescribeAccountLimits: all of them in one call, by AWS's names.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Limit.html
    """

    name = "elbv2.DescribeAccountLimits"
    action = "elasticloadbalancing:DescribeAccountLimits"
    batch = 100

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        async for page in _listed(ctx, "DescribeAccountLimits"):
            for one in page.get("Limits") or ():
                if str(one.get("Max", "")).isdigit():
                    found[str(one["Name"])] = int(one["Max"])
        return {key: found[key] for key in keys if key in found}


def _listed(ctx: Context, operation: str, **params: Any) -> Any:
    return pages(ctx, "elbv2", operation, "NextMarker", "Marker", **params)


TARGET_GROUPS = _TargetGroups()
LISTENERS = _Listeners()
LISTENER_RULES = _ListenerRules()
LIMITS = _Limits()

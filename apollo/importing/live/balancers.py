"""The listener rules that lead to a service: from its target groups to their load balancers, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from apollo.api import AwsError, Context
from apollo.controllers.listener_rule.seen import LISTENERS, Listener, LiveRule, listener_of
from apollo.reads import together

__all__ = ["rule_of", "rules_to", "target_groups_of"]


def target_groups_of(service: Mapping[str, Any]) -> set[str]:
    """The target groups that a service is registered with, also the alternate ones of blue/green."""
    found = set()
    for entry in service.get("loadBalancers") or ():
        advanced = entry.get("advancedConfiguration") or {}
        found |= {entry.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")}
    return {str(arn) for arn in found if arn}


def _forwarded(rule: LiveRule) -> set[str]:
    """The target groups a rule sends requests to."""
    return {
        str(group.get("targetGroupArn"))
        for action in rule.fields.get("actions") or ()
        for group in (action.get("forwardConfig") or {}).get("targetGroups") or ()
    }


async def rules_to(ctx: Context, groups: Collection[str]) -> list[tuple[Listener, LiveRule, set[str]]]:
    """Every rule that forwards to one of the target groups, with those it forwards to."""
    found = []
    for listener in await together(lambda arn: ctx.load(LISTENERS, arn), await _listeners(ctx, groups)):
        for rule in listener.rules if listener is not None else ():
            its = _forwarded(rule) & set(groups)
            if its:
                found.append((listener, rule, its))
    return [(listener, rule, its) for listener, rule, its in found if listener is not None]


async def rule_of(ctx: Context, arn: str) -> tuple[Listener, LiveRule] | None:
    """A rule by its ARN; None when there is none."""
    try:
        listener = await ctx.load(LISTENERS, listener_of(arn))
    except AwsError as error:
        if error.category != "not-found":
            raise
        return None
    rule = next((one for one in listener.rules if one.arn == arn), None) if listener is not None else None
    return (listener, rule) if listener is not None and rule is not None else None


async def _listeners(ctx: Context, groups: Iterable[str]) -> list[str]:
    """The listeners of the application load balancers in front of target groups; others have no rules."""
    wanted = sorted(groups)
    balancers: set[str] = set()
    for start in range(0, len(wanted), 20):
        chunk = wanted[start : start + 20]
        for group in await _described(ctx, chunk):
            balancers |= {arn for arn in group.get("LoadBalancerArns") or () if ":loadbalancer/app/" in arn}

    async def of(balancer: str) -> list[str]:
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = await ctx.read("elbv2", "DescribeListeners", LoadBalancerArn=balancer, **more)
            found += [str(one["ListenerArn"]) for one in page.get("Listeners") or ()]
            marker = page.get("NextMarker")
            if not marker or marker == more.get("Marker"):
                return found
            more = {"Marker": marker}

    return [arn for its in await together(of, sorted(balancers)) for arn in its]


async def _described(ctx: Context, groups: list[str]) -> list[Mapping[str, Any]]:
    """Target groups; one that is gone does not hide the others."""
    try:
        answer = await ctx.read("elbv2", "DescribeTargetGroups", TargetGroupArns=groups)
    except AwsError as error:
        if error.category != "not-found":
            raise
        if len(groups) == 1:
            return []
        each = await together(lambda group: _described(ctx, [group]), groups)
        return [one for its in each for one in its]
    return list(answer.get("TargetGroups") or ())

"""What a rule names in AWS: its listener, its target groups, and how many rules AWS grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from apollo.api import Around, Context, Problem, Resource, is_unknown
from apollo.controllers.existence import balancing
from apollo.controllers.existence.balancing import LIMITS, LISTENERS, TARGET_GROUPS
from apollo.controllers.existence.base import Check, Unknown, find, run
from apollo.controllers.listener_rule.seen import RuleSeen
from apollo.controllers.listener_rule.wanted import target_groups
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["ACTIONS", "problems"]

ACTIONS = balancing.ACTIONS

Want = Resource[ListenerRuleSpec]

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
_RULES = "rules-per-application-load-balancer"
_RULES_FOR_ALL = 100


async def problems(ctx: Context, want: Want, seen: RuleSeen | None, around: Around) -> Sequence[Problem]:
    """Everything at once."""
    return await run(_checks(ctx, want, seen, around))


def _checks(ctx: Context, want: Want, seen: RuleSeen | None, around: Around) -> Iterator[Check]:
    listener = want.spec.listenerArn
    if not is_unknown(listener):
        yield partial(_listener, ctx, listener)
    for arn in dict.fromkeys(target_groups(want.spec)):
        if not is_unknown(arn):
            yield partial(_target_group, ctx, arn, listener)
    if seen is not None and not want.spec.is_default:
        yield partial(_quota, ctx, want, seen, around)


async def _listener(ctx: Context, arn: str) -> Iterable[Problem]:
    live = await find(ctx, LISTENERS, arn)
    if isinstance(live, Unknown):
        return [live.told("listeners", "/listenerArn")]
    if live is not None:
        return ()
    return [
        Problem(
            "APO-PRE-055",
            f"there is no listener {arn}",
            path="/listenerArn",
            hint="correct the ARN, or create the listener before the merge",
        )
    ]


async def _target_group(ctx: Context, arn: str, listener: str) -> Iterable[Problem]:
    live = await find(ctx, TARGET_GROUPS, arn)
    if isinstance(live, Unknown):
        return [live.told("target groups", "/actions")]
    if live is None:
        return [
            Problem(
                "APO-PRE-050",
                f"there is no target group {arn}",
                path="/actions",
                hint="create it before the merge, or correct the ARN",
            )
        ]
    if is_unknown(listener) or not live.balancers:
        return ()
    balancer = await find(ctx, LISTENERS, listener)
    if not isinstance(balancer, str) or balancer in live.balancers:
        return ()
    return [
        Problem(
            "APO-PRE-053",
            f"target group {live.name} is already used by {', '.join(live.balancers)}, and AWS lets one load "
            "balancer use it",
            path="/actions",
            hint=f"make a target group for {balancer}",
        )
    ]


async def _quota(ctx: Context, want: Want, seen: RuleSeen, around: Around) -> Iterable[Problem]:
    """Whether the load balancer takes so many rules. Other listeners of it would only add; and AWS is not
    asked while there are few."""
    listener = want.spec.listenerArn
    ours = {key for key, one in around.resources.items() if _is_rule_of(one, listener)}
    live = [rule for rule in seen.listener.rules if rule.priority is not None]
    foreign = sum(1 for rule in live if (want.env.key_of(rule.owner) if rule.owner else None) not in ours)
    count = len(ours) + foreign
    if count * 2 <= _RULES_FOR_ALL:
        return ()
    granted = await find(ctx, LIMITS, _RULES)
    most = granted if isinstance(granted, int) and granted > 0 else _RULES_FOR_ALL
    if count <= most:
        return ()
    return [
        Problem(
            "APO-PRE-100",
            f"the listener would have {count} rules, and AWS grants {most} to a load balancer: {foreign} are "
            f"not of this environment, git holds {len(ours)}",
            path="/listenerArn",
            hint="ask for more with Service Quotas (Rules per Application Load Balancer), or take rules away",
        )
    ]


def _is_rule_of(other: Resource[Any], listener: str) -> bool:
    spec = other.spec
    return isinstance(spec, ListenerRuleSpec) and spec.listenerArn == listener and not spec.is_default

"""What a rule names in AWS: its listener, its target groups, and how many of everything AWS grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_GROUPS = "target-groups-per-action-on-application-load-balancer"
_VALUES = "condition-values-per-alb-rule"
_WILDCARDS = "condition-wildcards-per-alb-rule"
_DEFAULTS = {_RULES: 100, _GROUPS: 5, _VALUES: 5, _WILDCARDS: 5}
_CONFIGS = ("hostHeaderConfig", "pathPatternConfig", "httpHeaderConfig", "queryStringConfig")


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
    yield partial(_quotas, ctx, want, seen, around)


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


async def _quotas(ctx: Context, want: Want, seen: RuleSeen | None, around: Around) -> Iterable[Problem]:
    """Each count is looked at only when it is more than half of what AWS grants everybody."""
    counts = dict(_counts(want, seen, around))
    found = []
    for name, (count, path, what) in counts.items():
        if count * 2 <= _DEFAULTS[name]:
            continue
        granted = await find(ctx, LIMITS, name)
        most = granted if isinstance(granted, int) and granted > 0 else _DEFAULTS[name]
        if count > most:
            message = f"{count} {what} are more than the {most} that AWS grants"
            hint = "ask for more with Service Quotas (Elastic Load Balancing), or use fewer"
            found.append(Problem("APO-PRE-100", message, path=path, hint=hint))
    return found


def _counts(want: Want, seen: RuleSeen | None, around: Around) -> Iterator[tuple[str, tuple[int, str, str]]]:
    declared = want.spec.declared()
    values = [value for one in declared.get("conditions") or () for value in _values(one)]
    wildcards = sum(isinstance(value, str) and any(mark in value for mark in "*?") for value in values)
    groups = len(list(target_groups(want.spec)))
    yield _VALUES, (len(values), "/conditions", "values in the conditions of a rule")
    yield _WILDCARDS, (wildcards, "/conditions", "values with wildcards in the conditions of a rule")
    yield _GROUPS, (groups, "/actions", "target groups in one action")
    if seen is None or want.spec.is_default:
        return
    # The quota is of the load balancer; other listeners of it would only add.
    listener = want.spec.listenerArn
    ours = {key for key, one in around.resources.items() if _is_rule_of(one, listener)}
    live = [rule for rule in seen.listener.rules if rule.priority is not None]
    foreign = sum(1 for rule in live if (want.env.key_of(rule.owner) if rule.owner else None) not in ours)
    yield _RULES, (len(ours) + foreign, "/listenerArn", "rules on one load balancer")


def _is_rule_of(other: Resource[Any], listener: str) -> bool:
    spec = other.spec
    return isinstance(spec, ListenerRuleSpec) and spec.listenerArn == listener and not spec.is_default


def _values(condition: Mapping[str, Any]) -> list[Any]:
    found = list(condition.get("values") or ())
    for name in (*_CONFIGS, "httpRequestMethodConfig", "sourceIpConfig"):
        found += (condition.get(name) or {}).get("values") or ()
    return found

"""Whose are the weights of a rule: the manifest's, or those of the deployments that shift requests by them.

In a blue/green, linear or canary deployment ECS changes the weights of the rules that a service's load
balancers name in ``advancedConfiguration``, and leaves them as they are at its end. Taking them back to the
manifest's would send requests to the tasks that have just been stopped. Yet ECS does not look after them
between deployments (https://github.com/aws/containers-roadmap/issues/2853), so what somebody else has set is
not taken for ECS's: weights on a target group of nobody concerned, or on one without targets.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from apollo.api import AwsError, Context, Loader, Resource, is_unknown
from apollo.compare.listener_rule import comparable
from apollo.controllers.listener_rule.seen import LiveRule
from apollo.reads import together
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["Shift", "forward_of", "shift_of", "with_served"]

Want = Resource[ListenerRuleSpec]
Group = Mapping[str, Any]


@frozen
class Shift:
    """A rule whose requests deployments shift.

    :ivar users: the services that name it. :ivar theirs: the ARNs of the target groups between which they
        shift. :ivar declared: the manifest's target groups with their weights. :ivar groups: the live ones.
    """

    users: tuple[str, ...]
    theirs: frozenset[str]
    declared: tuple[Group, ...]
    groups: tuple[Group, ...]

    @property
    def foreign(self) -> set[str]:
        """Live target groups that neither the manifest nor a service names."""
        return _arns(self.groups) - _arns(self.declared) - self.theirs

    def empty(self, rule: LiveRule) -> list[str]:
        """Live target groups that get requests and have no target."""
        served = rule.served or {}
        return [arn for arn in _used(self.groups) if not served.get(arn, True)]

    def may_stay(self, rule: LiveRule) -> bool:
        """Whether the live weights are left alone. Those on an empty target group are, too, where the
        manifest's are no better: a service without tasks has none in either."""
        if self.foreign:
            return False
        served = rule.served or {}
        return not self.empty(rule) or not all(served.get(arn, False) for arn in _used(self.declared))

    def reason(self, rule: LiveRule) -> str:
        said = f"traffic is shifted by the deployments of {', '.join(self.users)}"
        if rule.served is None:
            return f"{said}; whether there are targets is not known"
        return said if not self.empty(rule) else f"{said}; there are no targets in either target group"

    def astray(self, rule: LiveRule) -> str:
        """What to tell when requests go where nobody is, though somebody is behind the other target group."""
        empty = self.empty(rule)
        others = [arn for arn in sorted(self.theirs) if (rule.served or {}).get(arn) and arn not in empty]
        if not empty or not others:
            return ""
        gone, there = (", ".join(arn.split(":")[-1] for arn in arns) for arns in (empty, others))
        return f"requests go to {gone}, which has no targets; there are some in {there}"


def shift_of(want: Want, rule: LiveRule) -> Shift | None:
    """Whose deployments shift the requests of this rule; None when nobody's do."""
    theirs: set[str] = set()
    users = []
    for user in want.users:
        for balancer in getattr(user.spec, "loadBalancers", None) or ():
            advanced = getattr(balancer, "advancedConfiguration", None)
            if advanced is not None:
                theirs |= {str(balancer.targetGroupArn), str(advanced.alternateTargetGroupArn)}
                users.append(str(user.key))
    live = forward_of(rule.fields.get("actions"))
    wanted = forward_of(comparable(want.spec.declared()).get("actions")) if theirs else None
    if live is None or wanted is None:
        return None
    return Shift(
        tuple(dict.fromkeys(users)),
        frozenset(theirs),
        tuple(wanted.get("targetGroups") or ()),
        tuple(live.get("targetGroups") or ()),
    )


def forward_of(actions: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    """What the forward action among ``actions`` says, in the form that is compared."""
    return next((a.get("forwardConfig") for a in actions or () if a.get("type") == "forward"), None)


async def with_served(ctx: Context, want: Want, rule: LiveRule) -> LiveRule:
    """``rule`` with which of the target groups have targets, where its requests are shifted by deployments.
    Where the role may not ask that, it is not known.

    :raises AwsError: when it cannot be known for now.
    """
    shift = shift_of(want, rule)
    if shift is None:
        return rule
    named = {*shift.theirs, *_used(shift.groups), *_used(shift.declared)} - shift.foreign
    arns = sorted(arn for arn in named if not is_unknown(arn))
    try:
        found = await together(lambda arn: ctx.load(_SERVED, arn), arns)
    except AwsError as error:
        if error.category != "access-denied":
            raise
        return rule
    return evolve(rule, served={arn: bool(one) for arn, one in zip(arns, found, strict=True)})


def _arns(groups: Iterable[Group]) -> set[str]:
    return {str(group.get("targetGroupArn")) for group in groups}


def _weights(groups: Iterable[Group]) -> dict[str, int]:
    return {str(group.get("targetGroupArn")): int(group.get("weight", 1)) for group in groups}


def _used(groups: Iterable[Group]) -> list[str]:
    """The target groups that get requests."""
    return sorted(arn for arn, weight in _weights(groups).items() if weight > 0)


class _Served(Loader[str, bool]):
    """DescribeTargetHealth: whether there is a target that is not on its way out. One group in a call; keys
    are ARNs.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
    """

    name = "elbv2.DescribeTargetHealth:served"
    batch = 1

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        return {arn: await _is_served(ctx, arn) for arn in keys}


async def _is_served(ctx: Context, arn: str) -> bool:
    try:
        answer = await ctx.read("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
    except AwsError as error:
        if error.category != "not-found":
            raise
        return False
    states = (target.get("TargetHealth") or {} for target in answer.get("TargetHealthDescriptions") or ())
    return any(state.get("State") != "draining" for state in states)


_SERVED = _Served()

"""The kind ListenerRule."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import evolve

from apollo.api import (
    HASH_TAG,
    PRUNE_TAG,
    Around,
    AwsError,
    Context,
    Controller,
    Denied,
    Env,
    Health,
    Identity,
    Ignored,
    Key,
    Owned,
    Problem,
    Resource,
    Step,
    Transient,
    is_unknown,
)
from apollo.controllers.listener_rule import check, scene, steps
from apollo.controllers.listener_rule.elsewhere import Indexed, indexed
from apollo.controllers.listener_rule.seen import (
    LISTENERS,
    SECRETS_SET,
    Listener,
    LiveRule,
    RuleSeen,
    listener_at,
    listener_of,
)
from apollo.controllers.listener_rule.shifting import shift_of, with_served
from apollo.controllers.listener_rule.wanted import (
    condition_wanted,
    ignored_of,
    mark_of_call,
    secret_mark,
    target_groups,
)
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["ListenerRuleController"]

Want = Resource[ListenerRuleSpec]


class ListenerRuleController(Controller[ListenerRuleSpec, RuleSeen]):
    """A rule of a load balancer's listener, found by its ownership tag.

    Its identity is listener and priority: so two manifests that want one place are refused before any call.
    A live rule of ours counts as being where git wants it as long as it is on the right listener; another
    priority is a change, another listener a move. The rules of a listener are one group: their priorities
    change together, and after no call does a request meet a rule that neither the old nor the new state
    names.

    Rules of others are seen and never touched. Rules of ours on listeners that no manifest names any more are
    found by an index of tags, where the role may ask it.
    """

    kind = "ListenerRule"
    spec_type = ListenerRuleSpec
    permissions = frozenset(
        {
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetHealth",  # of rules that deployments shift
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetRulePriorities",
            "tag:GetResources",  # rules of ours on listeners that no manifest names
        }
    )
    write_permissions = permissions - {
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetHealth",
        "tag:GetResources",
    }
    output_names = frozenset({"arn", "listenerArn", "priority"})
    stable_outputs = frozenset({"arn", "listenerArn"})
    rank = 30

    def identity(self, spec: ListenerRuleSpec, env: Env) -> Identity:
        return Identity("elbv2:rule", f"{spec.listenerArn}#{spec.priority}")

    def group(self, spec: ListenerRuleSpec, env: Env) -> str:
        return spec.listenerArn

    def provides(self, spec: ListenerRuleSpec) -> Iterable[str]:
        """A target group is of use to a service once a rule forwards to it."""
        return (f"targetGroup:{arn}" for arn in target_groups(spec))

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec.declared())

    @cached_property
    def verify_permissions(self) -> frozenset[str]:  # type: ignore[override]
        from apollo.controllers.listener_rule import verify

        return verify.ACTIONS

    async def verify(
        self, ctx: Context, want: Want, seen: RuleSeen | None, around: Around
    ) -> AsyncIterator[Problem]:
        from apollo.controllers.listener_rule import verify  # many modules, for `plan --verify` alone

        for problem in await verify.problems(ctx, want, seen, around):
            yield problem

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> RuleSeen | None:
        if want is None:
            return await _observe_rule(ctx, at.id) if at is not None else None
        arn = want.spec.listenerArn
        if is_unknown(arn):
            return None
        try:
            listener = await ctx.load(LISTENERS, arn)
        except AwsError as error:
            if not _is_absent(error):
                raise
            raise Transient(
                f"there is no listener {arn} in this account and region",
                code="APO-ELB-002",
                hint="spec.listenerArn names a listener that exists",
                reason="ListenerNotFound",
            ) from None
        if listener is None:
            return None
        seen = await _with_secret(ctx, want, _seen_by(want, listener))
        return seen if seen.rule is None else evolve(seen, rule=await with_served(ctx, want, seen.rule))

    def diff(self, want: Want | None, seen: RuleSeen | None) -> Sequence[Step]:
        return steps.group_steps([(want, seen)]) if want is not None else steps.deletion(seen)

    def diff_group(self, members: Sequence[tuple[Want | None, RuleSeen | None]]) -> Sequence[Step]:
        return steps.group_steps(members)

    def conflicts(self, members: Sequence[tuple[Want | None, RuleSeen | None]]) -> Mapping[Key, Denied]:
        return scene.conflicts(members)

    def outputs(self, seen: RuleSeen) -> Mapping[str, str]:
        if seen.rule is None:
            return {}
        priority = "default" if seen.rule.priority is None else str(seen.rule.priority)
        return {"arn": seen.rule.arn, "listenerArn": seen.listener.arn, "priority": priority}

    def health(self, want: Want, seen: RuleSeen | None) -> Health:
        if seen is None or seen.rule is None:
            return Health("Missing")
        if (shift := shift_of(want, seen.rule)) is not None and (told := shift.astray(seen.rule)):
            return Health("Degraded", "NoTargets", told)
        return Health("Healthy", "", f"priority {self.outputs(seen)['priority']}")

    def ignored(self, want: Want, seen: RuleSeen | None) -> Sequence[Ignored]:
        return ignored_of(want, seen.rule) if seen is not None and seen.rule is not None else ()

    def acted(self, ctx: Context, step: Step, answer: Mapping[str, Any]) -> RuleSeen | None:
        params = step.call.params
        if step.call.operation in ("ModifyRule", "ModifyListener"):
            mark = mark_of_call(params, ctx.env.owner(step.target))
            ctx.remember(SECRETS_SET, (str(params.get("RuleArn") or params.get("ListenerArn")), mark), True)
        return None

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        async for one in self.owned_beside(ctx, want, await self.ahead(ctx)):
            yield one

    async def ahead(self, ctx: Context) -> Indexed:
        """What the index of tags tells of rules."""
        return await indexed(ctx, self.kind)

    async def owned_beside(self, ctx: Context, want: Collection[Want], read: Indexed) -> AsyncIterator[Owned]:
        by_listener: dict[str, dict[Key, Want]] = {}
        for resource in want:
            by_listener.setdefault(resource.spec.listenerArn, {})[resource.key] = resource
        known = sorted(arn for arn in by_listener if not is_unknown(arn))
        for arn in (*known, *sorted(read.listeners.difference(known))):
            listener: Listener | None
            try:
                if read.tags is None or ctx.thorough:
                    listener = await ctx.load(LISTENERS, arn)
                else:  # where all is as it says, tags need no call; whoever finds a difference reads them
                    listener = await listener_at(ctx, arn, read.tags)
            except AwsError as error:
                if _is_absent(error):
                    continue  # no listener, no rules
                raise
            for rule in listener.rules if listener is not None else ():
                key = ctx.env.key_of(rule.owner) if rule.owner else None
                if listener is None or key is None or key.kind != self.kind:
                    continue
                if (found := self._owned(key, rule, listener, by_listener.get(arn, {}))) is not None:
                    yield found

    def _owned(
        self, key: Key, rule: LiveRule, listener: Listener, wanted: Mapping[Key, Want]
    ) -> Owned | None:
        """One rule of ours; None for the stand-ins and copies of what git holds."""
        seen = RuleSeen(listener, rule, (), rule.tags)
        at = Identity("elbv2:rule", rule.arn)
        if (want := wanted.get(key)) is not None:
            seen = _seen_by(want, listener)
            if seen.rule is not rule:
                return None
            at = self.identity(want.spec, want.env)
        for other in wanted.values():
            if other.lifecycle.adopt == rule.owner and _seen_by(other, listener).rule is rule:
                at = self.identity(other.spec, other.env)  # it is about to be taken over
        prune = rule.tags.get(PRUNE_TAG, "auto")
        complete = want is None or shift_of(want, rule) is None  # else `with_served` has to ask more
        return Owned(
            key, at, seen, complete=complete, prune=prune, order=-(rule.priority or 0), group=listener.arn
        )


async def _observe_rule(ctx: Context, arn: str) -> RuleSeen | None:
    """A rule that no manifest wants, by its ARN."""
    try:
        listener = await ctx.load(LISTENERS, listener_of(arn))
    except AwsError as error:
        if _is_absent(error):
            return None
        raise
    rule = next((one for one in listener.rules if one.arn == arn), None) if listener is not None else None
    return None if listener is None or rule is None else RuleSeen(listener, rule, (), rule.tags)


async def _with_secret(ctx: Context, want: Want, seen: RuleSeen) -> RuleSeen:
    """``seen`` with the client secret that this process has set already."""
    mark = secret_mark(want)
    if seen.rule is None or seen.rule.tags.get(HASH_TAG, mark) == mark:
        return seen
    at = seen.listener.arn if seen.rule.priority is None else seen.rule.arn
    done = await ctx.load(SECRETS_SET, (at, mark))
    return evolve(seen, rule=evolve(seen.rule, secret_set=mark)) if done else seen


def _seen_by(want: Want, listener: Listener) -> RuleSeen:
    """The rule that is this manifest's, or that it may take over."""
    mine = [rule for rule in listener.of(want.owner) if rule.priority is not None]
    rule: LiveRule | None
    if want.spec.is_default:
        rule = listener.default
        others = tuple(mine)
    else:
        whole = [one for one in mine if not one.is_stand_in]
        rule = min(whole, key=lambda one: _fit(want, one), default=None) or _adoptable(want, listener)
        others = tuple(one for one in mine if one is not rule)
    return RuleSeen(listener, rule, others, want.tags if rule is None else rule.tags)


def _fit(want: Want, rule: LiveRule) -> tuple[bool, bool, int]:
    """Of several rules with one ownership tag, the one that says most of what is wanted is the rule."""
    priority = rule.priority or 0
    return (rule.condition != condition_wanted(want, rule), priority != want.spec.priority, priority)


def _adoptable(want: Want, listener: Listener) -> LiveRule | None:
    adopt = want.lifecycle.adopt
    if adopt is True:
        assert isinstance(want.spec.priority, int)
        rule = listener.at(want.spec.priority)
        return rule if rule is not None and rule.owner is None else None
    if adopt:
        theirs = [one for one in listener.of(adopt) if one.priority is not None and not one.is_stand_in]
        return min(theirs, key=lambda one: _fit(want, one), default=None)
    return None


def _is_absent(error: AwsError) -> bool:
    return error.aws_code in ("ListenerNotFound", "LoadBalancerNotFound", "RuleNotFound")

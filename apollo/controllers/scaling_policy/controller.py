"""The kind ScalingPolicy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import evolve

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    Around,
    AwsError,
    Context,
    Controller,
    Env,
    Health,
    Identity,
    Ignored,
    Key,
    Owned,
    Problem,
    Resource,
    Step,
    is_unknown,
)
from apollo.controllers.scaling_policy import check, steps
from apollo.controllers.scaling_policy.seen import (
    ACTIONS,
    COUNTS,
    POLICIES,
    TAGS,
    TARGETS,
    ScalingSeen,
    every,
    owned_tags,
    project,
    tags_of,
)
from apollo.reads import together
from apollo.resources.scaling_policy import ScalingPolicySpec

__all__ = ["ScalingPolicyController"]

Want = Resource[ScalingPolicySpec]


class ScalingPolicyController(Controller[ScalingPolicySpec, ScalingSeen]):
    """The scaling of one service: its scalable target, all policies and all scheduled actions.

    Only the target can be tagged; its owner owns the rest, so a policy that the manifest does not declare
    is a difference, and is deleted. Alarms are left alone: those of target tracking are AWS's, those that
    trigger step scaling are the user's. What a scheduled action of the manifest does to the bounds stays.
    """

    kind = "ScalingPolicy"
    spec_type = ScalingPolicySpec
    permissions = frozenset(
        {
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DeleteScheduledAction",
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
            "application-autoscaling:ListTagsForResource",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:TagResource",
            "application-autoscaling:UntagResource",
            # AWS asks the caller for these as well, since it acts on the service and makes the alarms.
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:PutMetricAlarm",
            "ecs:DescribeServices",
            "ecs:UpdateService",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",  # of spec.roleARN
            "tag:GetResources",  # the tags of many targets in one call
        }
    )
    write_permissions = permissions - {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "application-autoscaling:ListTagsForResource",
        "ecs:DescribeServices",
        "tag:GetResources",
    }
    output_names = frozenset({"arn", "resourceId"})
    stable_outputs = output_names
    rank = 10

    def identity(self, spec: ScalingPolicySpec, env: Env) -> Identity:
        return Identity("autoscaling:target", spec.place)

    def requires(self, spec: ScalingPolicySpec) -> Iterable[str]:
        """A service that is named by its names in AWS may be one of git's all the same."""
        if not is_unknown(spec.place):
            yield f"scalable:{spec.place}"

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec.declared())

    @cached_property
    def verify_permissions(self) -> frozenset[str]:  # type: ignore[override]
        from apollo.controllers.scaling_policy import verify

        return verify.ACTIONS

    async def verify(
        self, ctx: Context, want: Want, seen: ScalingSeen | None, around: Around
    ) -> AsyncIterator[Problem]:
        from apollo.controllers.scaling_policy import verify  # many modules, for `plan --verify` alone

        for problem in await verify.problems(ctx, want, around):
            yield problem

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> ScalingSeen | None:
        place = at.id if at is not None else want.spec.place if want is not None else ""
        target = await ctx.load(TARGETS, place)
        tags = await tags_of(ctx, target, want.tags if want is not None else None) if target else None
        if target is None or tags is None:
            return None if want is None else await _with_count(ctx, ScalingSeen(place, tags=want.tags))
        seen = await _whole(ctx, target, tags)
        return await _with_count(ctx, seen) if want is not None and steps.moves_count(want, seen) else seen

    def diff(self, want: Want | None, seen: ScalingSeen | None) -> Sequence[Step]:
        return steps.steps_of(want, seen) if want is not None else steps.deletion(seen)

    def outputs(self, seen: ScalingSeen) -> Mapping[str, str]:
        return {} if seen.absent else {"arn": seen.arn, "resourceId": seen.place}

    def health(self, want: Want, seen: ScalingSeen | None) -> Health:
        if seen is None or seen.absent:
            return Health("Missing")
        bounds = f"{seen.fields.get('minCapacity')} to {seen.fields.get('maxCapacity')} tasks"
        stopped = [name for name, value in (seen.fields.get("suspendedState") or {}).items() if value]
        return Health("Healthy", "", bounds + (f"; {', '.join(sorted(stopped))}" if stopped else ""))

    def ignored(self, want: Want, seen: ScalingSeen | None) -> Sequence[Ignored]:
        return steps.ignored_of(want, seen) if seen is not None and not seen.absent else ()

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        """The targets with our tag, of services in any cluster: AWS lists all targets, an index their tags.

        What the index does not tell yet is found the next time. What git does not hold is looked at closer:
        nothing is deleted on the strength of an index.
        """
        wanted = {resource.key: resource for resource in want}
        found = await every(ctx, "DescribeScalableTargets", "ScalableTargets", 50)
        arns = [str(target["ScalableTargetARN"]) for target in found or ()]
        tagged = await owned_tags(ctx) if arns else {}
        if tagged is None:
            each = zip(arns, await together(lambda arn: ctx.load(TAGS, arn), arns), strict=True)
            tagged = {arn: tags for arn, tags in each if tags is not None}
        ours: list[tuple[Key, Mapping[str, Any], Mapping[str, str]]] = []
        for arn, target in zip(arns, found or (), strict=True):
            owner = tagged.get(arn, {}).get(OWNER_TAG)
            key = ctx.env.key_of(owner) if owner else None
            if key is not None and key.kind == self.kind:
                ours.append((key, target, tagged[arn]))
        places = [str(target["ResourceId"]) for key, target, _ in ours if key in wanted]
        # Not a load of each: thousands of them would wait at once, and read all policies for every thousand.
        policies, actions = await together(lambda loader: loader.read(ctx, places), (POLICIES, ACTIONS))
        for key, target, tags in ours:
            place = str(target["ResourceId"])
            seen = project(target, policies.get(place, ()), actions.get(place, ()), tags)
            want_it = wanted.get(key)
            yield Owned(
                key,
                Identity("autoscaling:target", place),
                seen,
                complete=want_it is not None and not steps.moves_count(want_it, seen),
                prune=tags.get(PRUNE_TAG, "auto"),
                part_of=(Identity("ecs:service", place.removeprefix("service/")),),
            )


async def _whole(ctx: Context, target: Mapping[str, Any], tags: Mapping[str, str]) -> ScalingSeen:
    """The target with its policies and scheduled actions."""
    place = str(target["ResourceId"])
    policies, actions = await together(lambda loader: ctx.load(loader, place), (POLICIES, ACTIONS))
    return project(target, policies or (), actions or (), tags)


async def _with_count(ctx: Context, seen: ScalingSeen) -> ScalingSeen:
    """``seen`` with how many tasks the service wants now, as far as that can be read: it is only told."""
    parts = seen.place.split("/")
    if len(parts) != 3:
        return seen
    try:
        count: int | None = await ctx.load(COUNTS, (parts[1], parts[2]))
    except AwsError as error:
        if error.category in ("access-denied", "not-found"):
            return seen
        raise
    return evolve(seen, desired=count)

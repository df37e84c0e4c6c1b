"""Keeps target groups of load balancers equal to git."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    AwsError,
    Context,
    Controller,
    Env,
    Health,
    Identity,
    Ignored,
    Owned,
    Problem,
    Resource,
    Step,
    Terminal,
    Transient,
)
from apollo_ecs_target_group import check, steps
from apollo_ecs_target_group.codes import CODES
from apollo_ecs_target_group.reads import TargetGroup, look, ours
from apollo_ecs_target_group.spec import TargetGroupSpec

__all__ = ["TargetGroupController"]

Want = Resource[TargetGroupSpec]


class TargetGroupController(Controller[TargetGroupSpec, TargetGroup]):
    """A target group, found by its name.

    Health checks, attributes and tags are changed in place. What AWS does not change (protocol, port, VPC,
    type) takes a new target group: see `act`. Which targets are in it is the load balancer's and ECS's.
    """

    kind = "TargetGroup"
    spec_type = TargetGroupSpec
    permissions = frozenset(
        {
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RemoveTags",
            "tag:GetResources",
        }
    )
    write_permissions = frozenset(
        {
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RemoveTags",
        }
    )
    output_names = frozenset({"arn", "name", "fullName", "loadBalancerArns"})
    codes = CODES
    stable_outputs = frozenset({"arn", "name", "fullName"})
    rank = 40  # after the services and the rules that use it

    def identity(self, spec: TargetGroupSpec, env: Env) -> Identity:
        return Identity("elbv2:target-group", spec.name or "")

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec)

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> TargetGroup | None:
        assert at is not None  # every target group has a name
        return await look(ctx, at.id, attributes=want is not None and bool(want.spec.attributes))

    def diff(self, want: Want | None, seen: TargetGroup | None) -> Sequence[Step]:
        return steps.deletion(seen) if want is None else steps.steps(want, seen)

    def outputs(self, seen: TargetGroup) -> Mapping[str, str]:
        found = {"arn": seen.arn, "name": seen.name, "fullName": seen.arn.rpartition(":")[2]}
        if seen.balancers:
            found["loadBalancerArns"] = ",".join(seen.balancers)
        return found

    def lasting(self, seen: TargetGroup, steps: Sequence[Step]) -> Mapping[str, str]:
        """A target group that is made anew gets another ARN."""
        found = super().lasting(seen, steps)
        if any(step.verb == "replace" for step in steps):
            return {name: found[name] for name in found if name == "name"}
        return found

    def health(self, want: Want, seen: TargetGroup | None) -> Health:
        if seen is None:
            return Health("Missing")
        names = ", ".join(arn.rpartition("loadbalancer/")[2] for arn in seen.balancers)
        return Health("Healthy", "", f"used by {names}" if names else "nothing forwards to it")

    def ignored(self, want: Want, seen: TargetGroup | None) -> Sequence[Ignored]:
        return steps.left_alone(want, seen) if seen is not None else ()

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        async for name, tags in ours(ctx):
            key = ctx.env.key_of(tags[OWNER_TAG])
            if key is not None and key.kind == self.kind:
                yield Owned(key, Identity("elbv2:target-group", name), prune=tags.get(PRUNE_TAG, "auto"))

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        """AWS deletes no target group that a listener or a rule forwards to. One that has left git may be
        free a little later, when what used it has gone, too. To make one anew under its own name is
        hopeless as long as it is in use: the way is a second one beside it."""
        try:
            return await ctx.write(step.call)
        except AwsError as error:
            if error.aws_code != "ResourceInUse" or step.call.operation != "DeleteTargetGroup":
                raise
            if step.verb == "replace":
                raise Terminal(
                    f"{step.target} cannot be made anew under its name while a listener or a rule forwards "
                    "to it: AWS deletes none that is in use",
                    code="APO-TARGET-GROUP-003",
                    hint="change its spec.name as well: the new one is made beside it, rules and services "
                    "move over, and the old one goes last",
                    reason="InUse",
                ) from None
            raise Transient(
                f"{step.target} is not deleted yet: a listener or a rule still forwards to it",
                code="APO-TARGET-GROUP-004",
                hint="what forwards to it and is not in git has to be changed by whoever made it",
                reason="InUse",
            ) from None

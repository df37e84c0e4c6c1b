"""Keeps CloudWatch log groups equal to git."""

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
    Transient,
    is_unknown,
)
from apollo_ecs_log_group import seen as look
from apollo_ecs_log_group import steps
from apollo_ecs_log_group.codes import CODES
from apollo_ecs_log_group.seen import LogGroup
from apollo_ecs_log_group.spec import RETENTIONS, LogGroupSpec

Want = Resource[LogGroupSpec]


class LogGroupController(Controller[LogGroupSpec, LogGroup]):
    """A log group: how long events are kept, with which key they are encrypted, who may delete it."""

    kind = "LogGroup"
    spec_type = LogGroupSpec
    permissions = frozenset(
        {
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DescribeLogGroups",
            "logs:DisassociateKmsKey",
            "logs:ListTagsForResource",
            "logs:PutLogGroupDeletionProtection",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
            "tag:GetResources",
        }
    )
    write_permissions = permissions - {
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "tag:GetResources",
    }
    output_names = frozenset({"arn", "name"})
    codes = CODES
    stable_outputs = output_names
    rank = 95  # goes after everything that writes into it

    def identity(self, spec: LogGroupSpec, env: Env) -> Identity:
        return Identity("logs:log-group", spec.logGroupName or "")

    def provides(self, spec: LogGroupSpec) -> Iterable[str]:
        """What a task definition's log configuration looks for."""
        if not is_unknown(spec.logGroupName):
            yield f"logGroup:{spec.logGroupName}"

    def check(self, want: Want) -> Iterable[Problem]:
        spec = want.spec
        days = spec.retentionInDays
        if days is not None and days not in RETENTIONS:
            nearest = min(RETENTIONS, key=lambda one: (abs(one - days), -one))
            yield Problem(
                "APO-LOG-GROUP-010",
                f"AWS does not keep log events for {days} days; it takes {', '.join(map(str, RETENTIONS))}",
                path="/retentionInDays",
                hint=f"write {nearest}; for ever is: leave it out",
            )
        if (spec.logGroupName or "").startswith("aws/"):
            yield Problem(
                "APO-LOG-GROUP-011",
                "names that begin with aws/ are AWS's own",
                path="/logGroupName",
                hint=f"write /{spec.logGroupName}, for example",
            )
        if spec.logGroupClass == "DELIVERY" and days is not None:
            yield Problem(
                "APO-LOG-GROUP-012",
                "in a log group of class DELIVERY AWS itself says how long events are kept",
                path="/retentionInDays",
                hint="leave it out",
            )

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> LogGroup | None:
        name = at.id if at is not None else want.spec.logGroupName if want is not None else None
        if not name or is_unknown(name):
            return None
        wanted = {**(want.spec.tags or {}), **want.tags} if want is not None else None
        return await look.find(ctx, name, wanted)

    def diff(self, want: Want | None, seen: LogGroup | None) -> Sequence[Step]:
        return steps.steps_of(want, seen) if want is not None else steps.deletion(seen)

    def ignored(self, want: Want, seen: LogGroup | None) -> Sequence[Ignored]:
        return steps.ignored_of(want, seen)

    def outputs(self, seen: LogGroup) -> Mapping[str, str]:
        return {"arn": seen.arn, "name": seen.name}

    def health(self, want: Want, seen: LogGroup | None) -> Health:
        if seen is None:
            return Health("Missing")
        days = seen.live.get("retentionInDays")
        return Health("Healthy", "", f"kept for {days} days" if days else "kept for ever")

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        """Every log group with our tag, as the index knows the tags: what it does not tell yet is found the
        next time. Nothing is deleted on the strength of it: what git does not hold is looked at closer."""
        ours = {}
        for arn, tags in (await look.owned_tags(ctx)).items():
            key = ctx.env.key_of(tags[OWNER_TAG])
            if key is not None and key.kind == self.kind:
                ours[look.name_of(arn)] = (key, arn, tags)
        names = sorted(ours)
        wanted = {resource.key for resource in want}
        for start in range(0, len(names), look.GROUPS.batch):
            live = await look.GROUPS.fetch(ctx, names[start : start + look.GROUPS.batch])
            for name in names[start : start + look.GROUPS.batch]:
                if name not in live:
                    continue  # the index still tells of it
                key, arn, tags = ours[name]
                found = LogGroup(name, arn, live[name], tags)
                prune = tags.get(PRUNE_TAG, "auto")
                yield Owned(key, Identity("logs:log-group", name), found, complete=key in wanted, prune=prune)

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        try:
            return await ctx.write(step.call)
        except AwsError as error:
            if error.aws_code == "OperationAbortedException":
                # Another request changed the same log group at the same time, or it is still being deleted.
                raise Transient(error.message, code="APO-LOG-GROUP-040", reason="Busy") from None
            raise

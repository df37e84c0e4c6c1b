"""Keeps EventBridge schedules that start ECS tasks equal to git."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apollo.api import (
    OWNER_TAG,
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
    Wait,
    is_unknown,
)
from apollo.reads import together
from apollo_ecs_scheduled_task import check, steps
from apollo_ecs_scheduled_task import seen as look
from apollo_ecs_scheduled_task.codes import CODES
from apollo_ecs_scheduled_task.seen import Seen
from apollo_ecs_scheduled_task.spec import ScheduledTaskSpec

Want = Resource[ScheduledTaskSpec]


class ScheduledTaskController(Controller[ScheduledTaskSpec, Seen]):
    """A schedule of EventBridge Scheduler that starts ECS tasks.

    AWS lets schedule groups be tagged, and schedules not. So each schedule has a group of its own, and the
    tag of the group owns what is in it.
    """

    kind = "ScheduledTask"
    spec_type = ScheduledTaskSpec
    permissions = frozenset(
        {
            "iam:PassRole",  # of target.roleArn
            "scheduler:CreateSchedule",
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteSchedule",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetSchedule",
            "scheduler:GetScheduleGroup",
            "scheduler:ListSchedules",
            "scheduler:ListTagsForResource",
            "scheduler:TagResource",
            "scheduler:UntagResource",
            "scheduler:UpdateSchedule",
            "tag:GetResources",
        }
    )
    write_permissions = permissions - {
        "scheduler:GetSchedule",
        "scheduler:GetScheduleGroup",
        "scheduler:ListSchedules",
        "scheduler:ListTagsForResource",
        "tag:GetResources",
    }
    verify_permissions = frozenset({"scheduler:GetSchedule"})
    output_names = frozenset({"arn", "name", "groupName"})
    codes = CODES
    stable_outputs = output_names
    rank = 15  # goes before what it starts

    def identity(self, spec: ScheduledTaskSpec, env: Env) -> Identity:
        return Identity("scheduler:schedule-group", spec.groupName or "")

    def check(self, want: Want) -> Iterable[Problem]:
        return check.problems(want.spec)

    def check_beside(self, want: Want, beside: Mapping[Key, Resource[Any]]) -> Iterable[Problem]:
        return check.beside(want, beside)

    async def verify(
        self, ctx: Context, want: Want, seen: Seen | None, around: Around
    ) -> AsyncIterator[Problem]:
        """A schedule of the same name in everybody's group, most likely made by hand, would run as well."""
        name = want.spec.name or ""
        if seen is None or seen.schedule is not None or is_unknown(name):
            return
        try:
            old = await look.get(ctx, "default", name)
        except AwsError as error:
            text = f"whether a schedule {name} stands in the group default: {error.message}"
            yield Problem("APO-SCHEDULED-TASK-030", text, path="/name", severity="unchecked")
            return
        if old is not None:
            yield Problem(
                "APO-SCHEDULED-TASK-031",
                f"a schedule {name} stands in the group default already: both would start tasks",
                path="/name",
                hint="AWS cannot move it: switch it off or delete it once this one is there",
                severity="warning",
            )

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> Seen | None:
        group = at.id if at is not None else want.spec.groupName if want is not None else None
        if not group:
            return None
        if want is None:
            seen = await look.find(ctx, group, None, None)
            return seen if seen.arn else None
        wanted = {**(want.spec.tags or {}), **want.tags}
        return await look.find(ctx, group, want.spec.name, wanted)

    def diff(self, want: Want | None, seen: Seen | None) -> Sequence[Step]:
        if want is None:
            return steps.deletion(seen)
        env = want.env
        there = seen or Seen(want.spec.groupName or "", account=env.account or "", region=env.region)
        return steps.steps_of(want, there)

    def conflicts(self, members: Sequence[tuple[Want | None, Seen | None]]) -> Mapping[Key, Denied]:
        """A group is adopted as a whole, so one that holds more than this schedule is not adopted."""
        found = {}
        for want, seen in members:
            if want is None or seen is None or not seen.arn or not want.lifecycle.adopt:
                continue
            if seen.tags.get(OWNER_TAG) != want.owner and seen.others:
                others = ", ".join(seen.others[:5]) + (", …" if len(seen.others) > 5 else "")
                found[want.key] = Denied(
                    "Conflict",
                    f"schedule group {seen.group} also holds {others}: adopting it would take them, too",
                    hint="leave groupName out, apply, and delete the old schedule: AWS cannot move one",
                )
        return found

    def settled(self, want: Want, seen: Seen | None) -> Wait | None:
        if seen is None or not seen.deleting:
            return None
        text = f"AWS is still deleting the former schedule group {seen.group}"
        return Wait("Deleting", text, after=10.0, blocking=True)

    def ignored(self, want: Want, seen: Seen | None) -> Sequence[Ignored]:
        return steps.ignored_of(want, seen) if seen is not None else ()

    def outputs(self, seen: Seen) -> Mapping[str, str]:
        if seen.schedule is None:
            return {}
        return {
            "arn": str(seen.schedule["Arn"]),
            "name": str(seen.schedule["Name"]),
            "groupName": seen.group,
        }

    def health(self, want: Want, seen: Seen | None) -> Health:
        if seen is None or seen.schedule is None:
            return Health("Missing")
        if seen.schedule.get("State") == "DISABLED":
            return Health("Healthy", "", "switched off: it starts nothing")
        zone = seen.schedule.get("ScheduleExpressionTimezone") or "UTC"
        return Health("Healthy", "", f"{seen.schedule.get('ScheduleExpression')} {zone}")

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        """Every schedule group with our tag, as the index knows the tags: what it does not tell yet is found
        the next time. Nothing is deleted on the strength of it: what git does not hold is observed again."""
        wanted = {resource.key: resource for resource in want}
        ours: list[tuple[Key, str, str, Mapping[str, str]]] = []
        for arn, tags in (await look.owned_tags(ctx)).items():
            key = ctx.env.key_of(tags[OWNER_TAG])
            if key is not None and key.kind == self.kind:
                ours.append((key, arn.rpartition("/")[2], arn, tags))
        if not ours:
            return
        names: dict[str, list[str]] = {}
        for one in await look.listed(ctx):
            names.setdefault(str(one["GroupName"]), []).append(str(one["Name"]))
        there = look.here(ctx)

        async def whole(item: tuple[Key, str, str, Mapping[str, str]]) -> Owned:
            key, group, arn, tags = item
            resource = wanted.get(key)
            seen = None
            name = (resource.spec.name or "") if resource is not None else ""
            if name in names.get(group, ()):
                schedule = await look.get(ctx, group, name)
                others = tuple(sorted(one for one in names[group] if one != name))
                seen = replace(there, group=group, arn=arn, tags=tags, schedule=schedule, others=others)
            complete = seen is not None and seen.schedule is not None
            identity = Identity("scheduler:schedule-group", group)
            return Owned(key, identity, seen, complete=complete, prune=tags.get(PRUNE_TAG, "auto"))

        for owned in await together(whole, sorted(ours, key=lambda one: one[0])):
            yield owned

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        try:
            return await ctx.write(step.call)
        except AwsError as error:
            if "to assume the role" in error.message:
                # IAM tells other services of a new role some seconds after it was made.
                raise Transient(
                    error.message,
                    code="APO-SCHEDULED-TASK-040",
                    hint="target.roleArn must trust scheduler.amazonaws.com",
                    reason="RoleNotReady",
                ) from None
            raise

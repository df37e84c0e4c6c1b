"""From the scheduled task that is wanted and seen to the calls that make them equal. Pure.

The schedule group carries the tags, and all that is in a group of ours is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from apollo.api import OWNER_TAG, PRUNE_TAG, Call, Change, Ignored, Key, Resource, Step, Verb
from apollo.compare import CLEARED, Field, Rules, differences, ignored, keeping
from apollo_ecs_scheduled_task import wire
from apollo_ecs_scheduled_task.seen import Seen
from apollo_ecs_scheduled_task.spec import ScheduledTaskSpec

Want = Resource[ScheduledTaskSpec]

_OVERRIDES = "/target/overrides/containerOverrides"
RULES = Rules(
    ScheduledTaskSpec,
    {
        "/name": Field(never=True),
        "/groupName": Field(never=True),
        "/tags": Field(never=True),
        "/target/cluster": Field(normal=partial(wire.short, "cluster"), absence="kept"),
        "/target/taskDefinition": Field(normal=partial(wire.short, "task-definition"), absence="kept"),
        "/target/platformVersion": Field(default="LATEST", absence=CLEARED),
        "/target/enableECSManagedTags": Field(default=False, absence=CLEARED),
        "/target/enableExecuteCommand": Field(default=False, absence=CLEARED),
        "/target/capacityProviderStrategy": Field(key="capacityProvider", absence=CLEARED),
        "/target/capacityProviderStrategy/*/weight": Field(default=0),
        "/target/capacityProviderStrategy/*/base": Field(default=0),
        "/target/networkConfiguration/awsvpcConfiguration/subnets": Field(unordered=True),
        "/target/networkConfiguration/awsvpcConfiguration/securityGroups": Field(unordered=True),
        "/target/networkConfiguration/awsvpcConfiguration/assignPublicIp": Field(default="DISABLED"),
        "/target/placementConstraints": Field(unordered=True, absence=CLEARED),
        _OVERRIDES: Field(key="name"),
        f"{_OVERRIDES}/*/environment": Field(key="name"),
    },
    # UpdateSchedule replaces the whole: what git does not say is AWS's default.
    absence=CLEARED,
)


def steps_of(want: Want, seen: Seen) -> list[Step]:
    """Ownership first: the group and its tags; then what is in it."""
    fields = _wanted(want, seen)
    if not seen.arn:
        tags = {**(want.spec.tags or {}), **want.tags}
        params = {"Name": want.spec.groupName, "Tags": _pairs(tags)}
        why = "the schedule gets a group of its own, since only groups can be tagged"
        group = Step("create", want.key, Call("scheduler", "CreateScheduleGroup", params), why=why)
        return [group, _schedule(want, seen, fields, "CreateSchedule", "create", _starts(fields))]
    found = _tag_steps(want, seen)
    if seen.schedule is None:
        # The schedule was called otherwise: the old one first, so that nothing runs twice.
        found += [_other(want, seen, name, prunes=False) for name in seen.others]
        verb: Verb = "replace" if seen.others else "create"
        return [*found, _schedule(want, seen, fields, "CreateSchedule", verb, _starts(fields))]
    changes = changes_of(want, seen)
    if changes:
        found.append(
            _schedule(want, seen, fields, "UpdateSchedule", "update", _said(changes, fields), changes)
        )
    return [*found, *(_other(want, seen, name, prunes=True) for name in seen.others)]


def deletion(seen: Seen | None) -> list[Step]:
    """What removes a scheduled task that git does not hold any more; its tag says whose it was.

    AWS deletes the schedules of a group some time after the group, and runs them until then: they go first.
    """
    key = Key.of_owner(seen.tags.get(OWNER_TAG)) if seen is not None else None
    if seen is None or key is None or not seen.arn or seen.deleting:
        return []
    found = []
    for name in seen.others:
        call = Call("scheduler", "DeleteSchedule", {"GroupName": seen.group, "Name": name})
        why = f"it is not in git any more: {name} starts no tasks from now on"
        found.append(Step("delete", key, call, why=why))
    call = Call("scheduler", "DeleteScheduleGroup", {"Name": seen.group})
    return [*found, Step("delete", key, call, why="its schedule group goes with it")]


def changes_of(want: Want, seen: Seen) -> list[Change]:
    """What differs but tags."""
    return differences(_wanted(want, seen), _live(seen), RULES, want.lifecycle.ignore)


def ignored_of(want: Want, seen: Seen) -> list[Ignored]:
    """Differences that are left alone as the manifest says."""
    if seen.schedule is None:
        return []
    return ignored(wire.whole(want.spec.declared(), seen.now), _live(seen), RULES, want.lifecycle.ignore)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────


def _wanted(want: Want, seen: Seen) -> dict[str, Any]:
    """What is compared and sent: with the live value where the manifest ignores a field."""
    live = _live(seen) if seen.schedule is not None else None
    return keeping(wire.whole(want.spec.declared(), seen.now), live, want.lifecycle.ignore, RULES)


def _live(seen: Seen) -> dict[str, Any]:
    return wire.read(seen.schedule or {}, seen.now)


def _schedule(
    want: Want,
    seen: Seen,
    fields: Mapping[str, Any],
    operation: str,
    verb: Verb,
    why: str,
    changes: Sequence[Change] = (),
) -> Step:
    call = Call("scheduler", operation, wire.request(fields, seen.account, seen.region))
    return Step(verb, want.key, call, tuple(changes), why=why)


def _other(want: Want, seen: Seen, name: str, *, prunes: bool) -> Step:
    call = Call("scheduler", "DeleteSchedule", {"GroupName": seen.group, "Name": name})
    if prunes:
        why = f"schedule {name} stands in our group and is not in git"
        return Step("delete", want.key, call, (Change("/name", name, None),), why=why, prunes=True)
    change = Change("/name", name, want.spec.name)
    why = f"the schedule is not called {name} any more, and AWS cannot rename it"
    return Step("replace", want.key, call, (change,), why=why)


def _tag_steps(want: Want, seen: Seen) -> list[Step]:
    """Live tags that nobody declares are somebody else's and stay; only our mark for pruning is removed, once
    the manifest has gone back to the default."""
    spared = want.lifecycle.ignore
    wanted = dict(want.tags)
    if "/tags" not in spared:
        own = want.spec.tags or {}
        wanted = {name: own[name] for name in own if f"/tags/{_escaped(name)}" not in spared} | wanted
    missing = {name: value for name, value in wanted.items() if seen.tags.get(name) != value}
    found = []
    if missing:
        call = Call("scheduler", "TagResource", {"ResourceArn": seen.arn, "Tags": _pairs(missing)})
        changes = tuple(
            Change(f"/tags/{_escaped(name)}", seen.tags.get(name), missing[name]) for name in sorted(missing)
        )
        why = "tags change"
        if OWNER_TAG in missing:
            why = f"taken over from {seen.tags.get(OWNER_TAG) or 'nobody'}"
        found.append(Step("adopt" if OWNER_TAG in missing else "update", want.key, call, changes, why=why))
    if PRUNE_TAG in seen.tags and PRUNE_TAG not in wanted:
        call = Call("scheduler", "UntagResource", {"ResourceArn": seen.arn, "TagKeys": [PRUNE_TAG]})
        change = Change(f"/tags/{_escaped(PRUNE_TAG)}", seen.tags[PRUNE_TAG], None)
        found.append(Step("update", want.key, call, (change,), why="tags change"))
    return found


def _starts(fields: Mapping[str, Any]) -> str:
    if fields["state"] == "DISABLED":
        return "there is no such schedule; it is made switched off"
    return f"there is no such schedule; tasks start {fields['scheduleExpression']}"


def _said(changes: Iterable[Change], fields: Mapping[str, Any]) -> str:
    paths = {change.path for change in changes}
    said = []
    if "/state" in paths:
        said.append(
            "no tasks are started any more" if fields["state"] == "DISABLED" else "tasks are started again"
        )
    if "/scheduleExpression" in paths:
        said.append(f"tasks start {fields['scheduleExpression']} from now on")
    if any(path.startswith("/target") for path in paths):
        said.append("the next tasks start otherwise; those that run are left alone")
    return "; ".join(said) or "the schedule changes"


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")

"""From the log group that is wanted and seen to the calls that make them equal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apollo.api import OWNER_TAG, PRUNE_TAG, Call, Change, Ignored, Key, Resource, Step, Terminal
from apollo.compare import CLEARED, Field, Rules, differences, ignored
from apollo_ecs_log_group.seen import LogGroup
from apollo_ecs_log_group.spec import LogGroupSpec

Want = Resource[LogGroupSpec]

RULES = Rules(
    LogGroupSpec,
    {
        "/logGroupName": Field(never=True),
        "/tags": Field(never=True),
        # What a manifest does not say is as in a new log group: events never expire, AWS's own key.
        "/retentionInDays": Field(absence=CLEARED),
        "/kmsKeyId": Field(absence=CLEARED),
        # AWS's: the class never changes, and whoever protects a group against deletion means it.
        "/logGroupClass": Field(),
        "/deletionProtectionEnabled": Field(default=False),
    },
)


def steps_of(want: Want, seen: LogGroup | None) -> list[Step]:
    """Ownership first: what is changed after it is ours."""
    if seen is None:
        return _creation(want)
    changes = {
        change.path: change for change in differences(_declared(want), seen.live, RULES, _spared(want))
    }
    kind = changes.get("/logGroupClass")
    if kind is not None and kind.before is not None:  # nothing is deleted because AWS says nothing
        return _replacement(want, seen, kind)
    found = _tag_steps(want, seen)
    for path, made in (
        ("/retentionInDays", _retention),
        ("/kmsKeyId", _key),
        ("/deletionProtectionEnabled", _protection),
    ):
        if path in changes:
            found.append(made(want, changes[path]))
    return found


def deletion(seen: LogGroup | None) -> list[Step]:
    """What removes a log group that git does not hold any more; its tag says whose it was.

    :raises Terminal: when it is protected against deletion: that somebody has to take back first.
    """
    key = Key.of_owner(seen.tags.get(OWNER_TAG)) if seen is not None else None
    if seen is None or key is None:
        return []
    if seen.protected:
        raise _refusal(seen)
    why = f"it is not in git any more: {_loss(seen)}"
    return [Step("delete", key, Call("logs", "DeleteLogGroup", {"logGroupName": seen.name}), why=why)]


def ignored_of(want: Want, seen: LogGroup | None) -> list[Ignored]:
    """Differences that are left alone as the manifest says."""
    return ignored(_declared(want), seen.live, RULES, _spared(want)) if seen is not None else []


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────


def _creation(want: Want) -> list[Step]:
    declared = _declared(want)
    params = {"logGroupName": want.spec.logGroupName, "tags": {**(want.spec.tags or {}), **want.tags}}
    for name in ("kmsKeyId", "logGroupClass", "deletionProtectionEnabled"):
        if name in declared:
            params[name] = declared[name]
    found = [
        Step("create", want.key, Call("logs", "CreateLogGroup", params), why="there is no such log group")
    ]
    days = declared.get("retentionInDays")
    if days is not None:
        call = Call(
            "logs", "PutRetentionPolicy", {"logGroupName": want.spec.logGroupName, "retentionInDays": days}
        )
        found.append(Step("create", want.key, call, why=f"log events are kept for {_days(days)}"))
    return found


def _replacement(want: Want, seen: LogGroup, kind: Change) -> list[Step]:
    """AWS has no call that changes the class."""
    found = []
    if seen.protected:
        if want.spec.deletionProtectionEnabled is not False:
            raise _refusal(seen)
        change = Change("/deletionProtectionEnabled", True, False)
        found.append(_protection(want, change))
    call = Call("logs", "DeleteLogGroup", {"logGroupName": seen.name})
    why = f"its class cannot be changed from {kind.before} to {kind.after}: {_loss(seen)}"
    found.append(Step("replace", want.key, call, (kind,), why=why))
    return [*found, *_creation(want)]


def _retention(want: Want, change: Change) -> Step:
    name, before, after = want.spec.logGroupName, change.before, change.after
    if after is None:
        call = Call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
        return Step("update", want.key, call, (change,), why="log events never expire any more")
    call = Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": after})
    why = f"log events are kept for {_days(after)}"
    if before is None or before > after:
        why += "; what is older is deleted"
    return Step("update", want.key, call, (change,), why=why)


def _key(want: Want, change: Change) -> Step:
    name = want.spec.logGroupName
    if change.after is None:
        call = Call("logs", "DisassociateKmsKey", {"logGroupName": name})
        why = "new log events are not encrypted with this key any more; older ones stay so"
        return Step("update", want.key, call, (change,), why=why)
    call = Call("logs", "AssociateKmsKey", {"logGroupName": name, "kmsKeyId": change.after})
    why = "new log events are encrypted with this key; older ones stay as they are"
    return Step("update", want.key, call, (change,), why=why)


def _protection(want: Want, change: Change) -> Step:
    on = bool(change.after)
    params = {"logGroupIdentifier": want.spec.logGroupName, "deletionProtectionEnabled": on}
    why = "nobody can delete it before this is taken back" if on else "it can be deleted again"
    return Step("update", want.key, Call("logs", "PutLogGroupDeletionProtection", params), (change,), why=why)


def _tag_steps(want: Want, seen: LogGroup) -> list[Step]:
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
        call = Call("logs", "TagResource", {"resourceArn": seen.arn, "tags": missing})
        changes = tuple(
            Change(f"/tags/{_escaped(name)}", seen.tags.get(name), missing[name]) for name in sorted(missing)
        )
        why = "tags change"
        if OWNER_TAG in missing:
            why = f"taken over from {seen.tags.get(OWNER_TAG) or 'nobody'}"
        found.append(Step("adopt" if OWNER_TAG in missing else "update", want.key, call, changes, why=why))
    if PRUNE_TAG in seen.tags and PRUNE_TAG not in wanted:
        call = Call("logs", "UntagResource", {"resourceArn": seen.arn, "tagKeys": [PRUNE_TAG]})
        change = Change(f"/tags/{_escaped(PRUNE_TAG)}", seen.tags[PRUNE_TAG], None)
        found.append(Step("update", want.key, call, (change,), why="tags change"))
    return found


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────


def _loss(seen: LogGroup) -> str:
    return f"log group {seen.name} is deleted with every log event in it ({seen.size}), for good"


def _refusal(seen: LogGroup) -> Terminal:
    return Terminal(
        f"log group {seen.name} is protected against deletion and is kept",
        code="APO-LOG-GROUP-002",
        hint="write deletionProtectionEnabled: false and apply that first; or, where the manifest is gone: "
        f"aws logs put-log-group-deletion-protection --log-group-identifier {seen.name} "
        "--no-deletion-protection-enabled",
        reason="Protected",
    )


def _days(days: Any) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _declared(want: Want) -> Mapping[str, Any]:
    return want.spec.declared()


def _spared(want: Want) -> Sequence[str]:
    return want.lifecycle.ignore


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")

"""From the scaling that is wanted and seen to the calls that make them equal. Pure.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from attrs import evolve

from apollo.api import HASH_TAG, OWNER_TAG, Call, Change, Ignored, Key, Resource, Step
from apollo.compare import differences, digest, ignored, keeping, resetting
from apollo.compare.names import aws_names
from apollo.compare.pointers import split
from apollo.compare.scaling_policy import RULES
from apollo.controllers.scaling_policy.seen import NAMESPACE, ScalingSeen
from apollo.controllers.tags import declared_tags, escape, ignored_tags, tag_changes
from apollo.resources.scaling_policy import DIMENSION, ScalingPolicySpec
from apollo.resources.wire import wire

__all__ = ["changes_of", "deletion", "ignored_of", "moves_count", "steps_of"]

Want = Resource[ScalingPolicySpec]

_SERVICE = "application-autoscaling"
_TARGET = ("minCapacity", "maxCapacity", "roleARN", "suspendedState")
_KINDS = {
    "targetTrackingScalingPolicyConfiguration": "TargetTrackingScaling",
    "stepScalingPolicyConfiguration": "StepScaling",
    "predictiveScalingPolicyConfiguration": "PredictiveScaling",
}


def steps_of(want: Want, seen: ScalingSeen | None) -> list[Step]:
    """The target first, since nothing can be without it; then policies and scheduled actions."""
    if seen is None or seen.absent:
        live = seen or ScalingSeen(want.spec.place)
        return [
            _register(want, live, ()),
            *(_put_policy(want, live, policy.name, ()) for policy in want.spec.policies or ()),
            *(_put_action(want, live, action.name, ()) for action in want.spec.scheduledActions or ()),
        ]
    changes = changes_of(want, seen)
    found = _tag_steps(want, seen)
    marked = _mark_steps(want, seen)
    bounds = [change for change in changes if split(change.path)[0] in _TARGET]
    if bounds:
        found.append(_register(want, seen, bounds))
    first, last = _parts(want, seen, changes)
    return [*found, *first, *last, *marked]


def deletion(seen: ScalingSeen | None) -> list[Step]:
    """What removes the scaling that git does not hold any more; its tag says whose it was."""
    owner = (seen.tags.get(OWNER_TAG) or "").split("/", 3) if seen is not None else []
    if seen is None or seen.absent or len(owner) != 4:
        return []
    _, environment, kind, name = owner
    why = (
        "it is not in git any more: its policies and scheduled actions go with it; the tasks stay as many "
        "until the next sync, which sets the desiredCount of the service where git has one"
    )
    return [
        Step("delete", Key(kind, environment, name), _call("DeregisterScalableTarget", seen.place), why=why)
    ]


# ── what differs ─────────────────────────────────────────────────────────────────────────────────────────


def _wanted(want: Want, seen: ScalingSeen) -> dict[str, Any]:
    """The spec to compare and to send: with the live values where the manifest ignores a field."""
    return keeping(want.spec.declared(), seen.fields, want.lifecycle.ignore, RULES)


def changes_of(want: Want, seen: ScalingSeen) -> list[Change]:
    """What differs but tags. A bound that a scheduled action of the manifest has set is none, unless git has
    moved it since: the next one of them sets it back."""
    found = differences(_wanted(want, seen), seen.fields, RULES, want.lifecycle.ignore)
    return [change for change in found if not _set_by_schedule(want, seen, change)]


def _set_by_schedule(want: Want, seen: ScalingSeen, change: Change) -> str:
    """The name of the scheduled action that has made this difference; empty when none has: it is in the
    manifest, it is in AWS, and it sets just this."""
    if change.path not in ("/minCapacity", "/maxCapacity") or change.before is None:
        return ""
    if seen.tags.get(HASH_TAG) not in (None, _mark(want)):
        return ""  # git has moved the bounds since they were set
    bound = change.path[1:]
    there = {
        str(action["name"])
        for action in seen.fields.get("scheduledActions") or ()
        if (action.get("scalableTargetAction") or {}).get(bound) == change.before
    }
    for action in want.spec.scheduledActions or ():
        if action.name in there and getattr(action.scalableTargetAction, bound) == change.before:
            return action.name
    return ""


def moves_count(want: Want, seen: ScalingSeen | None) -> bool:
    """Whether the bounds are about to be set, which may start or stop tasks at once."""
    if seen is None or seen.absent:
        return True
    return any(split(change.path)[0] in _TARGET for change in changes_of(want, seen))


def ignored_of(want: Want, seen: ScalingSeen) -> list[Ignored]:
    declared = want.spec.declared()
    found = [
        *ignored(declared, seen.fields, RULES, want.lifecycle.ignore),
        *ignored_tags(want, seen.tags),
    ]
    for change in differences(_wanted(want, seen), seen.fields, RULES, want.lifecycle.ignore):
        name = _set_by_schedule(want, seen, change)
        found += [Ignored(change.path, f"set by scheduled action {name}")] if name else []
    return found


# ── the target ───────────────────────────────────────────────────────────────────────────────────────────


def _register(want: Want, seen: ScalingSeen, changes: Sequence[Change]) -> Step:
    wanted = _wanted(want, seen)
    names = _TARGET if seen.absent else tuple(dict.fromkeys(split(change.path)[0] for change in changes))
    params = aws_names({name: wanted[name] for name in names if wanted.get(name) is not None})
    if seen.absent:
        params["Tags"] = declared_tags(want) | _marks(want)
    effect, disruptive = _effect(seen, {**seen.fields, **{name: wanted.get(name) for name in names}})
    said = [
        f"{change.path[1:]} {change.before} → {change.after}"
        for change in changes
        if change.path in ("/minCapacity", "/maxCapacity")
    ]
    rest = dict.fromkeys(split(change.path)[0] for change in changes)
    said += [f"{name} changes" for name in rest if name not in ("minCapacity", "maxCapacity")]
    if seen.absent:
        said = [f"the service is scaled between {want.spec.minCapacity} and {want.spec.maxCapacity} tasks"]
    why = ", ".join(said) + (f": {effect}" if effect else "")
    call = _call("RegisterScalableTarget", seen.place, **params)
    verb: Literal["create", "update"] = "create" if seen.absent else "update"
    return Step(verb, want.key, call, tuple(changes), disruptive=disruptive, why=why)


def _effect(seen: ScalingSeen, bounds: Mapping[str, Any]) -> tuple[str, bool]:
    """What happens to the tasks as soon as the bounds are set, and whether any stop."""
    count = seen.desired
    if count is None:
        return "", False
    if count < bounds["minCapacity"]:
        more = bounds["minCapacity"] - count
        return f"{more} task{'s start' if more > 1 else ' starts'} at once", False
    if count > bounds["maxCapacity"]:
        less = count - bounds["maxCapacity"]
        return f"{less} task{'s stop' if less > 1 else ' stops'} at once", True
    return "", False


def _tag_steps(want: Want, seen: ScalingSeen) -> list[Step]:
    set_, removed, told = tag_changes(want, seen.tags)
    found = []
    if set_:
        adopting = OWNER_TAG in set_
        changes = [change for change in told if change.after is not None]
        if adopting and HASH_TAG not in seen.tags:
            set_ |= (marks := _marks(want))
            changes += [Change(f"/tags/{escape(name)}", None, value) for name, value in marks.items()]
        call = Call(_SERVICE, "TagResource", {"ResourceARN": seen.arn, "Tags": set_})
        why = f"taken over from {seen.tags.get(OWNER_TAG) or 'nobody'}" if adopting else "tags change"
        found.append(Step("adopt" if adopting else "update", want.key, call, tuple(changes), why=why))
    if removed:
        gone = tuple(change for change in told if change.after is None)
        call = Call(_SERVICE, "UntagResource", {"ResourceARN": seen.arn, "TagKeys": removed})
        found.append(Step("update", want.key, call, gone, why="tags change"))
    return found


def _mark(want: Want) -> str:
    """Names the bounds that git asks for."""
    return digest({"minCapacity": want.spec.minCapacity, "maxCapacity": want.spec.maxCapacity})


def _marks(want: Want) -> dict[str, str]:
    """The tag that says which bounds were set last. Needed only where scheduled actions set bounds as well:
    whether git has moved them since cannot be seen from the live ones then."""
    return {HASH_TAG: _mark(want)} if want.spec.scheduledActions else {}


def _mark_steps(want: Want, seen: ScalingSeen) -> list[Step]:
    """After the bounds were set, never before: who dies in between sets them once more."""
    marks = _marks(want)
    if not marks and HASH_TAG in seen.tags:
        gone = Change(f"/tags/{escape(HASH_TAG)}", seen.tags[HASH_TAG], None)
        params = {"ResourceARN": seen.arn, "TagKeys": [HASH_TAG]}
        why = "no scheduled action sets bounds any more"
        return [Step("update", want.key, Call(_SERVICE, "UntagResource", params), (gone,), why=why)]
    if not marks or seen.tags.get(HASH_TAG) == marks[HASH_TAG]:
        return []
    if HASH_TAG not in seen.tags and seen.tags.get(OWNER_TAG) != want.owner:
        return []  # adopting does it
    change = Change(f"/tags/{escape(HASH_TAG)}", seen.tags.get(HASH_TAG), marks[HASH_TAG])
    call = Call(_SERVICE, "TagResource", {"ResourceARN": seen.arn, "Tags": marks})
    return [Step("update", want.key, call, (change,), why="notes which bounds git asks for")]


# ── policies and scheduled actions ───────────────────────────────────────────────────────────────────────


def _parts(want: Want, seen: ScalingSeen, changes: Iterable[Change]) -> tuple[list[Step], list[Step]]:
    """The calls for what differs in each policy and action: those that set, and then those that delete. A
    policy that tracks the same metric as a new one has to make room before: AWS takes one per metric."""
    of: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        field, *names = split(change.path)
        if field not in _OF:
            continue
        if names:
            of.setdefault((field, names[0]), []).append(change)
        else:  # none is declared: all that are there go
            for item in change.before:
                path = f"/{field}/{escape(str(item['name']))}"
                of[field, str(item["name"])] = [Change(path, item, None)]
    held = {
        (field, str(item["name"])): item for field in _OF for item in _wanted(want, seen).get(field) or ()
    }
    live = {(field, str(item["name"])): item for field in _OF for item in seen.fields.get(field) or ()}
    new = [_metric(held[at]) for at in of if at in held]
    rooms: list[Step] = []
    puts: list[Step] = []
    deletes: list[Step] = []
    for at, its in of.items():
        field, name = at
        if at in held:
            put = _put_policy if field == "policies" else _put_action
            puts.append(put(want, seen, name, its))
        else:
            step = _delete(want, seen, field, name, its)
            metric = _metric(live.get(at, {}))
            if metric is not None and metric in new:
                rooms.append(evolve(step, prunes=False))  # it is replaced, not pruned
            else:
                deletes.append(step)
    return [*rooms, *puts], deletes


_OF = ("policies", "scheduledActions")


def _metric(policy: Mapping[str, Any]) -> Any:
    """What a target tracking policy follows; None for any other."""
    config = policy.get("targetTrackingScalingPolicyConfiguration") or {}
    return config.get("predefinedMetricSpecification") or config.get("customizedMetricSpecification")


def _part(want: Want, seen: ScalingSeen, field: str, name: str, changes: Iterable[Change]) -> dict[str, Any]:
    """One policy or action in AWS's spelling, as the manifest says it unless a part is left to others, or has
    to be named to be what its absence means."""
    declared = {item["name"]: item for item in want.spec.declared().get(field) or ()}
    wanted = resetting(_wanted(want, seen), changes, RULES)
    kept = {item["name"]: item for item in wanted.get(field) or ()}
    params: dict[str, Any] = aws_names(kept[name])
    if kept[name] == declared.get(name):
        params = wire(next(item for item in getattr(want.spec, field) if item.name == name))
    params.pop("Name")
    return params


def _put_policy(want: Want, seen: ScalingSeen, name: str, changes: Sequence[Change]) -> Step:
    params = _part(want, seen, "policies", name, changes)
    for config, kind in _KINDS.items():
        if f"{config[:1].upper()}{config[1:]}" in params:
            params.setdefault("PolicyType", kind)
    call = _call("PutScalingPolicy", seen.place, PolicyName=name, **params)
    return _put(want, seen, call, f"policy {name}", changes)


def _put_action(want: Want, seen: ScalingSeen, name: str, changes: Sequence[Change]) -> Step:
    params = _part(want, seen, "scheduledActions", name, changes)
    call = _call("PutScheduledAction", seen.place, ScheduledActionName=name, **params)
    return _put(want, seen, call, f"scheduled action {name}", changes)


def _put(want: Want, seen: ScalingSeen, call: Call, what: str, changes: Sequence[Change]) -> Step:
    if seen.absent:
        return Step("create", want.key, call, why=f"{what} belongs to it")
    new = any(len(split(change.path)) == 2 for change in changes)
    return Step("update", want.key, call, tuple(changes), why=f"{what} {'is new' if new else 'changes'}")


def _delete(want: Want, seen: ScalingSeen, field: str, name: str, changes: Sequence[Change]) -> Step:
    if field == "policies":
        call = _call("DeleteScalingPolicy", seen.place, PolicyName=name)
        why = f"policy {name} is not in git"
    else:
        call = _call("DeleteScheduledAction", seen.place, ScheduledActionName=name)
        why = f"scheduled action {name} is not in git"
    return Step("delete", want.key, call, tuple(changes), why=why, prunes=True)


def _call(operation: str, place: str, **params: Any) -> Call:
    where = {"ServiceNamespace": NAMESPACE, "ResourceId": place, "ScalableDimension": DIMENSION}
    return Call(_SERVICE, operation, {**where, **params})

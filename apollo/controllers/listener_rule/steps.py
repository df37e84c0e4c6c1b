"""From what is wanted and seen of a listener's rules to the calls that make them equal. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from apollo.api import HASH_TAG, OWNER_TAG, PRUNE_TAG, Call, Change, Key, Resource, Step, marker
from apollo.controllers.listener_rule.order import Op
from apollo.controllers.listener_rule.scene import Members, Scene, conflicts, key_of
from apollo.controllers.listener_rule.seen import STAND_IN_TAG, LiveRule, RuleSeen
from apollo.controllers.listener_rule.wanted import (
    changes_of,
    content,
    copy_of,
    priority_wanted,
    tags_wanted,
)
from apollo.controllers.tags import tag_changes
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["deletion", "group_steps"]

Want = Resource[ListenerRuleSpec]


def group_steps(members: Members) -> list[Step]:
    """The calls for all members, in their order. A member that is in conflict gets the calls that it would
    need alone, for the reader of the plan; nobody else's calls count on them."""
    wanted = [(want, seen) for want, seen in members if want is not None and seen is not None]
    gone = [seen for want, seen in members if want is None and seen is not None]
    refused = conflicts(members)
    free = [(want, seen) for want, seen in wanted if want.key not in refused]
    found = [
        _create(want, want.spec.priority, None) for want, seen in members if want is not None and seen is None
    ]
    for want, seen in wanted:
        found += _tag_steps(want, seen)
    for want, seen in free:
        if want.spec.is_default:
            found += _default_steps(want, seen)
    found += _arranged(Scene([(w, s) for w, s in free if not w.spec.is_default], gone))
    for want, seen in wanted:
        if want.key in refused:
            found += _alone(want, seen)
    for want, seen in wanted:
        found += _hash_steps(want, seen)
    for seen in gone:
        if seen.rule is not None and seen.rule.priority is None:
            found += deletion(seen)
    return found


def deletion(seen: RuleSeen | None) -> list[Step]:
    """What removes a rule that git does not hold any more. The default rule stays: AWS cannot do without."""
    key = key_of(seen.rule) if seen is not None and seen.rule is not None else None
    if seen is None or seen.rule is None or key is None:
        return []
    if seen.rule.priority is not None:
        call = Call("elbv2", "DeleteRule", {"RuleArn": seen.rule.arn})
        why = f"it is not in git any more: requests go past priority {seen.rule.priority}"
        return [Step("delete", key, call, why=why)]
    why = "it is not in git any more: the default rule of the listener stays as it is, and is nobody's again"
    return [Step("delete", key, _release(seen.rule), why=why)]


# ── the calls of the arrangement ─────────────────────────────────────────────────────────────────────────


def _arranged(scene: Scene) -> list[Step]:
    ops = scene.ops()
    return [step for at, op in enumerate(ops) for step in _step(scene, op, ops[at:])]


def _step(scene: Scene, op: Op, rest: Sequence[Op]) -> Iterator[Step]:
    if op.do == "move":
        yield _move(scene, op, rest)
        return
    if op.label not in scene.wanted:  # of somebody that git does not hold any more
        if (rule := scene.live.get(str(op.ref))) is not None:
            assert scene.listener is not None
            yield from deletion(RuleSeen(scene.listener, rule, (), rule.tags))
        return
    want, seen = scene.wanted[op.label]
    if op.do == "create":
        yield _create(want, op.priority, seen)
    elif op.do == "modify":
        assert seen.rule is not None
        yield _modify(want, seen.rule)
    elif op.do == "stand-in":
        assert seen.rule is not None
        yield _stand_in(want, seen.rule, op.priority)
    else:
        yield _delete(want, scene.live.get(str(op.ref)), op)


def _create(want: Want, priority: Any, seen: RuleSeen | None) -> Step:
    params = {
        "ListenerArn": want.spec.listenerArn,
        "Priority": priority,
        **content(want),
        "Tags": _tag_list(tags_wanted(want)),
    }
    why = "there is no such rule on the listener"
    if seen is not None and priority != priority_wanted(want, None):
        why += "; it is made behind the others first, so that no request goes astray"
    return Step("create", want.key, Call("elbv2", "CreateRule", params), why=why)


def _modify(want: Want, rule: LiveRule) -> Step:
    changes = changes_of(want, rule)
    params = {"RuleArn": rule.arn, **content(want, rule, changes)}
    names = ", ".join(dict.fromkeys(change.path.split("/", 2)[1] for change in changes))
    return Step(
        "update", want.key, Call("elbv2", "ModifyRule", params), tuple(changes), why=f"{names} change"
    )


def _stand_in(want: Want, rule: LiveRule, priority: int) -> Step:
    tags = want.tags | {STAND_IN_TAG: rule.arn.rsplit("/", 1)[-1]}
    params = {
        "ListenerArn": want.spec.listenerArn,
        "Priority": priority,
        **copy_of(want, rule),
        "Tags": _tag_list(tags),
    }
    why = "a copy takes the requests of this rule while it changes, so that none goes astray"
    return Step("update", want.key, Call("elbv2", "CreateRule", params), why=why)


def _delete(want: Want, rule: LiveRule | None, op: Op) -> Step:
    made = rule is None  # by an earlier step of the same plan
    arn = marker(want.key.kind, want.key.name, "standIn") if rule is None else rule.arn
    call = Call("elbv2", "DeleteRule", {"RuleArn": arn})
    if made or (rule is not None and rule.is_stand_in):
        return Step("update", want.key, call, why="the copy of this rule is not needed any more")
    return Step("delete", want.key, call, why="a second rule carries the same ownership tag", prunes=True)


def _move(scene: Scene, op: Op, rest: Sequence[Op]) -> Step:
    labels = {rule.ref: rule.label for rule in scene.rules}
    before = {rule.ref: rule.priority for rule in scene.rules}
    keys: dict[Key, list[Change]] = {}
    pairs = []
    for ref, priority in sorted(op.priorities.items(), key=lambda pair: pair[1]):
        arn: Hashable = ref
        label = labels.get(ref, ref)
        if isinstance(ref, tuple):  # a stand-in that an earlier step makes
            label = labels.get(ref[1])
            assert isinstance(label, Key)
            arn = marker(label.kind, label.name, "standIn")
        elif isinstance(ref, Key):  # a rule that an earlier step makes
            arn = marker(ref.kind, ref.name, "arn")
        pairs.append({"RuleArn": arn, "Priority": priority})
        if isinstance(label, Key):
            changes = keys.setdefault(label, [])
            if ref in before and label in scene.wanted:
                changes.append(Change("/priority", before[ref], priority))
    moved = sorted(key for key in keys if key in scene.wanted)
    if not moved:  # room for somebody who comes next
        moved = [later.label for later in rest if later.label in scene.wanted][:1]
    target = moved[0] if moved else min(keys)
    others = tuple(sorted(key for key in keys if key != target))
    why = "priorities change, all at once"
    if not keys.get(target):
        why = f"{', '.join(map(str, others)) or 'a copy'} makes room"
    call = Call("elbv2", "SetRulePriorities", {"RulePriorities": pairs})
    shared = tuple((key, change) for key in others for change in keys[key])
    return Step(
        "update", target, call, tuple(keys.get(target, ())), why=why, also=others, also_changes=shared
    )


def _alone(want: Want, seen: RuleSeen) -> list[Step]:
    """What a member in conflict would need, were nobody in its way."""
    if seen.rule is None:
        return [_create(want, want.spec.priority, None)]
    found = []
    priority = priority_wanted(want, seen.rule)
    if seen.rule.priority != priority:
        pairs = [{"RuleArn": seen.rule.arn, "Priority": priority}]
        call = Call("elbv2", "SetRulePriorities", {"RulePriorities": pairs})
        change = Change("/priority", seen.rule.priority, priority)
        found.append(Step("update", want.key, call, (change,), why="its priority changes"))
    return [*found, _modify(want, seen.rule)] if changes_of(want, seen.rule) else found


# ── the default rule, and tags ───────────────────────────────────────────────────────────────────────────


def _default_steps(want: Want, seen: RuleSeen) -> list[Step]:
    found = []
    if seen.rule is not None and (changes := changes_of(want, seen.rule)):
        actions = content(want, seen.rule, changes).get("Actions") or content(want)["Actions"]
        params = {"ListenerArn": want.spec.listenerArn, "DefaultActions": actions}
        call = Call("elbv2", "ModifyListener", params)
        why = "what the listener does with requests that no other rule takes changes"
        found.append(Step("update", want.key, call, tuple(changes), why=why))
    for rule in seen.others:
        call = Call("elbv2", "DeleteRule", {"RuleArn": rule.arn})
        found.append(
            Step("delete", want.key, call, why="the manifest has become the default rule", prunes=True)
        )
    return found


def _tag_steps(want: Want, seen: RuleSeen) -> list[Step]:
    found = []
    rule = seen.rule
    if rule is not None:
        set_, removed, changes = tag_changes(want, rule.tags)
        mark = tags_wanted(want).get(HASH_TAG)
        if mark and HASH_TAG not in rule.tags:
            set_[HASH_TAG] = mark
        if set_:
            adopting = OWNER_TAG in set_
            params = {"ResourceArns": [rule.arn], "Tags": _tag_list(set_)}
            told = tuple(change for change in changes if change.after is not None)
            why = f"taken over from {rule.owner or 'nobody'}" if adopting else "tags change"
            call = Call("elbv2", "AddTags", params)
            found.append(Step("adopt" if adopting else "update", want.key, call, told, why=why))
        if removed:
            params = {"ResourceArns": [rule.arn], "TagKeys": removed}
            told = tuple(change for change in changes if change.after is None)
            found.append(
                Step("update", want.key, Call("elbv2", "RemoveTags", params), told, why="tags change")
            )
    default = seen.listener.default
    if not want.spec.is_default and default is not None and default.owner == want.owner:
        why = "the manifest is not that of the default rule any more"
        found.append(Step("update", want.key, _release(default), why=why))
    return found


def _hash_steps(want: Want, seen: RuleSeen) -> list[Step]:
    """The mark of the client secret, once the secret is set."""
    mark = tags_wanted(want).get(HASH_TAG)
    if seen.rule is None or not mark or seen.rule.tags.get(HASH_TAG, mark) == mark:
        return []
    params = {"ResourceArns": [seen.rule.arn], "Tags": _tag_list({HASH_TAG: mark})}
    return [Step("update", want.key, Call("elbv2", "AddTags", params), why="the client secret changes")]


def _release(rule: LiveRule) -> Call:
    keys = sorted({OWNER_TAG, PRUNE_TAG, HASH_TAG} & rule.tags.keys())
    return Call("elbv2", "RemoveTags", {"ResourceArns": [rule.arn], "TagKeys": keys})


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]

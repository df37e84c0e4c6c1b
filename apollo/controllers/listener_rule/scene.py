"""The rules of one listener as a scene: who stays, who goes, who is in whose way. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from apollo.api import PRUNE_TAG, Denied, Key, Resource
from apollo.controllers.listener_rule.order import Goal, NoWay, Op, Rule, arrange
from apollo.controllers.listener_rule.seen import Listener, LiveRule, RuleSeen
from apollo.controllers.listener_rule.wanted import changes_of, condition_wanted, priority_wanted
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["Members", "Scene", "conflicts", "key_of"]

Want = Resource[ListenerRuleSpec]
Members = Sequence[tuple[Want | None, RuleSeen | None]]
Wanted = Sequence[tuple[Want, RuleSeen]]


class Scene:
    """Some members on their listener: who stays, who goes, who must not be touched."""

    def __init__(self, wanted: Wanted, gone: Sequence[RuleSeen]) -> None:
        self.wanted = {want.key: (want, seen) for want, seen in wanted}
        seens = [seen for _, seen in wanted] or list(gone)
        self.listener: Listener | None = seens[0].listener if seens else None
        self.live = {rule.arn: rule for rule in self.listener.rules} if self.listener else {}
        self.rules = self._rules({seen.rule.arn for seen in gone if seen.rule is not None})
        self.goals = [self._goal(want, seen) for want, seen in self.wanted.values()]

    def _rules(self, gone: set[str]) -> list[Rule]:
        mine = {seen.rule.arn: key for key, (_, seen) in self.wanted.items() if seen.rule is not None}
        acts = {key: _acts(seen.rule) for key, (_, seen) in self.wanted.items() if seen.rule is not None}
        others = {rule.arn: key for key, (_, seen) in self.wanted.items() for rule in seen.others}
        found = []
        for rule in self.live.values():
            if rule.priority is None:
                continue
            label: Hashable = mine.get(rule.arn) or others.get(rule.arn) or key_of(rule) or rule.arn
            role, deletable, another = "fixed", False, False
            if rule.arn in mine:
                role = "ours"
            elif rule.arn in others:
                another = acts.get(others[rule.arn]) != _acts(rule)
                role, deletable = "stand-in" if rule.is_stand_in else "leaving", True
            elif rule.arn in gone:
                role, deletable = "leaving", True
            elif self._is_orphan(rule):
                role = "leaving"
            who = rule.arn if another else ""
            found.append(Rule(label, rule.arn, rule.priority, rule.condition, role, deletable, who))  # type: ignore[arg-type]
        return found

    def _is_orphan(self, rule: LiveRule) -> bool:
        """Whether it is ours, git does not hold it (here) any more, and it may go."""
        for want, _ in self.wanted.values():
            key = want.env.key_of(rule.owner) if rule.owner else None
            if key is None or key.kind != want.key.kind or rule.tags.get(PRUNE_TAG) == "never":
                return False
            return key not in want.peers and key not in self.wanted
        return False

    def _goal(self, want: Want, seen: RuleSeen) -> Goal:
        priority = priority_wanted(want, seen.rule)
        changes = changes_of(want, seen.rule) if seen.rule is not None else []
        condition = seen.rule.condition if seen.rule is not None else ()
        if seen.rule is None or any(change.path.startswith("/conditions") for change in changes):
            condition = condition_wanted(want, seen.rule)
        acts = "new" if any(not change.path.startswith("/conditions") for change in changes) else ""
        return Goal(want.key, priority, condition, bool(changes), acts)

    def refused(self) -> Iterator[tuple[Key, Denied]]:
        fixed = {rule.priority: rule for rule in self.rules if rule.role == "fixed"}
        wanted: dict[int, list[Key]] = {}
        for goal in self.goals:
            wanted.setdefault(goal.priority, []).append(goal.label)  # type: ignore[arg-type]
        for priority, keys in wanted.items():
            for key in keys:
                want, _ = self.wanted[key]
                if priority in fixed:
                    holder = fixed[priority]
                    yield key, _taken(want, holder, self.live[str(holder.ref)])
                elif len(keys) > 1:
                    rivals = ", ".join(str(other) for other in keys if other != key)
                    message = f"priority {priority} of {want.spec.listenerArn} is also wanted by {rivals}"
                    yield key, _denied(want, message, "take another priority")

    def pending(self) -> list[Goal]:
        """The members that are not as they shall be."""
        now = {rule.label: rule for rule in self.rules if rule.role == "ours"}
        return [
            goal
            for goal in self.goals
            if goal.edit or goal.label not in now or now[goal.label].priority != goal.priority
        ]

    def ops(self) -> list[Op]:
        return arrange(self.rules, self.goals)


# ── who is in the way ────────────────────────────────────────────────────────────────────────────────────


def conflicts(members: Members) -> dict[Key, Denied]:
    """The members whose priority cannot be had: somebody else's rule has it, or one of ours that stays where
    it is, or two members want the same. They are left where they are, which may put others in conflict."""
    active = {
        want.key: (want, seen)
        for want, seen in members
        if want is not None and seen is not None and not want.spec.is_default
    }
    gone = [seen for want, seen in members if want is None and seen is not None]
    refused: dict[Key, Denied] = {}
    while True:
        scene = Scene([pair for key, pair in active.items() if key not in refused], gone)
        found = dict(scene.refused())
        if not found:
            try:
                scene.ops()
            except NoWay:
                found = {goal.label: _no_way(active[goal.label][0]) for goal in scene.pending()}  # type: ignore[index, misc]
        if not found:
            return refused
        refused |= found


def _acts(rule: LiveRule) -> dict[str, Any]:
    """What a rule does with the requests that meet it."""
    return {name: value for name, value in rule.fields.items() if name != "conditions"}


def _taken(want: Want, holder: Rule, live: LiveRule) -> Denied:
    priority = holder.priority
    where = f"priority {priority} of {want.spec.listenerArn}"
    key = want.env.key_of(live.owner) if live.owner else None
    if key is not None and key in want.peers:
        message = f"{where} is held by {key} ({live.arn}), which does not leave it now"
        return _denied(want, message, f"see what keeps {key}")
    if key is not None:
        message = f"{where} is held by {live.arn} of {key}, which is kept (prune: never)"
        return _denied(want, message, "take another priority, or delete that rule")
    if live.owner is None:
        message = f"{where} is held by {live.arn}, which was not made by Apollo"
        hint = "take another priority; or lifecycle.adopt: true takes that rule over as it is"
        return _denied(want, message, hint)
    message = f"{where} is held by {live.arn}, which belongs to {live.owner}"
    return _denied(want, message, "take another priority")


def _denied(want: Want, message: str, hint: str) -> Denied:
    origin = f"{want.origin}: " if str(want.origin) else ""
    return Denied("Conflict", f"{origin}{want.key}: {message}", hint)


def _no_way(want: Want) -> Denied:
    return _denied(
        want,
        "the listener has no free priority at its end over which its rules could be rearranged without "
        "sending requests astray",
        "leave a few of the priorities up to 50000 free, or make this change in two commits",
    )


def key_of(rule: LiveRule) -> Key | None:
    """The key that a rule's ownership tag names, of whatever installation."""
    parts = (rule.owner or "").split("/", 3)
    return Key(parts[2], parts[1], parts[3]) if len(parts) == 4 else None

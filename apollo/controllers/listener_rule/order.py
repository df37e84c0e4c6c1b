"""In which order the rules of one listener are made, changed and moved, so that no request ever goes astray.

The promise: after each single call, every request meets the rule that it met before the call, or the one that
it shall meet at the end. So, call by call, it meets the rule of before or the rule of after; never a third
one, and never none. A rule whose actions change counts as two: as it was, and as it shall be. A plan after a
crash starts from what is live then, and the promise goes on.

Of all calls that are left, the first one is taken of which that can be proved. When there is none, because
edits of conditions depend on each other in a circle, the first rule that is to be changed gets a stand-in
with its old content, which takes its place; the rule itself waits behind all others and is changed there.

Why that always goes on: let a listener hold all rules that a request may meet now, and behind them the first
few of the last state, in their order. The first rule that a request meets is then one of now or, where none
of those applies, the right one of the end. When all of the last state are there, one SetRulePriorities brings
them to the front; what is left behind them are old rules, which go from the bottom up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import evolve, field, frozen

from apollo.controllers.listener_rule.overlap import Condition, covers, disjoint
from apollo.resources.listener_rule import LAST

__all__ = ["Goal", "NoWay", "Op", "Rule", "arrange"]


@frozen
class Rule:
    """A rule as it stands on the listener.

    :ivar label: who it is to a request: a stand-in has the label of the rule it stands for.
    :ivar ref: the one rule that is meant: its ARN, or its label while it is not made yet.
    :ivar role: ``ours`` is to stay; ``leaving`` is to go, and may be moved out of the way; ``stand-in`` the
        same, for a rule that is being changed; ``fixed`` is not to be touched.
    :ivar deletable: whether deleting it is part of the arrangement. What is leaving and is deleted by
        somebody else, sooner or later, counts as staying.
    :ivar acts: what it does with requests, as far as that tells its old self from its new one.
    """

    label: Hashable
    ref: Hashable
    priority: int
    condition: Condition
    role: Literal["ours", "leaving", "stand-in", "fixed"] = "ours"
    deletable: bool = False
    acts: str = ""

    @property
    def who(self) -> Who:
        return self.label, self.acts


@frozen
class Goal:
    """What a rule shall be.

    :ivar edit: whether it differs in more than its priority. :ivar acts: see `Rule`.
    """

    label: Hashable
    priority: int
    condition: Condition
    edit: bool = False
    acts: str = ""


@frozen
class Op:
    """One call: make a rule (or its stand-in) at a priority, change it, set priorities, delete it."""

    do: Literal["create", "stand-in", "modify", "move", "delete"]
    label: Hashable = None
    ref: Hashable = None
    priority: int = 0
    priorities: Mapping[Hashable, int] = field(factory=dict)
    """Of a move: new priorities by ref."""


class NoWay(Exception):
    """There is no free priority that the change could be made over."""


State = tuple[Rule, ...]  # by priority
Who = tuple[Hashable, str]
"""Who answers a request: a rule as it was, or as it shall be."""


def arrange(live: Sequence[Rule], goals: Sequence[Goal]) -> list[Op]:
    """The calls, in order.

    :param goals: no two of one priority, and none at the priority of a fixed rule.
    :raises NoWay: when the listener is so full that there is no safe way.
    """
    return list(_Arrangement(live, goals).run())


class _Arrangement:
    def __init__(self, live: Sequence[Rule], goals: Sequence[Goal]) -> None:
        self.state = _sorted(live)
        self.goals = {goal.label: goal for goal in goals}
        ours = {rule.label for rule in live if rule.role == "ours"}
        in_order = sorted(goals, key=lambda goal: goal.priority)
        self.creates = [goal for goal in in_order if goal.label not in ours]
        self.edits = [goal for goal in in_order if goal.label in ours and goal.edit]
        self.finals: set[int] = {goal.priority for goal in goals}
        self.obvious = self._obvious(live)

    def _obvious(self, live: Sequence[Rule]) -> bool:
        """Whether nothing needs a proof: no condition changes, and rules are either only moved, all at once,
        or only made, from the top down."""
        conditions = {rule.label: rule.condition for rule in live if rule.role == "ours"}
        if any(goal.condition != conditions[goal.label] for goal in self.edits):
            return False
        if any(rule.role in ("leaving", "stand-in") for rule in live):
            return False
        moves = self._moved() is not None
        if (self.creates or moves) and any(goal.acts for goal in self.edits):
            return False  # whoever meets it now may not be meant to meet it as it shall be
        taken = {rule.priority for rule in live}
        free = not any(goal.priority in taken for goal in self.creates)
        return not self.creates or (free and not moves)

    def run(self) -> Iterator[Op]:
        while True:
            op = self._next()
            if op is None:
                break
            yield op
        # Bottom-up: what is left of the old state stays a beginning of it.
        for rule in reversed([rule for rule in self.state if rule.deletable]):
            yield Op("delete", rule.label, rule.ref)

    def _next(self) -> Op | None:
        """The next call but deletions; the state is moved on by it. Only what is there now counts, so that
        the plan of a later look is the rest of this one."""
        if not self.creates and not self.edits and self._moved() is None:
            return None
        for op, state in self._candidates():
            if self._safe(state):
                return self._take(op, state)
        first = min([*self.creates, *self.edits], key=lambda goal: goal.priority, default=None)
        if first in self.edits:
            return self._step_aside(first)
        return self._make_room()

    def _candidates(self) -> Iterator[tuple[Op, State]]:
        """What may come next, the plainest first."""
        taken = {rule.priority for rule in self.state}
        for goal in self.creates:
            if goal.priority not in taken:
                yield self._create(goal, goal.priority)
        for goal in self.edits:
            yield self._edit(goal)
        moved = self._moved()
        if moved is not None and self._may_move(moved[1]):
            yield moved
        for goal in self.creates:
            for priority in self._gaps():
                yield self._create(goal, priority)
        waiting = {goal.label for goal in self.edits}
        for rule in reversed(self.state):
            if rule.deletable and not (rule.role == "stand-in" and rule.label in waiting):
                left = tuple(one for one in self.state if one is not rule)
                yield Op("delete", rule.label, rule.ref), left

    def _may_move(self, state: State) -> bool:
        """Whether going to the last priorities undoes nothing that the calls still to come need."""
        if not self.creates and not self.edits:
            return True
        stepped_aside = {rule.label for rule in self.state if rule.role == "stand-in"}
        if any(goal.label in stepped_aside for goal in self.edits):
            return False
        return self._end(self.state) is None or self._end(state) is not None

    def _take(self, op: Op, state: State) -> Op:
        self.state = state
        if op.do == "create":
            self.creates = [goal for goal in self.creates if goal.label != op.label]
        elif op.do == "modify":
            self.edits = [goal for goal in self.edits if goal.label != op.label]
        return op

    def _create(self, goal: Goal, priority: int) -> tuple[Op, State]:
        rule = Rule(goal.label, goal.label, priority, goal.condition, acts=goal.acts)
        return Op("create", goal.label, goal.label, priority), _sorted([*self.state, rule])

    def _edit(self, goal: Goal) -> tuple[Op, State]:
        rule = self._ours(goal.label)
        edited = evolve(rule, condition=goal.condition, acts=goal.acts)
        state = [edited if one is rule else one for one in self.state]
        return Op("modify", goal.label, rule.ref), tuple(state)

    def _ours(self, label: Hashable) -> Rule:
        return next(rule for rule in self.state if rule.label == label and rule.role == "ours")

    def _moved(self) -> tuple[Op, State] | None:
        """Everything that is there at its last priority, in one call; None when it is already.

        What is leaving keeps its place, unless a rule of ours wants it or passes over it: then it goes as
        little further back as keeps it behind all that it was behind.
        """
        places = self._places()
        pairs = {rule.ref: places[rule.ref] for rule in self.state if places[rule.ref] != rule.priority}
        return self._move(pairs) if pairs else None

    def _places(self) -> dict[Hashable, int]:
        """The last priority of everything that is there."""
        places: dict[Hashable, int] = {}
        for rule in self.state:
            if rule.role == "ours":
                places[rule.ref] = self.goals[rule.label].priority
            elif rule.role == "fixed":
                places[rule.ref] = rule.priority
        taken = set(places.values()) | self.finals
        floor = 0
        for rule in self.state:
            if rule.role in ("leaving", "stand-in"):
                floor = places[rule.ref] = _free(taken, max(floor, rule.priority))
                taken.add(floor)
            floor = max(floor, places[rule.ref])
        return places

    def _move(self, pairs: dict[Hashable, int]) -> tuple[Op, State]:
        state = [evolve(rule, priority=pairs.get(rule.ref, rule.priority)) for rule in self.state]
        return Op("move", priorities=pairs), _sorted(state)

    def _gaps(self) -> Iterator[int]:
        """Free priorities that nobody will want: behind everything, then before the last rule, and so on. The
        very last one only when nothing else will do, since nothing can go behind it."""
        used = {rule.priority for rule in self.state} | self.finals
        free = [at + 1 for at in (0, *sorted(used)) if at + 1 not in used]
        yield from (at for at in reversed(free) if at < LAST)
        if LAST in free:
            yield LAST

    def _end(self, state: State) -> int | None:
        """A free priority behind every rule that may be moved; None when there is none."""
        last = max((rule.priority for rule in state if rule.role != "fixed"), default=0)
        used: set[int] = {rule.priority for rule in state} | self.finals
        # Behind what is fixed as well, where there is room.
        places = [max(used, default=0) + 1, *range(last + 1, last + 2 + len(used))]
        return next((at for at in places if at <= LAST and at not in used), None)

    def _step_aside(self, goal: Goal) -> Op:
        """Let a stand-in with the old content take the place of a rule, and the rule wait behind all others:
        there it can be changed."""
        rule = self._ours(goal.label)
        end = self._end(self.state)
        if end is None:
            return self._make_room()
        other = next((one for one in self.state if one.label == goal.label and one.role == "stand-in"), None)
        if other is None:
            other = evolve(rule, ref=("stand-in", rule.ref), priority=end, role="stand-in", deletable=True)
            self.state = _sorted([*self.state, other])
            return Op("stand-in", goal.label, rule.ref, end)
        pairs = {rule.ref: end}
        if other.priority > rule.priority:
            pairs = {rule.ref: other.priority, other.ref: rule.priority}
        elif rule.priority == max(one.priority for one in self.state if one.role != "fixed"):
            raise NoWay
        op, self.state = self._move(pairs)
        return op

    def _make_room(self) -> Op:
        """Close the ranks behind a fixed rule, without changing any order, so that there is room at the end;
        the last such place first."""
        fixed = [rule.priority for rule in self.state if rule.role == "fixed"]
        for end, start in zip([LAST + 1, *reversed(fixed)], [*reversed(fixed), 0], strict=True):
            ranks = [rule for rule in self.state if start < rule.priority < end]
            most = start + 2 * (len(self.state) + len(self.finals)) + 2
            free = [at for at in range(start + 1, min(end, most)) if at not in self.finals]
            pairs = {rule.ref: at for rule, at in zip(ranks, free, strict=False) if rule.priority != at}
            if pairs and len(free) > len(ranks):
                op, self.state = self._move(pairs)
                return op
        raise NoWay

    # ── the proof ────────────────────────────────────────────────────────────────────────────────────────

    def _safe(self, state: State) -> bool:
        """Whether every request meets the rule that it meets now, or the one of the end."""
        if self.obvious or _same(state, self.state):
            return True
        places, above = self._places(), list[Rule]()
        staying = [
            evolve(rule, priority=places[rule.ref])
            for rule in self.state
            if rule.role == "fixed" or (rule.role == "leaving" and not rule.deletable)
        ]
        goals = [
            Rule(goal.label, goal.label, goal.priority, goal.condition, acts=goal.acts)
            for goal in self.goals.values()
        ]
        after = _sorted([*staying, *goals])
        for rule in (*state, None):
            who, condition = (rule.who, rule.condition) if rule is not None else (None, ())
            old = _instead(who, condition, above, self.state)
            if old:
                new = _instead(who, condition, above, after)
                for a in old:
                    for b in new:
                        if not disjoint(a, b) and not _caught(above, (*condition, *a, *b)):
                            return False
            if rule is not None:
                above.append(rule)
        return True


def _instead(who: Who | None, condition: Condition, above: Sequence[Rule], world: State) -> list[Condition]:
    """Which requests might meet somebody else in ``world`` than this one: those that meet one of these
    conditions. Empty: none."""
    before: Sequence[Rule] = world
    if who is not None:
        at = next(
            (i for i, rule in enumerate(world) if rule.who == who and covers(rule.condition, condition)),
            None,
        )
        if at is None:
            return [()]
        before = world[:at]
    return [
        rule.condition
        for rule in before
        if rule.who != who
        and not disjoint(rule.condition, condition)
        and not _caught(above, (*condition, *rule.condition))
    ]


def _caught(above: Sequence[Rule], condition: Condition) -> bool:
    return any(covers(rule.condition, condition) for rule in above)


def _same(one: State, other: State) -> bool:
    """Whether two states send every request to the same rule by their looks."""
    return [(rule.who, rule.condition) for rule in one] == [(rule.who, rule.condition) for rule in other]


def _free(taken: set[int], at: int) -> int:
    """The first free priority from ``at`` on; where there is none, the last free one before it."""
    for priority in range(max(at, 1), LAST + 1):
        if priority not in taken:
            return priority
    for priority in range(at - 1, 0, -1):
        if priority not in taken:
            return priority
    raise NoWay


def _sorted(rules: Sequence[Rule]) -> State:
    return tuple(sorted(rules, key=lambda rule: rule.priority))

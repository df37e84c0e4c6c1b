"""However the rules of a listener change, no request goes astray on the way: over a pure model of a listener,
with conditions whose meaning is a set of requests."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.controllers.listener_rule.order import Goal, Op, Rule, arrange
from apollo.controllers.listener_rule.overlap import Condition, condition_of, covers, disjoint

HOSTS = ["a.x", "b.x", "c.x", "a.y"]
PATHS = ["/", "/v1", "/v2"]
REQUESTS = [(host, path) for host in HOSTS for path in PATHS]


def hosts(*values: str) -> dict[str, object]:
    return {"field": "host-header", "hostHeaderConfig": {"values": list(values)}}


def paths(*values: str) -> dict[str, object]:
    return {"field": "path-pattern", "pathPatternConfig": {"values": list(values)}}


def meets(condition: Condition, request: tuple[str, str]) -> bool:
    host, path = request
    return all(
        any(_like(value, host if clause.part == "host-header" else path) for value in clause.values)
        for clause in condition
    )


def _like(pattern: str, text: str) -> bool:
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text.endswith(pattern[1:]) if pattern.startswith("*") else pattern == text


@frozen
class Model:
    """A listener that takes the calls."""

    rules: tuple[Rule, ...]

    def matched(self, request: tuple[str, str]) -> Hashable:
        for rule in sorted(self.rules, key=lambda rule: rule.priority):
            if meets(rule.condition, request):
                return rule.label
        return None

    def routes(self) -> list[Hashable]:
        return [self.matched(request) for request in REQUESTS]

    def do(self, op: Op, goals: Sequence[Goal]) -> Model:
        rules = {rule.ref: rule for rule in self.rules}
        goal = next((goal for goal in goals if goal.label == op.label), None)
        if op.do == "create":
            assert goal is not None
            rules[op.label] = Rule(op.label, op.label, op.priority, goal.condition)
        elif op.do == "stand-in":
            rules["stand-in", op.ref] = evolve(
                rules[op.ref], ref=("stand-in", op.ref), priority=op.priority, role="stand-in", deletable=True
            )
        elif op.do == "modify":
            assert goal is not None
            rules[op.ref] = evolve(rules[op.ref], condition=goal.condition)
        elif op.do == "move":
            for ref, priority in op.priorities.items():
                assert rules[ref].role != "fixed"
                rules[ref] = evolve(rules[ref], priority=priority)
        else:
            assert rules.pop(op.ref).deletable
        taken = [rule.priority for rule in rules.values()]
        assert len(set(taken)) == len(taken), "one priority twice"
        assert all(1 <= priority <= 50000 for priority in taken)
        return Model(tuple(rules.values()))


def left(model: Model, goals: Sequence[Goal]) -> list[Goal]:
    """The goals as a fresh look would state them."""
    there = {rule.label: rule.condition for rule in model.rules if rule.role == "ours"}
    return [evolve(goal, edit=there.get(goal.label, goal.condition) != goal.condition) for goal in goals]


CONDITIONS = st.sampled_from(
    [
        condition_of(items)
        for items in (
            *([hosts(*some)] for size in (1, 2) for some in itertools.combinations(HOSTS, size)),
            [hosts("*.x")],
            [hosts("a.*")],
            [hosts("*")],
            [paths("/v1")],
            [paths("/v*")],
            [hosts("a.x"), paths("/v1")],
            [hosts("a.x", "b.x"), paths("/v1", "/v2")],
            [hosts("*.x"), paths("/")],
        )
    ]
)
PRIORITIES = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 40, 41, 49000])


@st.composite
def changes(draw: st.DrawFn) -> tuple[Model, list[Goal]]:
    size = draw(st.integers(0, 7))
    places = draw(st.lists(PRIORITIES, min_size=size, max_size=size, unique=True))
    live = []
    for number, place in enumerate(places):
        role = draw(st.sampled_from(["ours", "ours", "ours", "leaving", "fixed"]))
        goes = role == "leaving" and draw(st.booleans())
        live.append(Rule(f"r{number}", f"arn{number}", place, draw(CONDITIONS), role, goes))
    if draw(st.booleans()):  # somebody's catch-all at the very end
        live.append(Rule("last", "arn-last", 50000, draw(CONDITIONS), "fixed"))
    free = PRIORITIES.filter(lambda p: p not in {rule.priority for rule in live if rule.role == "fixed"})
    ours = [rule for rule in live if rule.role == "ours"]
    added = draw(st.integers(0, 4))
    wanted = draw(st.lists(free, min_size=len(ours) + added, max_size=len(ours) + added, unique=True))
    keep = draw(st.booleans())
    goals = []
    for rule, place in zip(ours, wanted, strict=False):
        condition = rule.condition if draw(st.booleans()) else draw(CONDITIONS)
        goals.append(
            Goal(rule.label, rule.priority if keep and rule.priority not in wanted else place, condition)
        )
    goals += [Goal(f"n{n}", place, draw(CONDITIONS)) for n, place in enumerate(wanted[len(ours) :])]
    model = Model(tuple(live))
    return model, left(model, goals)


def walk(model: Model, goals: Sequence[Goal]) -> Iterator[tuple[Op, Model]]:
    for op in arrange(model.rules, goals):
        model = model.do(op, goals)
        yield op, model


@given(changes())
@settings(max_examples=400, deadline=None)
def test_after_every_call_a_request_meets_the_rule_of_before_or_of_after(
    change: tuple[Model, list[Goal]],
) -> None:
    model, goals = change
    steps = list(walk(model, goals))
    after = steps[-1][1] if steps else model
    old, new = model.routes(), after.routes()
    for op, state in steps:
        for request, was, shall, now in zip(REQUESTS, old, new, state.routes(), strict=True):
            assert now in (was, shall), f"{request} meets {now} after {op}, not {was} or {shall}"
    staying = [rule for rule in model.rules if rule.role == "fixed"]
    wanted = [*staying, *(Rule(g.label, g.label, g.priority, g.condition) for g in goals)]
    assert {
        (rule.label, rule.priority, rule.condition) for rule in after.rules if rule.role != "leaving"
    } == {(rule.label, rule.priority, rule.condition) for rule in wanted}
    kept = [
        rule.label for rule in sorted(after.rules, key=lambda one: one.priority) if rule.role == "leaving"
    ]
    assert kept == [
        rule.label
        for rule in sorted(model.rules, key=lambda one: one.priority)
        if rule.role == "leaving" and not rule.deletable
    ], "what somebody else deletes is there, in its order"


@given(changes())
@settings(max_examples=200, deadline=None)
def test_what_remains_after_a_call_is_the_rest_of_the_plan(change: tuple[Model, list[Goal]]) -> None:
    model, goals = change
    ops = arrange(model.rules, goals)
    for number, op in enumerate(ops):
        model = model.do(op, goals)
        again = arrange(model.rules, left(model, goals))
        assert [(one.do, one.label) for one in again] == [(one.do, one.label) for one in ops[number + 1 :]]


@given(st.permutations(range(8)), st.booleans())
def test_any_permutation_is_one_call(places: list[int], catch_all: bool) -> None:
    conditions = [condition_of([hosts("*" if catch_all and n % 3 == 0 else HOSTS[n % 4])]) for n in range(8)]
    live = [Rule(n, f"arn{n}", 10 * n + 10, conditions[n]) for n in range(8)]
    goals = [Goal(n, 10 * place + 10, conditions[n]) for n, place in enumerate(places)]
    ops = arrange(live, goals)
    assert [op.do for op in ops] == ([] if places == sorted(places) else ["move"])


@given(CONDITIONS, CONDITIONS)
def test_what_is_proved_of_conditions_is_true(one: Condition, other: Condition) -> None:
    of_one = {request for request in REQUESTS if meets(one, request)}
    of_other = {request for request in REQUESTS if meets(other, request)}
    if covers(one, other):
        assert of_other <= of_one
    if disjoint(one, other):
        assert not of_one & of_other
    assert covers(one, one)


@pytest.mark.parametrize(
    ("live", "goals", "expected"),
    [
        pytest.param([], [("a", 10, "a.x")], ["create a 10"], id="new"),
        pytest.param(
            [("a", 10, "a.x"), ("b", 20, "*")],
            [("a", 20, "a.x"), ("b", 30, "*"), ("n", 10, "c.x")],
            ["move", "create n 10"],
            id="made room for a new one",
        ),
        pytest.param(
            [("a", 10, "a.x"), ("b", 20, "b.x")],
            [("a", 10, "a.x"), ("b", 20, "b.x", "c.x")],
            ["modify b"],
            id="one edit",
        ),
        pytest.param(
            [("a", 10, "a.x", "b.x"), ("c", 20, "c.x")],
            [("a", 10, "a.x"), ("c", 20, "c.x", "b.x")],
            ["modify c", "modify a"],
            id="a host goes from one rule to another: who gets it comes first",
        ),
        pytest.param(
            [("a", 10, "a.x"), ("b", 20, "b.x")],
            [("a", 10, "b.x"), ("b", 20, "a.x")],
            ["stand-in a 21", "modify a", "modify b", "delete a"],
            id="two rules swap their hosts",
        ),
        pytest.param(
            [("a", 10, "a.x"), ("b", 20, "*.x")],
            [("a", 30, "b.x"), ("b", 20, "*.x")],
            ["move", "modify a"],
            id="further down and changed",
        ),
        pytest.param(
            [("b", 20, "*.x"), ("a", 30, "b.x")],
            [("b", 20, "*.x"), ("a", 10, "a.x")],
            ["modify a", "move"],
            id="further up and changed",
        ),
    ],
)  # fmt: skip
def test_the_plainest_safe_order_is_taken(
    live: list[tuple[object, ...]], goals: list[tuple[object, ...]], expected: list[str]
) -> None:
    rules = [Rule(label, f"arn-{label}", int(str(at)), condition_of([hosts(*map(str, values))]))
             for label, at, *values in live]  # fmt: skip
    wanted = [
        Goal(label, int(str(at)), condition_of([hosts(*map(str, values))])) for label, at, *values in goals
    ]
    said = []
    for op in arrange(rules, left(Model(tuple(rules)), wanted)):
        place = f" {op.priority}" if op.priority else ""
        said.append(f"{op.do} {op.label}{place}" if op.label else op.do)
    assert said == expected


def test_what_git_does_not_hold_is_moved_only_out_of_the_way() -> None:
    one = condition_of([hosts("a.x")])
    live = [Rule("old", "arn-old", 10, one, "leaving"), Rule("other", "arn-other", 40, one, "leaving")]
    (moved, made) = arrange(live, [Goal("new", 10, one)])
    assert (moved.do, dict(moved.priorities)) == ("move", {"arn-old": 11})
    assert (made.do, made.priority) == ("create", 10)

"""Whatever happens to the rules of a listener: after every single call each request is answered by the rule
that the old or the new state names, never by another one, and never by none."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apollo.api import Step
from apollo.errors import Transient

from ..pilot import Pilot
from .stage import Stage, Want, host
from .traffic import REQUESTS, Listing, listings

pytestmark = pytest.mark.anyio
_numbers = itertools.count()


class Watched:
    """Probes a stage after every call."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.answers: list[list[str]] = []
        stage.each = self.probe

    def probe(self) -> None:
        self.answers.append([self.stage.answer(**request) for request in REQUESTS])

    def judge(self, sent: Sequence[Step]) -> None:
        old, new = self.answers[0], self.answers[-1]
        for step, answers in zip(sent, self.answers[1:], strict=True):
            for request, was, now, shall in zip(REQUESTS, old, answers, new, strict=True):
                assert now in (was, shall), f"{request}: {now} after {step.call}, not {was} or {shall}"


def wanted(stage: Stage, listing: Listing) -> list[Want]:
    return [stage.rule(name, place, conditions) for name, (place, conditions) in listing.items()]


slow = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


@given(listings())
@slow
async def test_every_request_meets_the_old_rule_or_the_new_one(
    pilot: Pilot, drawn: tuple[dict[int, Any], list[Listing]]
) -> None:
    foreign, commits = drawn
    stage = Stage.on(pilot, f"web-{next(_numbers)}")
    arns = {at: stage.foreign(at, what, f"theirs-{at}") for at, what in foreign.items()}
    for listing in commits:
        watched = Watched(stage)
        watched.probe()
        wants = wanted(stage, listing)
        sent = await stage.apply(*wants)
        watched.judge(sent)
        expected = {str(place): name for name, (place, _) in listing.items()}
        expected |= {str(place): f"theirs-{place}" for place in foreign}
        assert stage.bodies() == {**expected, "default": "404"}
        assert {place: stage.rules()[str(place)]["RuleArn"] for place in foreign} == arns
        assert await stage.steps(*wants) == []
        if listing and not any(foreign):
            moves = [step for step in sent if step.call.operation == "SetRulePriorities"]
            assert len(moves) <= 2 + len(sent) // 2


@given(listings(count=3), st.integers(0, 40))
@slow
async def test_and_so_it_is_when_git_moves_on_in_the_middle(
    pilot: Pilot, drawn: tuple[dict[int, Any], list[Listing]], after: int
) -> None:
    """As after a crash: what the next plan starts from is a state in the middle of the last one."""
    foreign, (first, second, third) = drawn
    stage = Stage.on(pilot, f"web-{next(_numbers)}")
    for place, conditions in foreign.items():
        stage.foreign(place, conditions, f"theirs-{place}")
    await stage.apply(*wanted(stage, first))
    stage.each = _stop_after(after)
    with contextlib.suppress(Transient):
        await stage.apply(*wanted(stage, second))
    watched = Watched(stage)
    watched.probe()
    sent = await stage.apply(*wanted(stage, third))
    watched.judge(sent)
    expected = {str(place): name for name, (place, _) in third.items()}
    expected |= {str(place): f"theirs-{place}" for place in foreign}
    assert stage.bodies() == {**expected, "default": "404"}
    left = await stage.orphans(*wanted(stage, third))
    assert [one for one in left if one.group == stage.listener] == []


def _stop_after(count: int) -> Any:
    left = iter(range(count))

    def stop() -> None:
        if next(left, None) is None:
            raise Transient("the process is gone")

    return stop


async def test_twenty_rules_in_reverse_with_somebody_in_between_is_one_call(pilot: Pilot) -> None:
    stage = Stage.on(pilot)
    stage.foreign(11, [host("a.*")], "theirs")
    places = [n for n in range(1, 22) if n != 11]
    await stage.apply(*(stage.rule(f"r{n}", place, [host(f"{n % 3}.x")]) for n, place in enumerate(places)))
    sent = await stage.apply(
        *(stage.rule(f"r{n}", place, [host(f"{n % 3}.x")]) for n, place in enumerate(reversed(places)))
    )
    assert [step.call.operation for step in sent] == ["SetRulePriorities"]
    assert len(sent[0].keys) == 20


async def test_swapped_conditions_are_changed_behind_a_copy(pilot: Pilot) -> None:
    stage = Stage.on(pilot)
    one, two = [host("a.example.com")], [host("b.example.com")]
    await stage.apply(stage.rule("a", 10, one), stage.rule("b", 20, two))
    arns = {at: rule["RuleArn"] for at, rule in stage.rules().items()}
    watched = Watched(stage)
    watched.probe()
    sent = await stage.apply(stage.rule("a", 10, two), stage.rule("b", 20, one))
    watched.judge(sent)
    assert all(step.verb == "update" for step in sent), "the copy is a detail of the change, no deletion"
    assert {at: rule["RuleArn"] for at, rule in stage.rules().items()} == arns

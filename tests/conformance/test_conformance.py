"""The local AWS behaves as AWS's documents say: one test per check."""

import json
from collections.abc import Iterator

import pytest

from tests.conformance import report, sources
from tests.conformance.__main__ import PAGE, RESULTS
from tests.conformance.known import KNOWN
from tests.conformance.registry import Check, checks
from tests.conformance.runner import run, run_one
from tests.conformance.stage import Stage
from tests.conformance.sweep import leftovers, sweep
from tests.conformance.targets import Ours

CHECKS = checks()


@pytest.fixture(scope="module")
def ours() -> Iterator[Ours]:
    target = Ours()
    with target:
        yield target


@pytest.mark.parametrize("check", [c for c in CHECKS if c.id not in KNOWN], ids=lambda check: check.id)
def test_behaves_like_aws(ours: Ours, check: Check) -> None:
    run_one(check, ours, "c-")


def test_known_gaps_are_still_gaps(ours: Ours) -> None:
    """What holds by now is to be struck off the list."""
    outcomes = run([check for check in CHECKS if check.id in KNOWN], ours)
    assert [outcome.check.id for outcome in outcomes if outcome.ok] == []


def test_there_are_enough_checks_and_few_gaps() -> None:
    assert len(CHECKS) >= 300
    assert {check.id for check in CHECKS} >= set(KNOWN)
    assert len(KNOWN) <= 0.02 * len(CHECKS)


def test_what_checks_quote_is_in_the_documents() -> None:
    """Nearly all: a newer SDK may word a passage anew."""
    wrong = [check.id for check in CHECKS if not sources.holds(check)]
    assert len(wrong) <= 0.1 * len(CHECKS), wrong


def test_the_published_figures_are_those_of_these_checks() -> None:
    """After a change: python -m tests.conformance --save --page."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    ours = results["targets"]["ours"]["checks"]
    assert {check.id for check in CHECKS} == set(ours)
    assert {name for name, ok in ours.items() if not ok} == set(KNOWN)
    assert PAGE.read_text(encoding="utf-8") == report.page(results, CHECKS)


def test_a_check_that_cannot_run_counts_as_failed(ours: Ours) -> None:
    def body(stage: Stage) -> None:
        stage.ecs.list_daemons()

    check = Check("x", "x", "x", "", frozenset(), "x", body)
    [outcome] = run([check], ours)
    assert outcome.ok is False
    assert "SimNotImplemented" in outcome.reason
    kept = {"date": "2026-01-01", "targets": {"ours": report.kept([outcome], "1")}}
    assert report.area_table(kept, [check]) == [("area", "ours"), ("x", "0/1"), ("all", "0/1")]


def test_the_sweep_leaves_nothing(ours: Ours) -> None:
    """What a real account is cleaned up with."""
    stage = Stage(ours, "swept-")
    stage.running(1, loadBalancers=stage.balanced(stage.used_group()))
    stage.scale(1, 2)
    stage.run()
    kept = Stage(ours, "kept-")
    kept.running(1)
    assert len(leftovers(ours, "swept-")) == 3
    sweep(ours, "swept-")
    assert leftovers(ours, "swept-") == []
    assert ours.client("ecs").list_task_definitions(familyPrefix="swept-web")["taskDefinitionArns"] == []
    assert kept.look()["runningCount"] == 1
    ours.cleanup("")

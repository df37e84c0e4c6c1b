"""The local AWS behaves as AWS's documents say: one test per check."""

from collections.abc import Iterator

import pytest

from tests.conformance import sources
from tests.conformance.known import KNOWN
from tests.conformance.registry import Check, checks
from tests.conformance.runner import run_one
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


@pytest.mark.parametrize("check", [c for c in CHECKS if c.id in KNOWN], ids=lambda check: check.id)
def test_known_gaps_are_still_gaps(ours: Ours, check: Check) -> None:
    """What holds by now is to be struck off the list."""
    with pytest.raises(Exception, match=""):
        run_one(check, ours, "c-")


def test_there_are_enough_checks_and_few_gaps() -> None:
    assert len(CHECKS) >= 300
    assert {check.id for check in CHECKS} >= set(KNOWN)
    assert len(KNOWN) <= 0.02 * len(CHECKS)


def test_what_checks_quote_is_in_the_documents() -> None:
    """Nearly all: a newer SDK may word a passage anew."""
    wrong = [check.id for check in CHECKS if not sources.holds(check)]
    assert len(wrong) <= 0.1 * len(CHECKS), wrong

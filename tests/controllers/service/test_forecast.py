"""What a change of a service does to its tasks, told beforehand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.controllers.service.forecast import waves

COUNTS = st.integers(0, 40)


@pytest.mark.parametrize(
    ("count", "running", "minimum", "maximum", "rounds"),
    [
        (4, 4, 100, 200, [(0, 4)]),
        (4, 4, 100, 150, [(0, 2), (0, 2)]),
        (4, 4, 50, 100, [(2, 2), (2, 2)]),
        (3, 3, 100, 134, [(0, 1), (0, 1), (0, 1)]),
        (1, 1, 0, 100, [(1, 1)]),
        (4, 2, 100, 200, [(0, 4)]),
        (2, 0, 100, 200, [(0, 2)]),
    ],
)
def test_rounds_of_a_rolling_update(
    count: int, running: int, minimum: int, maximum: int, rounds: list[tuple[int, int]]
) -> None:
    least, most = math.ceil(count * minimum / 100), math.floor(count * maximum / 100)
    assert waves(count, running, least, most) == rounds


@pytest.mark.parametrize(("minimum", "maximum"), [(100, 100), (100, 150), (51, 100)])
def test_one_task_between_too_narrow_limits_can_neither_stop_nor_start(minimum: int, maximum: int) -> None:
    assert waves(1, 1, math.ceil(minimum / 100), math.floor(maximum / 100)) is None


@given(COUNTS, COUNTS, st.integers(0, 100), st.integers(100, 300))
def test_every_task_is_started_once_and_the_limits_hold(
    count: int, running: int, minimum: int, maximum: int
) -> None:
    least, most = math.ceil(count * minimum / 100), math.floor(count * maximum / 100)
    rounds = waves(count, running, least, most)
    if rounds is None:
        assert running >= most or most == 0
        return
    assert sum(started for _, started in rounds) == count
    assert all(started <= max(most, 0) for _, started in rounds)
    assert sum(stopped for stopped, _ in rounds) <= running

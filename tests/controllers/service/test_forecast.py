"""What a change of a service does to its tasks, told beforehand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import Forecast, Resource
from apollo.controllers.service.forecast import waves

from ..pilot import BREAKER, SERVICES, Pilot, changed, deployed, resource, service

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
        assert most <= least
        return
    assert sum(started for _, started in rounds) == count
    assert all(started <= max(most, 0) for _, started in rounds)
    assert sum(stopped for stopped, _ in rounds) <= running


# ── against a service that rolls out ─────────────────────────────────────────────────────────────────────


async def foreseen(pilot: Pilot, **more: Any) -> tuple[Forecast, Resource[Any]]:
    """What is foreseen of another image."""
    await deployed(pilot, **more)
    want = await changed(pilot, "web:2", **more)
    look = await pilot.look(want)
    found = SERVICES.forecast(want, look.seen, look.steps)
    assert found is not None
    return found, want


@pytest.mark.anyio
@pytest.mark.parametrize(("minimum", "maximum"), [(100, 200), (50, 100), (100, 150), (0, 100), (50, 200)])
async def test_the_limits_foreseen_are_kept(pilot: Pilot, minimum: int, maximum: int) -> None:
    limits = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    found, want = await foreseen(pilot, desiredCount=4, deploymentConfiguration=BREAKER | limits)
    assert found.tasks == 4
    assert found.strategy == "ROLLING"
    await pilot.apply(want)
    counts = []
    while SERVICES.settled(want, (seen := (await pilot.look(want)).seen)) is not None:
        counts.append(seen.running)
        pilot.local.advance(1)
    assert found.least is not None and found.most is not None
    assert found.least <= min(counts) and max(counts) <= found.most


@pytest.mark.anyio
async def test_aws_itself_tells_how_long_it_took(pilot: Pilot) -> None:
    want = await deployed(pilot)
    at = SERVICES.identity(want.spec, pilot.env)
    for image in ("web:2", "web:3"):
        want = await changed(pilot, image)
        await pilot.apply(want)
        await pilot.follow(want)
    pilot.local.settle()
    took = await SERVICES.durations(pilot.ctx(), at)
    assert len(took) >= 2
    assert all(seconds > 0 for seconds in took)


@pytest.mark.anyio
async def test_a_rollout_that_cannot_begin_is_a_warning(pilot: Pilot) -> None:
    limits = {"minimumHealthyPercent": 100, "maximumPercent": 150}
    found, _ = await foreseen(pilot, desiredCount=1, deploymentConfiguration=BREAKER | limits)
    assert "raise maximumPercent or lower minimumHealthyPercent" in found.warnings[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("settings", "said", "bake"),
    [
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, "all traffic moves at once", 600),
        (
            {
                "strategy": "LINEAR",
                "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 5},
                "bakeTimeInMinutes": 2,
            },
            "traffic moves in 4 steps of 25%, 5 min between two",
            17 * 60,
        ),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0}},
            "5% of the traffic moves, and after 10 min the rest",
            600,
        ),
    ],
)
async def test_stages_of_traffic(pilot: Pilot, settings: dict[str, Any], said: str, bake: float) -> None:
    await deployed(pilot)
    want = resource("Service", service(deploymentConfiguration=BREAKER | settings, taskDefinition="web:9"))
    look = await pilot.look(want)
    found = SERVICES.forecast(want, look.seen, look.steps)
    assert found is not None
    assert said in found.steps
    assert found.bake == bake
    assert (found.least, found.most) == (2, 4)


@pytest.mark.anyio
async def test_without_a_breaker_it_is_said_that_aws_goes_on(pilot: Pilot) -> None:
    off = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    found, _ = await foreseen(pilot, deploymentConfiguration=off)
    assert "no circuit breaker and no alarm: AWS goes on trying when the new tasks fail" in found.steps


@pytest.mark.anyio
async def test_what_is_only_scaled_or_deleted_rolls_nothing_out(pilot: Pilot) -> None:
    await deployed(pilot)
    fewer = await changed(pilot, "web:1", desiredCount=1)
    look = await pilot.look(fewer)
    scaled = SERVICES.forecast(fewer, look.seen, look.steps)
    assert scaled is not None
    assert (scaled.strategy, scaled.summary) == ("", "1 task stopped")
    gone = SERVICES.forecast(None, look.seen, SERVICES.diff(None, look.seen))
    assert gone is not None
    assert gone.summary == "2 tasks of web:1 stopped for good"


@pytest.mark.anyio
async def test_new_tasks_are_not_taken_for_all_of_them(pilot: Pilot) -> None:
    _, want = await foreseen(pilot)
    await pilot.apply(want)
    wait = SERVICES.settled(want, (await pilot.look(want)).seen)
    assert wait is not None
    assert wait.message == "new 0/2 running, old 2 still serving"

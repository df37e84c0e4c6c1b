"""The scheduler: never two equal keys at once, a cap on all, time by the clock it is given."""

from __future__ import annotations

import anyio
import pytest

from apollo.engine.queue import Work
from apollo.engine.scheduler import Again, Scheduler
from tests.virtual import VirtualClock, settle

pytestmark = pytest.mark.anyio


async def test_a_key_never_runs_twice_at_once_and_triggers_collapse() -> None:
    clock = VirtualClock()
    running: set[str] = set()
    runs: list[str] = []

    async def work(item: Work) -> Again | None:
        assert item.key not in running
        running.add(item.key)
        runs.append(item.key)
        await clock.sleep(10)
        running.discard(item.key)
        return None

    scheduler = Scheduler(clock, work, workers=4)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scheduler.run)
        for _ in range(100):
            scheduler.add("a", reasons=("storm",))
            await settle(1)
        await clock.advance(60)
        assert runs == ["a", "a"]
        scheduler.stop()


async def test_again_comes_when_it_was_asked_for() -> None:
    clock = VirtualClock()
    times: list[float] = []
    start = clock.monotonic()

    async def work(item: Work) -> Again | None:
        times.append(clock.monotonic() - start)
        return Again(5.0) if len(times) < 3 else None

    scheduler = Scheduler(clock, work)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scheduler.run)
        scheduler.add("a", reasons=("x",))
        await clock.advance(100)
        assert times == [0.0, 5.0, 10.0]
        scheduler.stop()


async def test_no_more_workers_than_allowed_and_a_slow_key_delays_nobody() -> None:
    clock = VirtualClock()
    active, most, done = 0, 0, []

    async def work(item: Work) -> Again | None:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await clock.sleep(1000 if item.key == "slow" else 1)
        active -= 1
        done.append(item.key)
        return None

    scheduler = Scheduler(clock, work, workers=3)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scheduler.run)
        scheduler.add("slow", reasons=("x",))
        for number in range(20):
            scheduler.add(f"fast-{number}", reasons=("x",))
        await clock.advance(12)
        assert most == 3
        assert len(done) == 20
        scheduler.stop()


async def test_stop_ends_the_run_although_work_waits() -> None:
    clock = VirtualClock()

    async def work(item: Work) -> Again | None:
        await clock.sleep(1e6)
        return None

    scheduler = Scheduler(clock, work)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scheduler.run)
            scheduler.add("a", reasons=("x",))
            scheduler.add("b", reasons=("x",), after=100)
            await settle()
            scheduler.stop()

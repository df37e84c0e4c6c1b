"""G17: the scheduler with 10,000 keys and work that only yields, against a plain asyncio.Queue; memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator

import anyio
import anyio.lowlevel

from apollo.clock import SystemClock
from apollo.engine.queue import KeyedQueue, Work
from apollo.engine.scheduler import Scheduler
from benchmarks.harness import Row, cpu, interleaved, ratio

__all__ = ["run"]

WORKERS = 32


def run(tiny: bool) -> Iterator[Row]:
    count = 100 if tiny else 10_000
    keys = [f"Service/service-{at:05d}" for at in range(count)]
    ours, plain = interleaved(
        lambda: cpu(lambda: anyio.run(_scheduler, keys)),
        lambda: cpu(lambda: anyio.run(_asyncio_queue, keys)),
        rounds=1 if tiny else 5,
    )
    rate = count / min(one.cpu for one in ours)
    note = f"{rate:,.0f} a second of CPU"
    yield Row("G17", "scheduler's rate ÷ asyncio.Queue's", ratio(plain, ours, "cpu"), "x", (">=", 0.25), note)
    yield Row("G17", "memory per waiting key", _memory(keys), "bytes", ("<=", 400), "without the key's text")


async def _scheduler(keys: list[str]) -> None:
    left = len(keys)

    async def work(one: Work) -> None:
        nonlocal left
        await anyio.lowlevel.checkpoint()
        left -= 1
        if not left:
            scheduler.stop()

    scheduler = Scheduler(SystemClock(), work, workers=WORKERS)
    for key in keys:
        scheduler.add(key, reasons=("commit",))
    await scheduler.run()


async def _asyncio_queue(keys: list[str]) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def worker() -> None:
        while True:
            await queue.get()
            await anyio.lowlevel.checkpoint()
            queue.task_done()

    for key in keys:
        queue.put_nowait(key)
    workers = [asyncio.ensure_future(worker()) for _ in range(WORKERS)]
    await queue.join()
    for one in workers:
        one.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


def _memory(keys: list[str]) -> float:
    tracemalloc.start()
    try:
        queue = KeyedQueue()
        before, _ = tracemalloc.get_traced_memory()
        for key in keys:
            queue.add(key, 0.0, reasons=("commit",))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / len(keys)

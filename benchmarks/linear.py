"""G8: a plan of ten times as many resources costs ten times as much; against a cloud that answers at once."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from apollo.api import Ref, Snapshot
from benchmarks.harness import Row, Stopwatch, Usage, ratio
from tests.engine.toy import World, box, snapshot

__all__ = ["run"]


def run(tiny: bool) -> Iterator[Row]:
    small, large = (20, 200) if tiny else (1_000, 10_000)
    taken = anyio.run(_measure, small, large, 1 if tiny else 5)
    found = ratio(taken[1], taken[0], "cpu")
    each = min(one.cpu for one in taken[1]) / large * 1e6
    what = f"plan: CPU of {large:,} resources ÷ {small:,}"
    yield Row("G8", what, found, "x", ("<=", 1.05 * large / small), f"{each:.0f} µs a resource")


async def _measure(small: int, large: int, rounds: int) -> list[list[Usage]]:
    desired = [_desired(count) for count in (small, large)]
    taken: list[list[Usage]] = [[], []]
    for _ in range(rounds):
        for found, one in zip(taken, desired, strict=True):
            engine = World().engine()
            watch = Stopwatch()
            engine.take(one)
            plan = await engine.plan()
            found.append(watch.stop())
            assert len(list(plan)) == len(one.resources)
    return taken


def _desired(count: int) -> Snapshot:
    bases = [box(f"b{at}", kind="Base") for at in range(count // 2)]
    users = [box(f"u{at}", depends_on=(Ref("Base", f"b{at}"),)) for at in range(count - count // 2)]
    return snapshot(*bases, *users)

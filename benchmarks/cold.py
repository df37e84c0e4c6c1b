"""G9: a fresh ``apollo plan`` of a repository of 1,000 files, where every answer of AWS takes 30 ms more.

All is in AWS as git says, and the store was deleted. Against 100 calls of DescribeServices of ten services
each, one after another, by a boto3 client that is there already.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fleet import Fleet, client, fleet
from benchmarks.harness import Row, Stopwatch, Usage, child, interleaved, ratio

__all__ = ["run"]

_LATENCY = 0.03


def run(tiny: bool) -> Iterator[Row]:
    services, rounds = (3, 1) if tiny else (1_000, 5)
    with tempfile.TemporaryDirectory() as name, fleet(Path(name), services, whole=False) as world:
        ecs = client(world.env)
        world.slow(_LATENCY)

        def describe() -> Usage:
            watch = Stopwatch()
            for start in range(0, services, 10):
                names = [f"m-{at:05d}" for at in range(start, min(services, start + 10))]
                ecs.describe_services(cluster="green", services=names, include=["TAGS"])
            return watch.stop()

        ours, theirs = interleaved(lambda: _plan(world), describe, rounds=rounds)
        world.clear()
        _plan(world)
        calls = world.calls()
    best = min(one.wall for one in ours)
    note = f"{best:.2f} s at best, {min(one.cpu for one in ours):.2f} s CPU, {sum(calls.values())} calls"
    what = f"cold plan of {services:,} files ÷ {-(-services // 10)} DescribeServices"
    yield Row("G9", what, ratio(ours, theirs), "x", ("<=", 0.6), note)


def _plan(world: Fleet) -> Usage:
    shutil.rmtree(world.folder / ".apollo", ignore_errors=True)
    return child(world.apollo("plan"), env=world.env, cwd=world.folder)

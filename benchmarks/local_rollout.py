"""The local AWS: a rollout of 10,000 services with their tasks, and 1,000,000 seconds without a call."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.harness import ROOT, Row

__all__ = ["run"]


def run(tiny: bool) -> Iterator[Row]:
    services = 50 if tiny else 10_000
    for strategy in ("ROLLING", "BLUE_GREEN"):
        found = _run("rollout", services, strategy)
        what = f"rollout of {services:,} services, {strategy}"
        note = f"their creation {found['create']:.1f} s; {found['tasks']:,} tasks are remembered"
        yield Row("local", f"{what}: CPU", found["rollout"], "s", ("<=", 60.0), note)
        yield Row("local", f"{what}: memory", found["peak"], "MB", ("<=", 250.0))
    parts = _run("idle", services, 1_000_000)["parts"]
    # The first parts fill what is bounded: a hundred events for each service, an hour of stopped tasks.
    early, late = parts[4], parts[9]
    note = f"in all {sum(part['cpu'] for part in parts):.1f} s of CPU"
    what = f"{services:,} services over 1,000,000 s, the last tenth ÷ the fifth"
    for name in ("objects", "tasks", "events", "planned"):
        yield Row("local", f"{what}: {name}", late[name] / max(1, early[name]), "x", ("<=", 1.02), note)
        note = ""
    before, after = (statistics.median(p["cpu"] for p in half) for half in (parts[1:5], parts[6:]))
    yield Row("local", f"{what}: CPU", after / max(before, 1e-3), "x", ("<=", 1.5), "medians of four tenths")


def _run(*arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.local_world", *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    return json.loads(done.stdout)

"""G3: a look at 50 services of all four kinds by a fresh ``apollo plan``, which finds nothing to do.

Against a loop of ``ecs diff``, the nearest that ecs-deploy has: it compares two revisions of one task
definition. Both ask the same local AWS. ecs-deploy is in the environment that ``make witnesses`` makes;
``WITNESSES`` names another. Without it only the calls are counted.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fleet import Fleet, fleet
from benchmarks.harness import ROOT, Row, Usage, child, interleaved, ratio

__all__ = ["run"]

_ECS = Path(os.environ.get("WITNESSES", ROOT / ".venv-witnesses")) / "bin" / "ecs"
_SAMPLE = 10
"""So many of the fifty are compared in each round; the loop is that much longer."""


def run(tiny: bool) -> Iterator[Row]:
    services = 2 if tiny else 50
    with tempfile.TemporaryDirectory() as name, fleet(Path(name), services) as world:
        child(world.apollo("plan", "--exit-code"), env=world.env, cwd=world.folder)
        yield from _counted(world, services)
        if tiny or not _ECS.exists():
            return
        argv: list[str | Path] = [_ECS, "diff", "m-00007", "1", "1"]

        def diffs() -> Usage:
            used = [child(argv, env=world.env, cwd=world.folder) for _ in range(_SAMPLE)]
            factor = services / _SAMPLE
            return Usage(factor * sum(one.wall for one in used), factor * sum(one.cpu for one in used))

        ours, theirs = interleaved(
            lambda: child(world.apollo("plan"), env=world.env, cwd=world.folder), diffs, rounds=5
        )
    cpu, best = ratio(theirs, ours, "cpu"), (min(one.wall for one in ours), min(one.wall for one in theirs))
    note = f"CPU 1/{cpu:.1f}; at best {best[0]:.2f} s and {best[1]:.1f} s"
    what = f"plan of {services} ÷ a loop of ecs-deploy's diff"
    yield Row("G3", what, ratio(ours, theirs), "x", ("<=", 1 / 14), note)


def _counted(world: Fleet, services: int) -> Iterator[Row]:
    calls = world.calls()
    of_services = {name: count for name, count in calls.items() if name.startswith("ecs:")}
    tags = calls.get("resourcegroupstaggingapi:GetResources", 0)
    looked = sum(of_services.values()) + tags
    note = ", ".join(f"{name} {count}" for name, count in of_services.items()) + f", tags of all kinds {tags}"
    what = f"calls for {services} services and task definitions"
    yield Row("G3", what, looked, "", ("<=", 12), note)
    yield Row("", f"all calls of a plan of {services}, four kinds", sum(calls.values()), "")

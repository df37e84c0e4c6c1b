"""G1 and G18: what 1,000 services of all four kinds, all as git says, cost: in calls, memory and CPU.

The calls of a fresh plan and of a sweep of the operator, against the least that AWS's batches allow; and what
``apollo run``, in a process of its own against ``apollo simulate`` in another, uses while nothing happens.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fleet import PER_LISTENER, Fleet, fleet
from benchmarks.harness import Row, child
from benchmarks.world import until

__all__ = ["run"]

_WINDOW = 60.0
"""Seconds of real time that the operator is watched."""
_TICK = os.sysconf("SC_CLK_TCK")
_TAGS = ("elbv2:DescribeTags", "resourcegroupstaggingapi:GetResources")
_ONCE = ("sts:GetCallerIdentity",)


def run(tiny: bool) -> Iterator[Row]:
    services = 3 if tiny else 1_000
    with tempfile.TemporaryDirectory() as name, fleet(Path(name), services) as world:
        child(world.apollo("plan", "--exit-code"), env=world.env, cwd=world.folder)
        yield from _against_the_floor("plan", world.calls(), services)
        if tiny:  # not a minute between two sweeps
            text = world.config.read_text(encoding="utf-8")
            world.config.write_text(f"{text}  sync: {{resync: 8s}}\n", encoding="utf-8")
        yield from _watched(world, services, 0.5 if tiny else _WINDOW)


def floor(services: int) -> dict[str, int]:
    """The calls that reading all of it takes, but for the tags that say whose it is."""

    def pages(count: int, size: int) -> int:
        return -(-count // size)

    rules = [min(PER_LISTENER, services - at) for at in range(0, services, PER_LISTENER)]
    return {
        "ecs:ListServices": pages(services, 100),
        "ecs:DescribeServices": pages(services, 10),
        "elbv2:DescribeRules": len(rules),
        "application-autoscaling:DescribeScalableTargets": pages(services, 50),
        "application-autoscaling:DescribeScalingPolicies": pages(services, 10),
        "application-autoscaling:DescribeScheduledActions": 1,  # to know that nobody added any
    }


def _against_the_floor(who: str, calls: Mapping[str, int], services: int) -> Iterator[Row]:
    least = floor(services)
    over = {name: calls.get(name, 0) - count for name, count in least.items() if calls.get(name, 0) != count}
    tags = {name: calls.get(name, 0) for name in _TAGS}
    counted = sum(count for name, count in calls.items() if name not in (*_TAGS, *_ONCE))
    rest = {name: count for name, count in calls.items() if name not in (*least, *_TAGS, *_ONCE)}
    said = [f"{name} {count:+d}" for name, count in over.items()]
    said += [f"{name} {count}" for name, count in rest.items()]
    said += [f"and tags: {name} {count}" for name, count in tags.items()]
    what = f"{who}: calls of {services:,} services, four kinds ÷ floor of {sum(least.values())}"
    yield Row("G1", what, counted / sum(least.values()), "x", ("<=", 1.05), ", ".join(said))
    yield Row("", f"{who}: all calls, tags included", sum(calls.values()), "")


def _watched(world: Fleet, services: int, window: float) -> Iterator[Row]:
    calm = min(15.0, 5 * window)
    with _running(world) as process:
        # The first look at everything, and what it leaves to the moments after it.
        until(lambda: _alive(process) and world.calls().get("ecs:DescribeServices", 0) > 0, 120, nap=1)
        until(lambda: _quiet(world, calm), 600, nap=0.1)
        world.clear()
        begin, used = time.monotonic(), _cpu(process.pid)
        time.sleep(window)
        used, passed = _cpu(process.pid) - used, time.monotonic() - begin
        calls = world.calls()
        memory = _memory(process.pid)
        about = f"over {passed:.0f} s, {sum(calls.values())} calls"
        yield Row("G18", f"idle, {services:,} services: RSS", memory, "MiB", ("<=", 150.0))
        yield Row("G18", "idle: share of a core", 100 * used / passed, "%", ("<=", 1.0), about)
        before = _cpu(process.pid)
        interval = 1.1 * max(60.0, (4 * services / 5 + 10) / 5) + 30  # as long as `resync: auto` may wait
        until(lambda: "ecs:ListServices" in world.calls(), interval, nap=1)
        until(lambda: _quiet(world, calm), 600, nap=0.1)
        calls = world.calls()
        yield Row("", "a sweep: CPU, with the seconds around it", _cpu(process.pid) - before, "s")
        yield from _against_the_floor("sweep", calls, services)
        hourly = sum(calls.values())
        note = "of one sweep an hour, sync.resync: 1h; nothing else calls AWS while all is as git says"
        yield Row("G18", "calls an hour", hourly, "", ("<=", 280.0 * max(services, 1_000) / 1_000), note)


@contextmanager
def _running(world: Fleet) -> Iterator[subprocess.Popen[bytes]]:
    argv = [str(part) for part in world.apollo("run")]
    process = subprocess.Popen(
        argv, env=dict(world.env), cwd=world.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _alive(process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the operator ended with {process.returncode}")
    return True


def _cpu(pid: int) -> float:
    """Seconds of user and system time that a process and those it waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / _TICK


def _quiet(world: Fleet, seconds: float) -> bool:
    """Whether nothing is asked for so long: rates of AWS are waited for, which looks like idleness."""
    before = world.calls()
    time.sleep(seconds)
    return world.calls() == before


def _memory(pid: int) -> float:
    """Resident MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

"""G6: from the end of a commit to the operator's first AWS call for it, on a repository of 10,000 files.

The operator is idle but for rollouts that end. The commit is taken to be made when ``git update-ref``, which
moves the branch, has ended; the call, when the local AWS has read its request.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from apollo.testing import LocalAws
from benchmarks.harness import Row, percentile
from benchmarks.operated import note, operator_process
from benchmarks.world import ACCOUNT, Repo, configuration, fill, manifest, place, until

__all__ = ["run"]

SERVICES = 10
SPEED = 50.0
"""Rollouts end fast, so that the operator is idle again."""


def run(tiny: bool) -> Iterator[Row]:
    files, commits = (40, 3) if tiny else (10_000, 40)
    with tempfile.TemporaryDirectory() as name, LocalAws(speed=SPEED) as aws:
        folder = Path(name)
        repo = Repo(folder / "config.git")
        fill(repo, files, lambda at: _file(at))
        config = configuration(folder)
        aws.client("ecs").create_cluster(clusterName="green")
        with operator_process(config, {**os.environ, **aws.env(account=ACCOUNT)}) as process:
            until(lambda: aws.counts().get("ecs:CreateService", 0) == SERVICES or _dead(process), 180)
            until(lambda: _idle(process), 180)
            taken = [_commit(repo, aws, serial) for serial in range(commits)]
    taken = [one * 1e3 for one in taken]
    about = f"{files:,} files, {commits} commits"
    yield Row("G6", "commit to first call, p50", statistics.median(taken), "ms", ("<=", 30.0), about)
    yield Row("G6", "commit to first call, p99", percentile(taken, 0.99), "ms", ("<=", 100.0), about)


def _file(at: int, serial: int = 0) -> bytes:
    return manifest(_name(at), f"web:{serial}") if at < SERVICES else note(_name(at))


def _name(at: int) -> str:
    return f"m-{at:05d}"


def _dead(process: subprocess.Popen[bytes]) -> bool:
    code = process.poll()
    if code is not None:
        raise RuntimeError(f"the operator ended with {code}")
    return False


def _idle(process: subprocess.Popen[bytes]) -> bool:
    """Whether the operator used next to no CPU for two seconds: it may work without calls."""
    path = Path(f"/proc/{process.pid}/stat")
    if not path.exists():
        time.sleep(20)
        return True
    before = _ticks(path)
    time.sleep(2)
    return (_ticks(path) - before) / os.sysconf("SC_CLK_TCK") < 0.1


def _ticks(path: Path) -> int:
    fields = path.read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _quiet(aws: LocalAws) -> bool:
    """Whether nothing was asked for two seconds of real time."""
    return not aws.requests or (aws.clock.now() - aws.requests[-1].time) / SPEED > 2.0


def _commit(repo: Repo, aws: LocalAws, serial: int) -> float:
    at = serial % SERVICES
    until(lambda: _quiet(aws), 60, nap=0.02)
    time.sleep(0.01 * (serial % 7))  # not in step with anything that polls
    aws.clear()
    repo.commit([(place(at), _file(at, serial + 1))])
    moved = aws.clock.now()
    until(lambda: any(_name(at) in str(one.params) for one in aws.requests), 10, nap=0.005)
    first = next(one for one in aws.requests if _name(at) in str(one.params))
    return (first.time - moved) / SPEED

"""G4: the AWS calls of deploying one changed image, by a running operator and by ``apollo apply``."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from apollo.testing import LocalAws
from apollo.testing.log import Request
from benchmarks.harness import BIN, Row, child
from benchmarks.operated import operator_process
from benchmarks.world import ACCOUNT, Repo, configuration, fill, manifest, place, until

__all__ = ["run"]

SPEED = 50.0


def run(tiny: bool) -> Iterator[Row]:
    services = 2 if tiny else 20
    with tempfile.TemporaryDirectory() as name, LocalAws(speed=SPEED) as aws:
        folder = Path(name)
        repo = Repo(folder / "config.git")
        fill(repo, services, lambda at: manifest(f"m-{at:05d}"))
        config = configuration(folder)
        env = {**os.environ, **aws.env(account=ACCOUNT)}
        aws.client("ecs").create_cluster(clusterName="green")
        with operator_process(config, env):
            until(lambda: aws.counts().get("ecs:CreateService", 0) == services, 60)
            _until_quiet(aws, tiny)
            aws.clear()
            repo.commit([(place(1), manifest("m-00001", "web:2"))])
            until(lambda: "ecs:UpdateService" in aws.counts(), 30)
            _until_quiet(aws, tiny)
            yield from _rows("operator", aws.requests)
        aws.clear()
        repo.commit([(place(1), manifest("m-00001", "web:3"))])
        child([BIN / "apollo", "apply", "-f", config, "--yes", "--no-wait"], env=env, cwd=folder)
        yield from _rows("apply", aws.requests, services)


def _rows(who: str, requests: list[Request], services: int = 0) -> Iterator[Row]:
    changed = [one.operation for one in requests if one.mutating]
    last = max(at for at, one in enumerate(requests) if one.operation == "UpdateService")
    before = [one.operation for one in requests[: last + 1]]
    after = len(requests) - last - 1
    yield Row("G4", f"{who}: changing calls", len(changed), "", ("==", 2), ", ".join(changed))
    target = ("<=", 4.0) if not services else None
    note = f"{', '.join(before)}; then {after} to follow"
    if services:
        note += f"; a new process that looks at {services} services"
    yield Row("G4", f"{who}: calls before the rollout is followed", len(before), "", target, note)


def _until_quiet(aws: LocalAws, tiny: bool) -> None:
    """Nothing was asked for six seconds, longer than any pause between two looks at a rollout."""
    pause = 0.5 if tiny else 6.0
    begin = time.monotonic()
    until(
        lambda: (
            time.monotonic() - begin > pause
            and (not aws.requests or (aws.clock.now() - aws.requests[-1].time) / SPEED > pause)
        ),
        60,
        nap=0.2,
    )

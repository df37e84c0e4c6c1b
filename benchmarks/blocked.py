"""How long the others wait while one plugin's controller blocks for a minute.

One operator, a repository of things that are always as they should be, and one of a kind that blocks whenever
it is looked at. Every commit changes some of the things; their latency is from when each is due to when it
has been looked at.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from apollo.api import Context, Identity, Resource, Step
from apollo.manifest import load_settings
from apollo.operator import Operator
from apollo.operator.watch import Measure, Reconciled
from apollo.plugins.cell import Cell
from apollo.plugins.isolated import Isolated
from apollo.testing import LocalAws
from benchmarks.harness import Row, percentile
from benchmarks.operated import Note, NoteSpec, note
from benchmarks.world import ACCOUNT, Repo, configuration, place

__all__ = ["run"]

_CHANGED = 40
"""Things that each commit changes."""


class Blocking(Note):
    """A stranger's, which never answers."""

    kind = "bench.Blocking"

    def __init__(self, release: threading.Event) -> None:
        self.release = release

    async def observe(self, ctx: Context, at: Identity | None, want: Resource[NoteSpec] | None) -> str | None:
        self.release.wait(60)
        return await super().observe(ctx, at, want)

    def diff(self, want: Resource[NoteSpec] | None, seen: str | None) -> Sequence[Step]:
        self.release.wait(60)
        return ()


def run(tiny: bool) -> Iterator[Row]:
    commits = 2 if tiny else 40
    before = dict(os.environ)
    with LocalAws() as aws:
        os.environ.update(aws.env(account=ACCOUNT))
        try:
            alone = anyio.run(_latencies, commits, False)
            beside = anyio.run(_latencies, commits, True)
        finally:
            os.environ.clear()
            os.environ.update(before)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        least, found = percentile(alone, share) * 1e3, percentile(beside, share) * 1e3
        note = f"{found:.2f} ms and {least:.2f} ms, {len(beside)} looks"
        what = f"reconcile latency beside a plugin that blocks ÷ without, {name}"
        yield Row("plugins", what, found / max(least, 1e-6), "x", ("<=", 2.0), note)


async def _latencies(commits: int, blocked: bool) -> list[float]:
    release = threading.Event()
    found: list[float] = []

    def heard(measure: Measure) -> None:
        if isinstance(measure, Reconciled) and measure.kind == Note.kind:
            found.append(measure.waited + measure.seconds)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repo = Repo(folder / "config.git")
        files = [(place(at), note(f"m-{at:05d}")) for at in range(_CHANGED)]
        if blocked:
            files.append((place(_CHANGED), note("slow").replace(b"bench.Note", b"bench.Blocking")))
        repo.commit(files, root=True)
        walled = Isolated(Blocking(release), "bench 1.0", Cell("plugin bench 1.0"))
        controllers: list[Any] = [Note(), walled]
        async with Operator(load_settings(configuration(folder)), controllers=controllers) as operator:
            operator.subscribe(measures=heard)
            async with anyio.create_task_group() as tasks:
                await tasks.start(operator.run)
                await _until(lambda: len(found) >= _CHANGED)
                await anyio.sleep(4.0)  # the first call of a plugin may take long; the loop waits for it once
                found.clear()
                for serial in range(commits):
                    changed = [
                        (path, text.replace(b"hello", b"hello %d" % serial))
                        for path, text in files[:_CHANGED]
                    ]
                    await anyio.to_thread.run_sync(partial(repo.commit, changed))
                    wanted = _CHANGED * (serial + 1)
                    await _until(lambda wanted=wanted: len(found) >= wanted)
                release.set()
                operator.stop()
    return found


async def _until(condition: Any) -> None:
    with anyio.fail_after(60):
        while not condition():  # noqa: ASYNC110 - git and the operator bring it about
            await anyio.sleep(0.01)

"""G7: what a commit that changes one file costs, in a repository of 10,000 files and in one of 1,000."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio

from benchmarks.followed import Followed
from benchmarks.harness import Row, Usage, ratio
from benchmarks.world import Repo, fill, manifest

__all__ = ["run"]


def run(tiny: bool) -> Iterator[Row]:
    small, large = (20, 60) if tiny else (1_000, 10_000)
    with tempfile.TemporaryDirectory() as name:
        followed = []
        for count in (small, large):
            repo = Repo(Path(name) / f"{count}.git")
            fill(repo, count, lambda at: manifest(f"m-{at:05d}"))
            followed.append(Followed(repo))
        yield from anyio.run(_measure, followed[0], followed[1], 2 if tiny else 9)


async def _measure(small: Followed, large: Followed, rounds: int) -> list[Row]:
    loaded = [await small.load(), await large.load()]
    files = [one.desired.tree.parsed for one in (small, large)]
    rows = [
        Row("", f"load of {files[1]:,} files from git", loaded[1].cpu, "s CPU"),
        Row(
            "G8",
            f"load: CPU of {files[1]:,} files ÷ {files[0]:,}",
            loaded[1].cpu / loaded[0].cpu,
            "x",
            ("<=", 1.05 * files[1] / files[0]),
        ),
    ]
    await small.change()
    await large.change()
    parsed, read = large.desired.tree.parsed, large.desired.source.blobs_read
    taken: list[list[Usage]] = [[], []]
    for _ in range(rounds):
        taken[0].append(await small.change())
        taken[1].append(await large.change())
    note = f"{statistics.median(one.wall for one in taken[1]) * 1e3:.1f} ms wall"
    return [
        *rows,
        Row("G7", "files parsed per commit", (large.desired.tree.parsed - parsed) / rounds, "", ("==", 1)),
        Row("G7", "blobs read per commit", (large.desired.source.blobs_read - read) / rounds, "", ("==", 1)),
        Row("G7", "one change: CPU at 10k ÷ at 1k", ratio(taken[1], taken[0], "cpu"), "x", ("<=", 2.0), note),
        Row("", "one change, 10k files", statistics.median(one.cpu for one in taken[1]) * 1e3, "ms CPU"),
    ]

"""A branch as the operator follows it, without AWS: source, tree and graph, for repositories of any size."""

from __future__ import annotations

from apollo.clock import SystemClock
from apollo.engine.graph import Graph
from apollo.manifest import bulk
from apollo.operator.desired import Desired
from apollo.plugins import Registry
from apollo.settings import Environment, EnvironmentSpec, Source
from benchmarks.harness import Stopwatch, Usage
from benchmarks.world import Repo, manifest, place

__all__ = ["Followed"]


class Followed:
    """One repository with one reader."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        registry = Registry()
        source = Source(repo=str(repo.path), branch=repo.branch, path="apps")
        environment = Environment(name="stage", spec=EnvironmentSpec(source=source, cluster="green"))
        self.desired = Desired(
            environment, "apollo", registry, SystemClock(), base=repo.path, state=repo.path / "state"
        )
        self.graph = Graph(registry)
        self._serial = 0

    async def read(self) -> int:
        """Take in what is new. Returns how many resources that concerns."""
        snapshot = await self.desired.refresh()
        if snapshot is None:
            return 0
        return len(self.graph.update(snapshot.resources, snapshot.changed))

    async def load(self) -> Usage:
        """Read all of it, as a command does."""
        with bulk():
            return await self._measured()

    async def change(self, at: int = 7) -> Usage:
        """Commit one changed file, and take that in."""
        self._serial += 1
        self.repo.commit([(place(at), manifest(f"m-{at:05d}", f"web:{self._serial + 1}"))])
        return await self._measured()

    async def _measured(self) -> Usage:
        watch = Stopwatch()
        await self.read()
        return watch.stop()

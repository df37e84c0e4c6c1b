"""The desired state of one environment: a branch of a repository, followed commit by commit, as snapshots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from anyio import from_thread, to_thread
from attrs import define, field

from apollo.api import Kinds, Snapshot
from apollo.clock import Clock
from apollo.errors import ConfigError, Problem, SourceError
from apollo.manifest import Tree
from apollo.settings import Environment, SourceAuth
from apollo.source import Commit, GitSource

__all__ = ["Desired"]


@define
class Desired:
    """Follows the source of an environment.

    :ivar base: where a relative local repository starts from. :ivar state: Apollo's own folder for clones.
    """

    environment: Environment
    installation: str
    kinds: Kinds
    clock: Clock
    base: Path
    state: Path
    secret: Callable[[SourceAuth], str] | None = None
    source: GitSource = field(init=False)
    tree: Tree = field(init=False)
    commit: Commit | None = field(default=None, init=False)
    _outside: set[str] = field(factory=set, init=False)
    """Files outside the source's folder that a ``specFrom`` names."""
    _at: str = field(default="", init=False)

    def __attrs_post_init__(self) -> None:
        source = self.environment.spec.source
        if source is None:
            name = self.environment.name
            raise ConfigError(
                [
                    Problem(
                        "APO-CONF-010",
                        f"environment {name} has no source",
                        path="/spec/source",
                        hint="add spec.source with repo and branch, or name a PATH on the command line",
                    )
                ]
            )
        self.source = GitSource(
            source, directory=self.state, clock=self.clock, secret=self.secret, base=self.base
        )
        self.tree = Tree(
            self.environment, self.installation, self.kinds, root=source.path, read=self._read_outside
        )

    async def refresh(self) -> Snapshot | None:
        """The snapshot of the branch as it is now, or None when it has not moved.

        :raises SourceError: the last good snapshot stays in force.
        """
        return await self.at(await self.source.refresh(self.commit.sha if self.commit else None))

    async def at(self, commit: Commit) -> Snapshot | None:
        """The snapshot at a commit, or None when that is what was taken last.

        :raises SourceError: nothing was taken.
        """
        old = self.commit
        if old is not None and old.sha == commit.sha:
            return None
        changes = await self.source.changes(old.sha if old else None, commit.sha, extra=self._outside)
        self._at = commit.sha
        # In a thread: the first time it parses everything, and the loop has other environments to serve.
        snapshot = await to_thread.run_sync(self.tree.update, commit.sha, changes.files, changes.problems)
        self.commit = commit
        return snapshot

    def _read_outside(self, path: str) -> bytes | Problem | None:
        self._outside.add(path)
        try:
            return from_thread.run(self.source.read, self._at, path)
        except SourceError as error:
            return Problem(error.code, error.message, path, hint=error.hint)

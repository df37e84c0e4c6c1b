"""A repository that is read: one object for all environments of a process that name it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.lowlevel
import anyio.to_thread

from apollo.clock import Clock
from apollo.errors import SourceError
from apollo.source import objects
from apollo.source.discover import Found, branches, find, not_a_repository
from apollo.source.faults import BadRevision
from apollo.source.process import Git
from apollo.source.refs import RefFiles
from apollo.source.watch import Watcher

__all__ = ["LocalRepository", "Repository", "shared"]

R = TypeVar("R")
T = TypeVar("T")


class Repository(Protocol):
    """What a source needs of a repository, wherever it is."""

    @property
    def name(self) -> str:
        """For messages; holds no credential."""
        ...

    @property
    def watcher(self) -> Watcher | None:
        """Tells when to look; None for what has to be fetched."""
        ...

    async def git(self) -> Git:
        """git on its objects."""
        ...

    async def tip(self, branch: str) -> str | None:
        """The commit of a branch now; for a remote, after fetching it."""
        ...

    async def peek(self, branch: str) -> str:
        """A value that differs when `tip` may answer differently. Cheap, raises nothing."""
        ...

    async def branches(self) -> list[str]:
        """The branches there are, for a suggestion."""
        ...

    async def resolve(self, revision: str) -> str:
        """The commit that a revision names.

        :raises BadRevision: none.
        """
        ...

    async def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` is part of the history of ``new``; False when ``old`` is not known any more."""
        ...

    async def repair(self) -> bool:
        """Make anew what is broken, where it is ours; whether reading again may help."""
        ...


class _Shared:
    """What the repositories of one event loop have in common."""

    def __init__(self) -> None:
        self.repositories: WeakValueDictionary[Hashable, object] = WeakValueDictionary()
        self.local = anyio.CapacityLimiter(8)
        # A hanging server holds a thread until its deadline; it must not hold up the other sources.
        self.remote = anyio.CapacityLimiter(64)


_shared: anyio.lowlevel.RunVar[_Shared] = anyio.lowlevel.RunVar("apollo.source")


def shared(key: Hashable, make: Callable[[anyio.CapacityLimiter, anyio.CapacityLimiter], R]) -> R:
    """The repository of this key in this event loop; made when nobody has it yet."""
    try:
        store = _shared.get()
    except LookupError:
        store = _Shared()
        _shared.set(store)
    found = store.repositories.get(key)
    if found is None:
        found = make(store.local, store.remote)
        store.repositories[key] = found
    return found  # type: ignore[return-value]


class LocalRepository:
    """A repository on this machine, read where it is and never written."""

    def __init__(self, path: Path, clock: Clock, limiter: anyio.CapacityLimiter) -> None:
        self._path = path
        self._limiter = limiter
        self._open: tuple[Found, RefFiles] | None = None
        self._watcher = Watcher(self._watched, clock)

    @property
    def name(self) -> str:
        return str(self._path)

    @property
    def watcher(self) -> Watcher | None:
        return self._watcher

    async def git(self) -> Git:
        found, _ = await self._in_thread(self._opened)
        return Git(found.git_dir, self._limiter)

    async def tip(self, branch: str) -> str | None:
        sha = await self._in_thread(partial(self._tip, branch))
        if sha is None:  # the files do not say everything: reftable, a ref through another one
            sha = await self._asked(branch)
        if sha is None:
            self._open = None  # perhaps it is another repository by now, or none
            await self._in_thread(self._opened)
        return sha

    async def peek(self, branch: str) -> str:
        try:
            sha = await self._in_thread(partial(self._tip, branch))
            if sha is None and await self._in_thread(self._opaque):
                sha = await self._asked(branch)
        except SourceError as error:
            return error.code
        return sha or ""

    async def branches(self) -> list[str]:
        found, _ = await self._in_thread(self._opened)
        return await self._in_thread(partial(branches, found.git_dir))

    async def resolve(self, revision: str) -> str:
        return await objects.resolve(await self.git(), revision)

    async def is_ancestor(self, old: str, new: str) -> bool:
        git = await self.git()
        try:
            await objects.commit(git, old)
        except SourceError:
            return False  # thrown away after the history was rewritten
        return await objects.is_ancestor(git, old, new)

    async def repair(self) -> bool:
        return False

    def _opened(self) -> tuple[Found, RefFiles]:
        if self._open is None:
            found = find(self._path)
            if found is None:
                raise not_a_repository(self._path)
            self._open = found, RefFiles(found.common_dir)
        return self._open

    def _tip(self, branch: str) -> str | None:
        return self._opened()[1].tip(branch)

    async def _asked(self, branch: str) -> str | None:
        try:
            return await objects.resolve(await self.git(), f"refs/heads/{branch}")
        except BadRevision:
            return None

    def _opaque(self) -> bool:
        return (self._opened()[0].common_dir / "reftable").is_dir()

    def _watched(self) -> list[Path]:
        return [] if self._open is None else self._open[1].watched()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)

"""A remote repository: Apollo's own bare clone of it, fetched, and made anew when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from attrs import evolve

from apollo.errors import SourceError
from apollo.source import objects
from apollo.source.address import Address
from apollo.source.credentials import Credentials
from apollo.source.faults import AUTHENTICATION, BROKEN, BadRevision, GitFailed, classified, copy
from apollo.source.objects import MAX_BLOB
from apollo.source.process import Access, Git, everything
from apollo.source.refs import RefFiles, is_sha
from apollo.source.watch import Watcher

__all__ = ["RemoteRepository"]

T = TypeVar("T")

_TIDY_EVERY: Final = 50
"""Fetches between two looks whether git's own housekeeping is due."""

# Given to each command that writes the clone instead of being part of its configuration: so reading it never
# goes to the network for what was left out.
_PARTIAL: Final = (
    "remote.origin.promisor=true",
    f"remote.origin.partialclonefilter=blob:limit={MAX_BLOB + 1}",
)

_FETCH: Final = (
    "fetch",
    "--quiet",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
)


class RemoteRepository:
    """The clone of one URL, for all environments that name it.

    It has the branches that are asked for, from the first fetch on (no older history, unless somebody needs
    it), and no file that is too large to be a manifest.

    :param timeout: seconds of real time for one fetch.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        directory: Path,
        timeout: float,
        local: anyio.CapacityLimiter,
        remote: anyio.CapacityLimiter,
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._timeout = timeout
        self._local = local
        self._remote = remote
        name = hashlib.sha256(repr((address.text, credentials.key)).encode()).hexdigest()[:20]
        self._directory = directory.absolute()
        self._path = self._directory / f"{name}.git"
        self._refs = RefFiles(self._path)
        self._lock = anyio.Lock()
        self._wanted: set[str] = set()
        self._rounds = 0
        self._last: tuple[frozenset[str], dict[str, str] | SourceError] = (frozenset(), {})
        self._fetches = 0
        self._missed: set[bytes] = set()
        self._left_out: set[bytes] = set()

    @property
    def name(self) -> str:
        return self._address.text

    @property
    def watcher(self) -> Watcher | None:
        return None

    async def git(self) -> Git:
        return Git(self._path, self._local, left_out=self._left_out, missed=self._missed)

    async def peek(self, branch: str) -> str:
        return ""

    async def tip(self, branch: str) -> str | None:
        self._wanted.add(branch)
        before = self._rounds
        async with self._lock:
            covered, answer = self._last
            # A look that somebody else began after we asked is as good as one of our own.
            if self._rounds == before or branch not in covered:
                answer = await self._look()
        if isinstance(answer, SourceError):
            raise copy(answer)
        if branch not in answer:
            return None
        return await self._in_thread(partial(self._refs.tip, branch))

    async def branches(self) -> list[str]:
        return sorted(await self._heads(()))

    async def resolve(self, revision: str) -> str:
        git = await self.git()
        for name in (revision, f"refs/remotes/origin/{revision}"):
            with contextlib.suppress(BadRevision):
                return await objects.resolve(git, name)
        await self._fetch_history("--tags", "+refs/heads/*:refs/remotes/origin/*")
        for name in (revision, f"refs/remotes/origin/{revision}"):
            with contextlib.suppress(BadRevision):
                return await objects.resolve(git, name)
        raise BadRevision(revision)

    async def is_ancestor(self, old: str, new: str) -> bool:
        git = await self.git()
        for last in (False, True):
            with contextlib.suppress(GitFailed, SourceError):
                await objects.commit(git, old)
                if await objects.is_ancestor(git, old, new):
                    return True
            if last or not (self._path / "shallow").exists():
                return False
            await self._fetch_history()
        return False

    async def repair(self) -> bool:
        async with self._lock:
            await self._exclusively(self._rebuild)
        # What a new clone does not have either is what it leaves out: files too large to be manifests.
        self._left_out |= self._missed
        self._missed.clear()
        return True

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    async def _look(self) -> dict[str, str] | SourceError:
        """One round: what the remote has of the wanted branches, fetched where it is new."""
        self._rounds += 1
        wanted = frozenset(self._wanted)
        answer: dict[str, str] | SourceError
        try:
            answer = await self._heads(wanted)
            await self._exclusively(partial(self._bring, answer))
        except SourceError as error:
            answer = error
        self._last = wanted, answer
        return answer

    async def _heads(self, branches: Collection[str]) -> dict[str, str]:
        """The commits of these branches at the remote; of all when none is named."""
        refs = sorted(f"refs/heads/{branch}" for branch in branches)
        data = await self._talk(
            Git(None, self._remote), "ls-remote", "--quiet", "--heads", "--", self._address.text, *refs
        )
        found = {}
        for line in data.decode("utf-8", "surrogateescape").splitlines():
            sha, _, ref = line.partition("\t")
            branch = ref.removeprefix("refs/heads/")
            if is_sha(sha) and (not branches or branch in branches):  # a pattern also matches longer names
                found[branch] = sha
        return found

    async def _bring(self, heads: dict[str, str]) -> None:
        if not heads:
            return
        if not (self._path / "HEAD").is_file():
            await self._clone(heads)
            return
        try:
            await self._update(heads)
        except SourceError as error:
            if error.code not in BROKEN:
                raise
            await self._clone(heads)

    async def _update(self, heads: dict[str, str]) -> None:
        moved, new = [], []
        for branch, sha in heads.items():
            have = await self._in_thread(partial(self._refs.tip, branch))
            if have is None:
                new.append(branch)
            elif have != sha:
                moved.append(branch)
        git = Git(self._path, self._remote)
        if moved:
            await self._talk(git, *_FETCH, "--no-tags", "--", "origin", *map(_refspec, moved))
        if new:
            await self._talk(git, *_FETCH, "--no-tags", "--depth=1", "--", "origin", *map(_refspec, new))
        if moved or new:
            self._fetches += 1
            if self._fetches % _TIDY_EVERY == 0:
                await self._tidy(git)

    async def _clone(self, heads: dict[str, str]) -> None:
        """A new clone, which takes the place of the old one when it is complete."""
        fresh = self._path.with_suffix(".new")
        await self._in_thread(partial(shutil.rmtree, fresh, ignore_errors=True))
        git = Git(fresh, self._remote)
        sha256 = any(len(sha) == 64 for sha in heads.values())
        try:
            await self._plain(
                git,
                "init",
                "--quiet",
                "--bare",
                "--template=",
                f"--object-format={'sha256' if sha256 else 'sha1'}",
            )
            await self._in_thread(partial(self._configure, fresh))
            refs = map(_refspec, heads)
            await self._talk(
                git, *_FETCH, "--no-tags", "--depth=1", "--", "origin", *refs, timeout=5 * self._timeout
            )
            await self._in_thread(partial(self._swap, fresh))
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_thread(partial(shutil.rmtree, fresh, ignore_errors=True))

    def _configure(self, path: Path) -> None:
        with (path / "config").open("a") as file:
            file.write(f'[remote "origin"]\n\turl = "{_quoted(self._address.text)}"\n')

    def _swap(self, fresh: Path) -> None:
        old = self._path.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        if self._path.exists():
            self._path.rename(old)
        fresh.rename(self._path)
        shutil.rmtree(old, ignore_errors=True)
        self._refs = RefFiles(self._path)

    async def _rebuild(self) -> None:
        await self._clone(await self._heads(self._wanted))

    async def _fetch_history(self, *more: str) -> None:
        """All of the history, for a question about the past."""
        deepen = ("--unshallow",) if (self._path / "shallow").exists() else ()
        flags = [part for part in more if part.startswith("--")]
        refs = [part for part in more if not part.startswith("--")] or [
            _refspec(name) for name in self._wanted
        ]
        git = Git(self._path, self._remote)
        async with self._lock:
            if not (self._path / "HEAD").is_file():
                await self._exclusively(self._rebuild)
                return
            await self._exclusively(
                partial(
                    self._talk,
                    git,
                    *_FETCH,
                    *deepen,
                    *flags,
                    "--",
                    "origin",
                    *refs,
                    timeout=5 * self._timeout,
                )
            )

    async def _tidy(self, git: Git) -> None:
        with contextlib.suppress(GitFailed, SourceError):
            await git.run(
                "gc",
                "--auto",
                "--quiet",
                consume=everything,
                access=Access(settings=(*_PARTIAL, "gc.auto=6700", "gc.autoDetach=false")),
                timeout=5 * self._timeout,
            )

    # ── running git ──────────────────────────────────────────────────────────────────────────────────────

    async def _talk(self, git: Git, *argv: str, timeout: float | None = None) -> bytes:
        """A git command that reaches the remote.

        :raises SourceError: in users' words.
        """
        while True:
            access = self._credentials.access()
            allowed = await anyio.to_thread.run_sync(access.__enter__, limiter=self._remote)
            allowed = evolve(allowed, settings=(*_PARTIAL, *allowed.settings))
            try:
                return await git.run(
                    *argv, consume=everything, access=allowed, timeout=timeout or self._timeout
                )
            except GitFailed as failure:
                error = classified(self._credentials.hidden(failure.stderr), self.name)
                # A secret that was rotated is read anew, once.
                if error.code != AUTHENTICATION or not self._credentials.forget():
                    raise error from None
            finally:
                access.__exit__(None, None, None)

    async def _plain(self, git: Git, *argv: str) -> None:
        try:
            await git.run(*argv, consume=everything)
        except GitFailed as failure:
            raise classified(failure.stderr, self.name) from None

    async def _exclusively(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do this while no other process of this machine changes the clone."""
        await self._in_thread(partial(self._directory.mkdir, mode=0o700, parents=True, exist_ok=True))
        with self._path.with_suffix(".lock").open("wb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await anyio.sleep(0.05)
            await work()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function, limiter=self._local)


def _refspec(branch: str) -> str:
    return f"+refs/heads/{branch}:refs/heads/{branch}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

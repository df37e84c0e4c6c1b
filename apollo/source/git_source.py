"""One environment's view of a repository: its branch, its folder."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import anyio

from apollo import settings
from apollo.clock import Clock
from apollo.errors import SourceError
from apollo.source import objects
from apollo.source.address import Address, branch_name, folder, parse
from apollo.source.credentials import Credentials
from apollo.source.faults import (
    BROKEN,
    REWRITTEN,
    UNKNOWN_COMMIT,
    BadRevision,
    GitFailed,
    failed,
    missing_branch,
    printable,
)
from apollo.source.mirror import RemoteRepository
from apollo.source.model import Changes, Commit
from apollo.source.objects import FOLDER, Entry
from apollo.source.pick import Picker, encoded, refused_name, shown
from apollo.source.process import Git
from apollo.source.refs import is_sha
from apollo.source.repository import LocalRepository, Repository, shared

__all__ = ["GitSource"]

T = TypeVar("T")

_JITTER: Final = 0.1
_LONGEST_BACKOFF: Final = 300.0


class _Failures:
    """How often in a row something failed."""

    count = 0


class GitSource:
    """The desired state of one environment, in git.

    Use it so: `open`; then for ever `refresh`, `changes` since the commit before, `moved`. Environments that
    name the same repository share its clone, its fetches and its watcher.

    :param source: what ``apollo.yaml`` says.
    :param directory: a folder of Apollo's own, for clones of remotes.
    :param clock: measures the interval of fetches and of polls.
    :param secret: reads a credential of ``{secretsManager: ARN}``; called in a worker thread.
    :param base: where relative paths of ``source`` start from.
    :param timeout: seconds of real time for one fetch; a first clone may take five times as long.
    """

    def __init__(
        self,
        source: settings.Source,
        *,
        directory: Path,
        clock: Clock,
        secret: Callable[[settings.SourceAuth], str] | None = None,
        base: Path = Path(),
        timeout: float = 120.0,
    ) -> None:
        self._source = source
        self._directory = directory
        self._clock = clock
        self._secret = secret
        self._base = base
        self._timeout = timeout
        self._repository: Repository | None = None
        self._branch = ""
        self._below = ""
        self._last: Commit | None = None
        self._seen: str | None = None
        self._ahead: tuple[str, str, dict[bytes, tuple[Entry, Entry]]] | None = None
        self._poked = anyio.Event()
        self._refreshing = _Failures()
        self._reading = _Failures()
        self._due = clock.monotonic()
        self.blobs_read = 0
        """How many contents of files were read from git so far."""

    async def open(self) -> None:
        """Check the configuration. Reads nothing yet: whether the repository is there, `refresh` says.

        :raises SourceError: APO-GIT-012 for an address, branch or folder that is not accepted.
        """
        if self._repository is not None:
            return
        source = self._source
        self._branch = branch_name(source.branch)
        self._below = folder(source.path)
        address = parse(source.repo, self._base)
        make = self._remote if address.remote else self._local
        auth = source.auth.model_dump_json() if source.auth else ""
        remote = (auth, source.knownHosts, str(self._base), str(self._directory)) if address.remote else ()
        self._repository = shared((address.text, id(self._clock), *remote), partial(make, address))

    def _local(
        self, address: Address, local: anyio.CapacityLimiter, remote: anyio.CapacityLimiter
    ) -> Repository:
        return LocalRepository(Path(address.text), self._clock, local)

    def _remote(
        self, address: Address, local: anyio.CapacityLimiter, remote: anyio.CapacityLimiter
    ) -> Repository:
        credentials = Credentials(address, self._source, self._base, self._directory, self._secret)
        return RemoteRepository(address, credentials, self._directory, self._timeout, local, remote)

    async def _ready(self) -> Repository:
        await self.open()
        assert self._repository is not None
        return self._repository

    # ── where the branch is ──────────────────────────────────────────────────────────────────────────────

    async def refresh(self, accepted: str | None = None) -> Commit:
        """The newest commit of the branch. A remote is fetched for it.

        :param accepted: the commit in force. With ``nonFastForward: hold`` the branch may only grow from it;
            by default from what the last call answered.
        :raises SourceError: with code APO-GIT-001 no repository, 002 no such branch, 003 the branch was
            deleted, 004 unreachable, 005 access refused, 006 host key, 007 too slow, 008 history was
            rewritten, 009 damaged, 010 and 011 not all there, 012 not accepted, 013 no credential. What was
            read before stays valid.
        """
        self._poked = anyio.Event()
        repository = await self._ready()
        with self._retried(repository, self._refreshing):
            self._seen = await repository.peek(self._branch)
            sha = await repository.tip(self._branch)
            if sha is None:
                others = await repository.branches()
                seen = self._last is not None or accepted is not None
                raise missing_branch(repository.name, self._branch, others, seen)
            if self._last is None or self._last.sha != sha:
                base = accepted or (self._last.sha if self._last else None)
                await self._may_follow(repository, base, sha)
                self._last = await self._read(partial(self._commit, sha=sha, base=base), sha)
                self._reading.count = 0
            elif accepted not in (None, sha):
                await self._may_follow(repository, accepted, sha)
        self._due = self._clock.monotonic() + self._source.interval * random.uniform(1 - _JITTER, 1 + _JITTER)
        return self._last

    async def _commit(self, git: Git, sha: str, base: str | None) -> Commit:
        """The commit; and meanwhile what `changes` asks for next, since each takes a process of its own."""
        outcome: Commit | Exception
        async with anyio.create_task_group() as group:
            if base is not None and is_sha(base):
                group.start_soon(self._look_ahead, git, base, sha)
            try:
                outcome = await objects.commit(git, sha)
            except Exception as error:  # as a value: raised inside a task group it would come out wrapped
                outcome = error
                group.cancel_scope.cancel()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _look_ahead(self, git: Git, old: str, new: str) -> None:
        with suppress(SourceError, GitFailed):  # `changes` asks again, and says what is wrong
            self._ahead = old, new, await objects.differences(git, old, new)

    async def _may_follow(self, repository: Repository, old: str | None, new: str) -> None:
        if self._source.nonFastForward == "accept" or old is None or old == new:
            return
        if not await repository.is_ancestor(old, new):
            raise SourceError(
                f'{repository.name}: "{self._branch}" was rewritten: {new[:10]} does not follow {old[:10]}',
                code=REWRITTEN,
                hint=f"push a commit that follows {old[:10]}, or set source.nonFastForward: accept",
            )

    @contextmanager
    def _retried(self, repository: Repository, failures: _Failures) -> Iterator[None]:
        """Errors in users' words; after one, `moved` comes back sooner or later although no ref moved."""
        try:
            try:
                yield
            except GitFailed as error:
                raise failed(error, repository.name) from None
        except SourceError:
            failures.count += 1
            interval, power = self._source.interval, min(failures.count - 1, 16)
            if repository.watcher is None:
                delay = max(interval, min(interval * 2**power, _LONGEST_BACKOFF))
            else:
                delay = min(interval, 2.0**power)
            self._due = self._clock.monotonic() + delay
            raise
        failures.count = 0

    # ── when to look ─────────────────────────────────────────────────────────────────────────────────────

    async def moved(self) -> None:
        """Return when `refresh` is worth calling: the ref moved since the last call of it, the interval of a
        remote is over, `poke` was called, or an error is worth another try. Returns at once before the first.
        """
        repository = await self._ready()
        watcher = repository.watcher
        if watcher is not None:
            await watcher.until(partial(self._worth_looking, repository))
            return
        while not self._poked.is_set() and (rest := self._due - self._clock.monotonic()) > 0:
            async with anyio.create_task_group() as group:
                group.start_soon(self._sleep, rest, group.cancel_scope)
                await self._poked.wait()
                group.cancel_scope.cancel()

    async def _sleep(self, seconds: float, scope: anyio.CancelScope) -> None:
        await self._clock.sleep(seconds)
        scope.cancel()

    async def _worth_looking(self, repository: Repository) -> bool:
        if self._poked.is_set() or self._seen is None:
            return True
        if (self._refreshing.count or self._reading.count) and self._clock.monotonic() >= self._due:
            return True
        return await repository.peek(self._branch) != self._seen

    def poke(self) -> None:
        """Look now: `moved` returns, whatever it waits for."""
        self._poked.set()
        if self._repository is not None and self._repository.watcher is not None:
            self._repository.watcher.poke()

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────

    async def changes(self, old: str | None, new: str, *, extra: Collection[str] = ()) -> Changes:
        """What differs between two commits; with ``old`` None, all there is at ``new``.

        :param extra: paths outside the source's folder (targets of ``specFrom``) whose content is wanted.
        :raises SourceError: APO-GIT-009, 010 when ``new`` cannot be read whole; 011 when one of the two is
            not there (then ask again with ``old`` None); 015 when it is too much.
        """
        picker = Picker(folder(self._source.path), extra)

        async def read(git: Git) -> Changes:
            if old is None:
                return await self._all(git, picker, new)
            return await self._between(git, picker, old, new)

        repository = await self._ready()
        with self._retried(repository, self._reading):
            return await self._read(read, new, *([old] if old else ()))

    async def take(self, commit: str, paths: Collection[str]) -> Changes:
        """These files at a commit, wherever they lie in the repository; None where there is none.

        :raises SourceError: as `changes`.
        """
        names = {path: shown(path) for path in encoded(paths)}
        sound = [path for path, (_, odd) in names.items() if not odd]

        async def read(git: Git) -> Changes:
            found = await objects.entries(git, commit, sound) if sound else {}
            there = {path: found.get(path, Entry()) for path in sound}
            files = {path: Entry() if entry.mode == FOLDER else entry for path, entry in there.items()}
            taken = await Picker("\0", paths).take(git, files)
            bad = {text: refused_name(text, odd) for text, odd in names.values() if odd}
            return Changes({**taken.files, **dict.fromkeys(bad)}, {**taken.problems, **bad}, taken.paths)

        return await self._read(read, commit)

    async def read(self, commit: str, path: str) -> bytes | None:
        """One file at a commit, by its path from the top of the repository; None when there is none.

        :raises SourceError: as `changes`; also for a link, a submodule, an LFS pointer, a file too large.
        """
        taken = await self.take(commit, [path])
        for problem in taken.problems.values():
            raise SourceError(
                f"{printable(problem.file)}: {problem.message}", code=problem.code, hint=problem.hint
            )
        return next(iter(taken.files.values()), None)

    async def _all(self, git: Git, picker: Picker, sha: str) -> Changes:
        entries = await objects.entries(git, sha)
        changes = await picker.take(git, entries)
        if self._below and not any(picker.inside(path) for path in entries):
            return await self._with_folder(git, picker, sha, changes)
        return changes

    async def _between(self, git: Git, picker: Picker, old: str, new: str) -> Changes:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (old, new):
            pairs = ahead[2]
        else:
            pairs = await objects.differences(git, old, new)
        before = {path: pair[0] for path, pair in pairs.items()}
        after = {path: pair[1] for path, pair in pairs.items()}
        changes = await picker.take(git, after, before)
        if any(
            picker.concerns_folder(path) or (picker.inside(path) and not (was.exists and now.exists))
            for path, (was, now) in pairs.items()
        ):
            return await self._with_folder(git, picker, new, changes)
        return changes

    async def _with_folder(self, git: Git, picker: Picker, sha: str, changes: Changes) -> Changes:
        """Say whether the folder of the source is there: a missing one is no empty one."""
        if not self._below:
            return changes
        path = self._below.encode()
        entry = (await objects.entries(git, sha, [path])).get(path, Entry())
        problem = picker.folder_problem(entry)
        problems = {self._below: problem} if problem is not None else {}
        return Changes({**changes.files, self._below: None}, {**changes.problems, **problems}, changes.paths)

    # ── about commits ────────────────────────────────────────────────────────────────────────────────────

    async def info(self, sha: str) -> Commit:
        """Author, time and subject of a commit.

        :raises SourceError: APO-GIT-011 when it is not there.
        """
        return await self._read(partial(objects.commit, sha=sha), sha)

    async def resolve(self, revision: str) -> str:
        """The commit a revision names: an id, a branch, a tag, ``main~3``.

        :raises SourceError: APO-GIT-011 when there is none.
        """
        repository = await self._ready()
        try:
            return await repository.resolve(revision)
        except GitFailed as error:
            raise failed(error, repository.name) from None
        except BadRevision:
            raise SourceError(
                f"{repository.name}: {printable(revision)!r} names no commit",
                code=UNKNOWN_COMMIT,
                hint="write a commit id, a branch or a tag; git log shows them",
            ) from None

    async def _read(self, read: Callable[[Git], Awaitable[T]], *shas: str) -> T:
        """Read from the repository; once more where it is ours, broken, and could be made anew.

        :param shas: the commits that are read; the first is the newest.
        """
        repository = await self._ready()
        for sha in shas:
            if not is_sha(sha):
                raise SourceError(f"{printable(sha)!r} is not a commit id", code=UNKNOWN_COMMIT)
        try:
            return await self._once(repository, read)
        except SourceError as error:
            if error.code not in BROKEN:
                raise
            await self._all_there(repository, shas[1:])  # a new clone would not have an old commit
            if not await repository.repair():
                await self._all_there(repository, shas)
                raise
        await self._all_there(repository, shas)
        return await self._once(repository, read)

    async def _all_there(self, repository: Repository, shas: Collection[str]) -> None:
        for sha in shas:
            await self._once(repository, partial(objects.commit, sha=sha))

    async def _once(self, repository: Repository, read: Callable[[Git], Awaitable[T]]) -> T:
        git = await repository.git()
        try:
            return await read(git)
        except GitFailed as error:
            raise failed(error, repository.name) from None
        finally:
            self.blobs_read += git.blobs_read

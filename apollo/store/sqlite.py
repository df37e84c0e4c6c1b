"""The store in one SQLite file, shared by the operator and the command line; and the same in memory."""

from __future__ import annotations

import contextlib
import functools
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from apollo.api import Key
from apollo.clock import Clock
from apollo.store import records
from apollo.store.base import Applied, Approval, Condition, Event, EventType, Suspension
from apollo.store.schema import Unusable, connect, transaction

__all__ = ["MemoryStore", "SqliteStore"]

_log = logging.getLogger("apollo.store")

T = TypeVar("T")
_Work = Callable[[sqlite3.Connection], T]

_TRIM_EVERY: Final = 250
"""Entries of the journal between two looks at its length."""


class SqliteStore:
    """A `Store` in one file. Safe for several processes; within one, calls run one at a time in a thread.

    When the file cannot be used (corrupt, locked, full disk, read-only, a newer schema), the store warns
    once, goes on in memory with the approvals and suspensions that were read last, and tries the file again
    every ``retry`` seconds; what was written meanwhile is then written to it.

    :param path: created with its folder by the first write; reading a file that is not there creates nothing.
    :param keep: how many entries of the journal are kept.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        keep: int = 50_000,
        retry: float = 60.0,
        backlog: int = 10_000,
    ) -> None:
        self._path = path
        self._clock = clock
        self._keep = keep
        self._retry = retry
        self._gate = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._memory: sqlite3.Connection | None = None
        self._trouble = ""
        self._retry_at = 0.0
        self._backlog: deque[_Work[object]] = deque(maxlen=backlog)
        self._approvals: dict[str, tuple[Approval, ...]] = {}
        self._suspensions: dict[str, Mapping[str, Suspension]] = {}

    @property
    def durable(self) -> bool:
        """Whether what is remembered survives this process."""
        return self._path is not None and not self._trouble

    @property
    def trouble(self) -> str:
        """Why the file is not used at the moment; empty when it is."""
        return self._trouble

    # ── what was applied ─────────────────────────────────────────────────────────────────────────────────

    async def applied(self, environment: str) -> Mapping[Key, Applied]:
        return await self._read(lambda db: records.read_applied(db, environment))

    async def record_applied(self, key: Key, generation: str, commit: str, config_digest: str) -> None:
        applied = Applied(generation, commit, config_digest, self._clock.now())
        await self._write(lambda db: records.put_applied(db, key, applied))

    async def forget(self, key: Key) -> None:
        await self._write(lambda db: records.delete_key(db, key))

    # ── the journal ──────────────────────────────────────────────────────────────────────────────────────

    async def add(self, event: Event) -> None:
        def work(db: sqlite3.Connection) -> None:
            number = records.add_event(db, event)
            if number % _TRIM_EVERY == 0:
                records.trim_events(db, self._keep)

        await self._write(work)

    async def events(
        self,
        environment: str | None = None,
        *,
        key: Key | None = None,
        app: str | None = None,
        types: Collection[EventType] | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        return await self._read(
            lambda db: records.read_events(db, environment, key, app, types, since, limit)
        )

    # ── since when ───────────────────────────────────────────────────────────────────────────────────────

    async def transition(self, key: Key, state: tuple[str, ...]) -> datetime:
        condition = Condition(state, self._clock.now())
        return await self._write(lambda db: records.put_condition(db, key, condition))

    async def conditions(self, environment: str) -> Mapping[Key, Condition]:
        return await self._read(lambda db: records.read_conditions(db, environment))

    # ── what people said ─────────────────────────────────────────────────────────────────────────────────

    async def approve(self, environment: str, digest: str, by: str) -> None:
        approval = Approval(digest, by, self._clock.now())
        await self._write(lambda db: records.put_approval(db, environment, approval))

    async def withdraw(self, environment: str, digest: str) -> bool:
        return await self._write(lambda db: records.delete_approval(db, environment, digest))

    async def approvals(self, environment: str) -> tuple[Approval, ...]:
        found = await self._read(lambda db: records.read_approvals(db, environment))
        self._approvals[environment] = found
        return found

    async def approved(self, environment: str) -> frozenset[str]:
        return frozenset(approval.digest for approval in await self.approvals(environment))

    async def suspend(
        self, environment: str, what: str, by: str, reason: str = "", until: datetime | None = None
    ) -> None:
        suspension = Suspension(what, by, reason, self._clock.now(), until)
        await self._write(lambda db: records.put_suspension(db, environment, suspension))

    async def resume(self, environment: str, what: str) -> bool:
        now = self._clock.now()
        return await self._write(lambda db: records.delete_suspension(db, environment, what, now))

    async def suspended(self, environment: str) -> Mapping[str, Suspension]:
        now = self._clock.now()
        found = await self._read(lambda db: records.read_suspensions(db, environment, now))
        self._suspensions[environment] = found
        return found

    # ── what was told ────────────────────────────────────────────────────────────────────────────────────

    async def told(self, receiver: str) -> Mapping[str, str]:
        return await self._read(lambda db: records.read_told(db, receiver))

    async def record_told(self, receiver: str, subject: str, state: str) -> None:
        now = self._clock.now()
        await self._write(lambda db: records.put_told(db, receiver, subject, state, now))

    # ── the medium ───────────────────────────────────────────────────────────────────────────────────────

    async def aclose(self) -> None:
        """Close the file, after a last try to write what was kept in memory; a later call opens it again."""
        await self._in_thread(self._close)

    async def _read(self, work: _Work[T]) -> T:
        return await self._in_thread(functools.partial(self._do, work, False))

    async def _write(self, work: _Work[T]) -> T:
        return await self._in_thread(functools.partial(self._do, work, True))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # One thread at most: the others would only wait at the gate, and keep AWS calls from running.
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    def _do(self, work: _Work[T], writing: bool) -> T:
        with self._gate:
            if self._path is not None and self._clock.monotonic() >= self._retry_at:
                try:
                    db = self._open(self._path, writing)
                    if db is not None:
                        done = _run(db, work, writing)
                        self._recover(self._path)
                        return done
                except (sqlite3.Error, OSError, Unusable) as error:
                    self._degrade(self._path, error)
            if self._memory is None:
                self._memory = self._recall()
            done = _run(self._memory, work, writing)
            if writing and self._path is not None:
                self._backlog.append(work)
            return done

    def _recall(self) -> sqlite3.Connection:
        """A memory that knows what people said last: nothing suspended goes on because a disk is full."""
        memory = connect(None)
        with transaction(memory):
            for environment, approvals in self._approvals.items():
                for approval in approvals:
                    records.put_approval(memory, environment, approval)
            for environment, suspensions in self._suspensions.items():
                for suspension in suspensions.values():
                    records.put_suspension(memory, environment, suspension)
        return memory

    def _open(self, path: Path, writing: bool) -> sqlite3.Connection | None:
        """The file's connection; None when there is no file and nothing to write."""
        if self._db is not None and _file_id(path) != self._file:
            self._db.close()  # somebody deleted or exchanged the file: what we hold is nobody's any more
            self._db = None
        if self._db is None:
            if not (writing or self._backlog or path.exists()):
                return None
            self._db = connect(path)
            self._file = _file_id(path)
        if self._backlog or self._trouble:
            with transaction(self._db):  # shows, too, whether writing works again
                for work in self._backlog:
                    work(self._db)
            self._backlog.clear()
        return self._db

    def _recover(self, path: Path) -> None:
        if self._trouble:
            _log.warning("the store %s is in use again", path)
            self._trouble = ""
            self._close_memory()

    def _degrade(self, path: Path, error: Exception) -> None:
        self._retry_at = self._clock.monotonic() + self._retry
        if self._db is not None:
            self._db.close()
            self._db = None
        if not self._trouble:
            _log.warning(
                "the store %s cannot be used: %s; history, approvals and events are kept in memory until it "
                "can. Deployments go on",
                path,
                _explained(error),
            )
        self._trouble = _explained(error)

    def _close(self) -> None:
        with self._gate:
            if self._path is not None and self._backlog:
                with contextlib.suppress(sqlite3.Error, OSError, Unusable):  # said already
                    self._open(self._path, writing=True)
                    self._recover(self._path)
            self._retry_at = 0.0
            if self._db is not None:
                self._db.close()
                self._db = None
            self._close_memory()

    def _close_memory(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None


class MemoryStore(SqliteStore):
    """``store: none``: remembers until the process ends."""

    def __init__(self, clock: Clock, *, keep: int = 50_000) -> None:
        super().__init__(None, clock, keep=keep)


def _run(db: sqlite3.Connection, work: _Work[T], writing: bool) -> T:
    if not writing:
        return work(db)
    with transaction(db):
        return work(db)


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _explained(error: Exception) -> str:
    text = str(error)
    if "malformed" in text or "not a database" in text:
        return f"{text} (move the file away to begin a new one)"
    if "locked" in text:
        return f"{text} (another process holds it for long)"
    return text

"""The tables, their versions, and opening a file safely next to other processes."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["SCHEMA_VERSION", "Unusable", "connect", "transaction"]

_APPLICATION_ID: Final = 0x41504F4C
"""Marks the file as ours (SQLite header, offset 68), so that a stranger's database is left alone."""

_BUSY_SECONDS: Final = 5.0
"""How long a process waits for another one's write."""

_MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE applied (
        environment TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        generation TEXT NOT NULL, commit_id TEXT NOT NULL, config_digest TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (environment, kind, name)
    ) WITHOUT ROWID;
    CREATE TABLE conditions (
        environment TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        state TEXT NOT NULL, since INTEGER NOT NULL,
        PRIMARY KEY (environment, kind, name)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, environment TEXT NOT NULL,
        type TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, app TEXT NOT NULL,
        kind TEXT, name TEXT, commit_id TEXT NOT NULL, generation TEXT NOT NULL,
        calls TEXT NOT NULL, duration REAL
    );
    CREATE INDEX events_by_time ON events (at, id);
    CREATE INDEX events_by_key ON events (environment, kind, name, at, id);
    CREATE TABLE approvals (
        environment TEXT NOT NULL, digest TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (environment, digest)
    ) WITHOUT ROWID;
    CREATE TABLE suspensions (
        environment TEXT NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
        at INTEGER NOT NULL, until INTEGER,
        PRIMARY KEY (environment, what)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE told (
        receiver TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (receiver, subject)
    ) WITHOUT ROWID;
    """,
)
"""Entry N brings version N to N + 1. Entries that were published never change."""

SCHEMA_VERSION: Final = len(_MIGRATIONS)


class Unusable(Exception):
    """The file is in order but not for us: a newer Apollo's, or another program's."""


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection with the current schema; ``None`` is a database in memory.

    An up-to-date file is only read, so that a person without write permission can look at it.

    :raises sqlite3.Error, OSError: the file cannot be used. :raises Unusable: it is not for us.
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,  # transactions are begun by name
        check_same_thread=False,  # the store lets one thread in at a time
    )
    try:
        version = _version(db)
        if version < SCHEMA_VERSION:
            if path is not None:
                _use_write_ahead_log(db)
            _migrate(db)
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; takes the write lock at once, so that two processes never deadlock on upgrading."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself (disk full)
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    tables: int = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != _APPLICATION_ID and (application or version or tables):
        raise Unusable("it is a database of another program")
    if version > SCHEMA_VERSION:
        raise Unusable(
            f"it was written by a newer Apollo (schema {version}; this one knows {SCHEMA_VERSION})"
        )
    return version


def _migrate(db: sqlite3.Connection) -> None:
    with transaction(db):
        version = _version(db)  # again, under the lock: another process may have been faster
        for number in range(version, SCHEMA_VERSION):
            for statement in _MIGRATIONS[number].split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _use_write_ahead_log(db: sqlite3.Connection) -> None:
    # Readers and the writer do not stop each other. SQLite's busy timeout does not cover this switch.
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)

"""Every read and write as a function of a connection. No caller's text becomes SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apollo.api import Key
from apollo.store.base import Applied, Approval, Condition, Event, EventType, Suspension
from apollo.telemetry import redact

__all__ = [
    "add_event",
    "clean",
    "delete_approval",
    "delete_key",
    "delete_suspension",
    "put_applied",
    "put_approval",
    "put_condition",
    "put_suspension",
    "put_told",
    "read_applied",
    "read_approvals",
    "read_conditions",
    "read_events",
    "read_suspensions",
    "read_told",
    "trim_events",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = 8000
"""Characters kept of one message; the logs have the rest."""


def clean(text: str) -> str:
    """Text that SQLite can hold: lone surrogates (from odd file names) are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _stamp(at: datetime) -> int:
    """Microseconds since 1970, UTC."""
    if at.tzinfo is None:
        raise ValueError("a time in the store needs a time zone")
    return (at - _EPOCH) // timedelta(microseconds=1)


def _time(stamp: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stamp)


# ── what was applied ─────────────────────────────────────────────────────────────────────────────────────


def read_applied(db: sqlite3.Connection, environment: str) -> dict[Key, Applied]:
    rows = db.execute(
        "SELECT kind, name, generation, commit_id, config_digest, at FROM applied WHERE environment = ?",
        (environment,),
    )
    return {
        Key(kind, environment, name): Applied(generation, commit, config_digest, _time(at))
        for kind, name, generation, commit, config_digest, at in rows
    }


def put_applied(db: sqlite3.Connection, key: Key, applied: Applied) -> None:
    db.execute(
        "INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            key.environment,
            key.kind,
            key.name,
            applied.generation,
            clean(applied.commit),
            applied.config_digest,
            _stamp(applied.at),
        ),
    )


def delete_key(db: sqlite3.Connection, key: Key) -> None:
    for table in ("applied", "conditions"):
        db.execute(
            f"DELETE FROM {table} WHERE environment = ? AND kind = ? AND name = ?",
            (key.environment, key.kind, key.name),
        )


# ── since when ───────────────────────────────────────────────────────────────────────────────────────────


def read_conditions(db: sqlite3.Connection, environment: str) -> dict[Key, Condition]:
    rows = db.execute("SELECT kind, name, state, since FROM conditions WHERE environment = ?", (environment,))
    return {
        Key(kind, environment, name): Condition(tuple(json.loads(state)), _time(since))
        for kind, name, state, since in rows
    }


def put_condition(db: sqlite3.Connection, key: Key, condition: Condition) -> datetime:
    """Since when the state has been so: an equal one that is there already keeps its time."""
    state = json.dumps(condition.state)
    at = (key.environment, key.kind, key.name)
    db.execute(
        "INSERT INTO conditions VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
        "SET state = excluded.state, since = excluded.since WHERE state != excluded.state",
        (*at, state, _stamp(condition.since)),
    )
    row = db.execute("SELECT since FROM conditions WHERE environment = ? AND kind = ? AND name = ?", at)
    return _time(row.fetchone()[0])


# ── the journal ──────────────────────────────────────────────────────────────────────────────────────────


def add_event(db: sqlite3.Connection, event: Event) -> int:
    """Append; returns the number of the entry."""
    values = (
        _stamp(event.at),
        event.environment,
        event.type,
        event.reason,
        clean(redact(event.message))[:_LONGEST],
        clean(event.app),
        event.key.kind if event.key else None,
        event.key.name if event.key else None,
        clean(event.commit),
        event.generation,
        json.dumps(event.calls),
        event.duration,
    )
    done = db.execute(
        "INSERT INTO events (at, environment, type, reason, message, app, kind, name, commit_id, generation, "
        "calls, duration) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return done.lastrowid or 0


def trim_events(db: sqlite3.Connection, keep: int) -> None:
    """Keep the newest ``keep`` entries."""
    db.execute(
        "DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)", (keep,)
    )


def read_events(
    db: sqlite3.Connection,
    environment: str | None,
    key: Key | None,
    app: str | None,
    types: Collection[EventType] | None,
    since: datetime | None,
    limit: int,
) -> tuple[Event, ...]:
    wheres: list[str] = []
    values: list[Any] = []

    def only(condition: str, *given: Any) -> None:
        wheres.append(condition)
        values.extend(given)

    if key is not None:
        only("environment = ? AND kind = ? AND name = ?", key.environment, key.kind, key.name)
    if environment is not None:
        only("environment = ?", environment)
    if app is not None:
        only("app = ?", clean(app))
    if types is not None:
        only(f"type IN ({', '.join('?' * len(types))})", *types)
    if since is not None:
        only("at >= ?", _stamp(since))
    where = f"WHERE {' AND '.join(wheres)} " if wheres else ""
    rows = db.execute(
        "SELECT at, environment, type, reason, message, app, kind, name, commit_id, generation, calls, "
        f"duration FROM events {where}ORDER BY at DESC, id DESC LIMIT ?",
        (*values, max(0, limit)),
    )
    return tuple(_event(row) for row in rows)


def _event(row: tuple[Any, ...]) -> Event:
    at, environment, type_, reason, message, app, kind, name, commit, generation, calls, duration = row
    return Event(
        at=_time(at),
        environment=environment,
        type=type_,
        reason=reason,
        message=message,
        app=app,
        key=Key(kind, environment, name) if kind is not None else None,
        commit=commit,
        generation=generation,
        calls=tuple(json.loads(calls)),
        duration=duration,
    )


# ── what people said ─────────────────────────────────────────────────────────────────────────────────────


def read_approvals(db: sqlite3.Connection, environment: str) -> tuple[Approval, ...]:
    rows = db.execute(
        "SELECT digest, by, at FROM approvals WHERE environment = ? ORDER BY at DESC, digest", (environment,)
    )
    return tuple(Approval(digest, by, _time(at)) for digest, by, at in rows)


def put_approval(db: sqlite3.Connection, environment: str, approval: Approval) -> None:
    db.execute(
        "INSERT OR REPLACE INTO approvals VALUES (?, ?, ?, ?)",
        (environment, approval.digest, clean(approval.by), _stamp(approval.at)),
    )


def delete_approval(db: sqlite3.Connection, environment: str, digest: str) -> bool:
    done = db.execute("DELETE FROM approvals WHERE environment = ? AND digest = ?", (environment, digest))
    return done.rowcount > 0


def read_suspensions(db: sqlite3.Connection, environment: str, now: datetime) -> dict[str, Suspension]:
    rows = db.execute(
        "SELECT what, by, reason, at, until FROM suspensions "
        "WHERE environment = ? AND (until IS NULL OR until > ?) ORDER BY what",
        (environment, _stamp(now)),
    )
    return {
        what: Suspension(what, by, reason, _time(at), None if until is None else _time(until))
        for what, by, reason, at, until in rows
    }


def put_suspension(db: sqlite3.Connection, environment: str, suspension: Suspension) -> None:
    until = None if suspension.until is None else _stamp(suspension.until)
    db.execute(
        "INSERT OR REPLACE INTO suspensions VALUES (?, ?, ?, ?, ?, ?)",
        (
            environment,
            clean(suspension.what),
            clean(suspension.by),
            clean(redact(suspension.reason)),
            _stamp(suspension.at),
            until,
        ),
    )


def delete_suspension(db: sqlite3.Connection, environment: str, what: str, now: datetime) -> bool:
    """Says whether one was in force."""
    was = clean(what) in read_suspensions(db, environment, now)
    db.execute("DELETE FROM suspensions WHERE environment = ? AND what = ?", (environment, clean(what)))
    return was


# ── what was told ────────────────────────────────────────────────────────────────────────────────────────


def read_told(db: sqlite3.Connection, receiver: str) -> dict[str, str]:
    return dict(db.execute("SELECT subject, state FROM told WHERE receiver = ?", (receiver,)))


def put_told(db: sqlite3.Connection, receiver: str, subject: str, state: str, at: datetime) -> None:
    db.execute(
        "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)",
        (receiver, clean(subject), clean(redact(state)), _stamp(at)),
    )

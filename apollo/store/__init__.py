"""What Apollo remembers: history, events, since when, approvals, suspensions. It never decides anything.

A plan is a function of git, configuration and AWS alone; losing the store loses no correctness. So no fault
of a store ever stops the operator.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apollo.clock import Clock
from apollo.errors import ConfigError, Problem
from apollo.store.base import (
    EVENT_TYPES,
    Applied,
    Approval,
    Condition,
    Event,
    EventType,
    Store,
    Suspension,
)

if TYPE_CHECKING:
    from apollo.store.sqlite import SqliteStore

__all__ = [
    "EVENT_TYPES",
    "Applied",
    "Approval",
    "Condition",
    "Event",
    "EventType",
    "Store",
    "Suspension",
    "open_store",
]


def open_store(url: str, base: Path, clock: Clock) -> SqliteStore:
    """The store that ``Installation.spec.store`` names; opens nothing yet.

    :param url: ``sqlite:PATH`` or ``none`` (remembers until the process ends).
    :param base: where a relative PATH starts from: the folder of ``apollo.yaml``.
    :raises ConfigError: when the URL is none of these.
    """
    from apollo.store.sqlite import MemoryStore, SqliteStore

    scheme, colon, rest = url.partition(":")
    if url == "none":
        return MemoryStore(clock)
    if scheme == "sqlite" and colon:
        if not rest or rest == ":memory:" or (rest.startswith("//") and not rest.startswith("///")):
            raise _unusable(
                f"{url!r} names no file",
                "sqlite:PATH, e.g. sqlite:.apollo/state.db, relative to apollo.yaml; or none",
            )
        path = Path(rest[2:] if rest.startswith("///") else rest).expanduser()
        return SqliteStore(base / path, clock)
    if scheme == "dynamodb":
        raise _unusable(
            f"{url!r}: a DynamoDB store comes with several replicas, which this version does not have",
            "use sqlite:PATH on a persistent volume, or none; correctness does not depend on it",
        )
    raise _unusable(f"{url!r} is not a store", "sqlite:PATH or none")


def _unusable(message: str, hint: str) -> ConfigError:
    return ConfigError([Problem("APO-STORE-001", message, path="/spec/store", hint=hint)])

"""A keyed queue: one entry per key, whatever happens to it meanwhile. No I/O, no waiting; time is handed in.

States of a key: waiting for its time, ready, running, running and dirty. Adding a key again

- while it waits or is ready: the earlier time, the higher priority and the union of reasons hold;
- while it runs: marks it dirty, and it is ready again once it is done. A key never runs twice at once.

Priority ages: an entry of priority p that became ready at t goes before every entry with a larger
``t - AGEING × p``. So urgent work goes first, and nothing starves: each level is worth `AGEING` seconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

from attrs import define, field, frozen

__all__ = ["AGEING", "KeyedQueue", "Priority", "Work"]

AGEING = 15.0
"""Seconds of waiting that make up for one level of priority."""


class Priority(IntEnum):
    """Why a key is looked at decides who goes first."""

    SWEEP = 0
    RETRY = 1
    DEPENDENCY = 2
    COMMIT = 3
    MANUAL = 4


@frozen
class Work:
    """A key that was handed out, with everything that asked for it."""

    key: str
    priority: Priority
    reasons: frozenset[str]
    ready_at: float


@define
class _Entry:
    ready_at: float
    priority: Priority
    reasons: frozenset[str]
    seq: int


@define
class KeyedQueue:
    """See the module's text for the semantics. ``now`` is a monotonic time in seconds throughout."""

    _entries: dict[str, _Entry] = field(factory=dict, init=False)
    _running: dict[str, _Entry | None] = field(factory=dict, init=False)
    _waiting: list[tuple[float, int, str]] = field(factory=list, init=False)
    _ready: list[tuple[float, int, str]] = field(factory=list, init=False)
    _seq: itertools.count[int] = field(factory=itertools.count, init=False)

    def __len__(self) -> int:
        """Keys that wait or are ready."""
        return len(self._entries)

    @property
    def running(self) -> frozenset[str]:
        """Keys that were handed out and are not done."""
        return frozenset(self._running)

    def add(
        self,
        key: str,
        now: float,
        *,
        reasons: Iterable[str] = (),
        priority: Priority = Priority.COMMIT,
        after: float = 0.0,
    ) -> None:
        """Ask for ``key`` to be worked on in ``after`` seconds."""
        ready_at = now + max(0.0, after)
        if key in self._running:
            held = self._running[key]
            self._running[key] = self._merged(held, ready_at, priority, reasons)
            return
        entry = self._merged(self._entries.get(key), ready_at, priority, reasons)
        self._entries[key] = entry
        heapq.heappush(self._waiting, (entry.ready_at, entry.seq, key))

    def _merged(
        self, old: _Entry | None, ready_at: float, priority: Priority, reasons: Iterable[str]
    ) -> _Entry:
        if old is not None:
            ready_at = min(ready_at, old.ready_at)
            priority = max(priority, old.priority)
            return _Entry(ready_at, priority, old.reasons.union(reasons), next(self._seq))
        return _Entry(ready_at, priority, _shared(tuple(reasons)), next(self._seq))

    def pop(self, now: float) -> Work | None:
        """Hand out the most urgent ready key, or None. The key is locked until `done`."""
        while self._waiting and self._waiting[0][0] <= now:
            _, seq, key = heapq.heappop(self._waiting)
            entry = self._entries.get(key)
            if entry is not None and entry.seq == seq:  # else: a stale line of an entry that changed
                heapq.heappush(self._ready, (entry.ready_at - AGEING * entry.priority, seq, key))
        while self._ready:
            _, seq, key = heapq.heappop(self._ready)
            entry = self._entries.get(key)
            if entry is not None and entry.seq == seq:
                del self._entries[key]
                self._running[key] = None
                return Work(key, entry.priority, entry.reasons, entry.ready_at)
        return None

    def done(self, key: str) -> None:
        """Unlock a key; what was added meanwhile counts from now on."""
        entry = self._running.pop(key, None)
        if entry is not None:
            self._entries[key] = entry
            heapq.heappush(self._waiting, (entry.ready_at, entry.seq, key))

    def discard(self, key: str) -> None:
        """Forget a key that nobody wants any more; a running one finishes."""
        self._entries.pop(key, None)
        if key in self._running:
            self._running[key] = None

    def next_time(self) -> float | None:
        """When the next key becomes ready (maybe in the past), or None when nothing waits."""
        while self._waiting:
            _, seq, key = self._waiting[0]
            entry = self._entries.get(key)
            if entry is not None and entry.seq == seq:
                break
            heapq.heappop(self._waiting)
        while self._ready:
            _, seq, key = self._ready[0]
            entry = self._entries.get(key)
            if entry is not None and entry.seq == seq:
                return entry.ready_at
            heapq.heappop(self._ready)
        return self._waiting[0][0] if self._waiting else None

    def due(self, key: str) -> float | None:
        """When a waiting key is looked at next, or None."""
        entry = self._entries.get(key) or self._running.get(key)
        return entry.ready_at if entry is not None else None


@lru_cache(maxsize=256)
def _shared(reasons: tuple[str, ...]) -> frozenset[str]:
    """One set for all keys that wait for the same reasons, as after a commit or in a sweep: a set is larger
    than the rest of an entry."""
    return frozenset(reasons)

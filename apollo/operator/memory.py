"""The engine's memory over a store: answered from what was read, written behind. The store is never waited
for on the way to AWS, and its loss changes nothing but words."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime

import anyio
from attrs import define, field

from apollo.api import Key
from apollo.clock import Clock
from apollo.engine.events import Event
from apollo.store import Event as Record
from apollo.store import EventType, Store, Suspension

__all__ = ["StoreMemory"]

_RECORDED: Mapping[str, EventType] = {
    "Acted": "Applied",
    "Synced": "Synced",
    "Drifted": "Drifted",
    "RolledBack": "RolledBack",
    "RolloutFinished": "RolledOut",
    "Held": "Held",
    "Failed": "Failed",
    "Degraded": "Health",
    "Deleted": "Pruned",
    "SourceFailed": "SourceFailed",
    "SourceRecovered": "SourceRecovered",
}
_KEPT = 10_000
"""Records waiting for the store at most; the oldest go when it cannot keep up."""


@define
class StoreMemory:
    """One environment's memory."""

    environment: str
    config_digest: str
    store: Store
    clock: Clock
    _applied: dict[Key, str] = field(factory=dict, init=False)
    _since: dict[Key, tuple[tuple[str, ...], datetime]] = field(factory=dict, init=False)
    _approved: frozenset[str] = field(default=frozenset(), init=False)
    _suspended: Mapping[str, Suspension] = field(factory=dict, init=False)
    _records: deque[Record] = field(factory=lambda: deque(maxlen=_KEPT), init=False)
    _moved: dict[Key, tuple[str, ...]] = field(factory=dict, init=False)
    _wake: anyio.Event = field(factory=anyio.Event, init=False)

    async def load(self) -> None:
        """Read what the store holds."""
        applied = await self.store.applied(self.environment)
        self._applied = {key: one.generation for key, one in applied.items()}
        conditions = await self.store.conditions(self.environment)
        self._since = {key: (one.state, one.since) for key, one in conditions.items()}
        await self.refresh()

    async def refresh(self) -> bool:
        """Read again what people change with other commands; whether anything did."""
        approved = await self.store.approved(self.environment)
        suspended = await self.store.suspended(self.environment)
        changed = approved != self._approved or dict(suspended) != dict(self._suspended)
        self._approved, self._suspended = approved, suspended
        return changed

    # ── the engine's view ────────────────────────────────────────────────────────────────────────────────

    def applied(self, key: Key) -> str | None:
        return self._applied.get(key)

    def approved(self) -> Collection[str]:
        return self._approved

    async def used(self, digest: str) -> None:
        if digest in self._approved:
            self._approved -= {digest}
            await self.store.withdraw(self.environment, digest)

    def suspended(self, key: Key, app: str) -> str | None:
        for what in ("*", f"app/{app}", str(key)):
            found = self._suspended.get(what)
            if found is not None:
                return str(found)
        if not app:  # it has left git, and nobody remembers of which app it was: maybe of a suspended one
            for what, found in self._suspended.items():
                if what.startswith("app/"):
                    return f"it may be of {what}, suspended {found}"
        return None

    async def record_applied(self, key: Key, generation: str, commit: str) -> None:
        self._applied[key] = generation
        await self.store.record_applied(key, generation, commit, self.config_digest)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────

    def since(self, key: Key, state: tuple[str, ...]) -> datetime:
        """Since when a resource has been in a state."""
        known = self._since.get(key)
        if known is not None and known[0] == state:
            return known[1]
        now = self.clock.now()
        self._since[key] = (state, now)
        self._moved[key] = state
        self._wake.set()
        return now

    def note(self, event: Event) -> None:
        """Put an event into the journal, behind."""
        type_ = _RECORDED.get(event.type)
        if type_ is None:
            return
        self._records.append(
            Record(
                at=self.clock.now(),
                environment=event.environment,
                type=type_,
                message=event.message,
                reason=event.reason,
                app=event.app,
                key=event.key,
                commit=event.commit,
                generation=event.generation,
                calls=(event.call,) if event.call else (),
                duration=event.seconds or None,
            )
        )
        self._wake.set()

    async def run(self) -> None:
        """Write behind until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        while self._records:
            await self.store.add(self._records.popleft())
        while self._moved:
            key, state = self._moved.popitem()
            await self.store.transition(key, state)

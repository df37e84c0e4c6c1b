"""The store's contract and the records it keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Literal, Protocol, get_args

from attrs import frozen

from apollo.api import Key

__all__ = [
    "EVENT_TYPES",
    "Applied",
    "Approval",
    "Condition",
    "Event",
    "EventType",
    "Store",
    "Suspension",
]

EventType = Literal[
    "Synced",  # the environment or the app equals git at a commit
    "Planned",  # a difference was found
    "Applied",  # the calls were made and the object settled
    "Failed",
    "Drifted",  # AWS was changed behind Apollo's back
    "RolledOut",  # a rollout is over, after so many seconds
    "RolledBack",  # AWS took a deployment back
    "Held",  # by a gate, until something is done
    "Denied",  # by a gate, until git or configuration changes
    "Pruned",
    "Adopted",
    "Refused",  # a commit or a resource that cannot be loaded
    "SourceFailed",
    "SourceRecovered",
    "Health",  # the health changed
    "Approved",
    "Suspended",
    "Resumed",
]
EVENT_TYPES: Final[tuple[str, ...]] = get_args(EventType)


@frozen
class Applied:
    """What was last applied to a key: the base of telling drift from a pending change."""

    generation: str
    commit: str
    config_digest: str
    at: datetime


@frozen
class Event:
    """One entry of the journal. Holds no secret.

    :ivar at: when, with a time zone. :ivar app: empty when it concerns the whole environment.
    :ivar calls: the mutating calls made, e.g. ``ecs:UpdateService``.
    :ivar duration: seconds, where the event ends something that took time.
    """

    at: datetime
    environment: str
    type: EventType
    message: str = ""
    reason: str = ""
    app: str = ""
    key: Key | None = None
    commit: str = ""
    generation: str = ""
    calls: tuple[str, ...] = ()
    duration: float | None = None


@frozen
class Condition:
    """The last known state of a key, and since when it is so."""

    state: tuple[str, ...]
    since: datetime


@frozen
class Approval:
    """Somebody let the plan of this digest through."""

    digest: str
    by: str
    at: datetime


@frozen
class Suspension:
    """Somebody paused something.

    :ivar what: ``*`` (the environment), ``app/NAME`` or ``Kind/name``.
    :ivar until: when it ends by itself; None: with ``apollo resume``.
    """

    what: str
    by: str
    reason: str
    at: datetime
    until: datetime | None = None

    def __str__(self) -> str:
        text = f"by {self.by}" if self.by else "by somebody"
        if self.reason:
            text += f": {self.reason}"
        if self.until is not None:
            text += f" (until {self.until:%Y-%m-%d %H:%M} UTC)"
        return text


class Store(Protocol):
    """Remembers, never decides. No method raises because of the medium: a store that cannot be used goes on
    in memory and says so once."""

    @property
    def durable(self) -> bool:
        """Whether what is remembered survives this process."""
        ...

    async def applied(self, environment: str) -> Mapping[Key, Applied]:
        """What was last applied, per key."""
        ...

    async def record_applied(self, key: Key, generation: str, commit: str, config_digest: str) -> None: ...

    async def forget(self, key: Key) -> None:
        """Drop what is remembered of a key that is gone; its events stay."""
        ...

    async def add(self, event: Event) -> None:
        """Append to the journal. The oldest entries go when it is full."""
        ...

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
        """The journal, newest first. ``key`` brings its own environment."""
        ...

    async def transition(self, key: Key, state: tuple[str, ...]) -> datetime:
        """Note the state of a key and say since when it has been so; an unchanged state keeps its time."""
        ...

    async def conditions(self, environment: str) -> Mapping[Key, Condition]:
        """What `transition` noted last, per key."""
        ...

    async def approve(self, environment: str, digest: str, by: str) -> None: ...

    async def withdraw(self, environment: str, digest: str) -> bool:
        """Take an approval back, or use it up. Says whether there was one."""
        ...

    async def approvals(self, environment: str) -> tuple[Approval, ...]:
        """Who let what through, newest first."""
        ...

    async def approved(self, environment: str) -> frozenset[str]:
        """The digests of the plans that were let through."""
        ...

    async def suspend(
        self, environment: str, what: str, by: str, reason: str = "", until: datetime | None = None
    ) -> None:
        """Pause ``what`` (see `Suspension`); a second time replaces the first."""
        ...

    async def resume(self, environment: str, what: str) -> bool:
        """End a suspension. Says whether there was one."""
        ...

    async def suspended(self, environment: str) -> Mapping[str, Suspension]:
        """The suspensions in force now, by what they pause."""
        ...

    async def told(self, receiver: str) -> Mapping[str, str]:
        """What a receiver of notifications was told last: subject → state."""
        ...

    async def record_told(self, receiver: str, subject: str, state: str) -> None: ...

    async def aclose(self) -> None:
        """Release the medium; a later call opens it again."""
        ...

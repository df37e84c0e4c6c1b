"""The service that this very process is a task of. It is changed after everything else, and once AWS replaces
this process nothing more is sent: what is left is the successor's, which finds it by looking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, field

from apollo.api import Key
from apollo.engine.graph import Graph
from apollo.engine.queue import KeyedQueue
from apollo.engine.seen import Member

__all__ = ["Last", "Leaving"]

_PATIENCE = 300.0
"""Seconds after which others are not waited for any more: in a large environment something is always due."""
_LEAVING = 120.0
"""Seconds for which nothing is sent once AWS replaces this process. Is it still there then, AWS has failed to
start the successor, and Apollo goes on."""


@define
class Leaving:
    """Whether this process is being replaced; one for all environments that it serves.

    :ivar until: monotonic time until which nothing is sent.
    """

    until: float = float("-inf")


@define
class Last:
    """Holds one group back while others are at work. ``now`` is a monotonic time in seconds."""

    graph: Graph
    queue: KeyedQueue
    process: Leaving
    _since: float | None = field(default=None, init=False)
    _sent: bool = field(default=False, init=False)

    def waits(self, group: str, keys: Sequence[object], now: float) -> bool:
        """Whether a group is our own service's, and another one is about to be worked on."""
        if not self.graph.last.intersection(keys):
            return False
        if not self._busy(group, now):
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since < _PATIENCE

    def _busy(self, group: str, now: float) -> bool:
        users = {user for key in self.graph.last for user in self.graph.users(key) | self.graph.before(key)}
        own = {group, *(self.graph.group_of[user] for user in users)}
        if any(one not in own and not one.startswith("@") for one in self.queue.running):
            return True
        due = {name: self.queue.due(name) for name in self.graph.groups if name not in own}
        return any(at is not None and at <= now for at in due.values())

    def sent(self, key: Key) -> None:
        """A call was answered."""
        self._sent |= key in self.graph.last

    def seen(self, members: Iterable[Member], now: float) -> None:
        """A group was looked at, and acted on. Was it our own service, then AWS may replace this process by
        what was sent. A rollout that a predecessor began has put this one into its place."""
        for member in members:
            if self._sent and member.key in self.graph.last:
                self._sent = False
                if member.plan.wait is not None:
                    self.process.until = now + _LEAVING

    def leaving(self, now: float) -> bool:
        """Whether nothing is to be sent, since this process is being replaced."""
        return now < self.process.until

"""Which notices are news to one receiver: what it was told last decides, also after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, evolve, field, frozen

from apollo.notify.notice import BAD, Notice

__all__ = ["Filter", "Transitions"]

_SILENT: Final = "Synced"
"""Not told, but remembered: what is wrong after it is news again."""


def _has(wanted: frozenset[str] | None, value: str) -> bool:
    return wanted is None or value in wanted


@frozen
class Filter:
    """Which notices somebody wants; None: all."""

    events: frozenset[str]
    environments: frozenset[str] | None = None
    apps: frozenset[str] | None = None
    kinds: frozenset[str] | None = None

    def about(self, notice: Notice) -> bool:
        """Whether its subject is wanted, whatever happened."""
        kinds = not notice.kind or _has(self.kinds, notice.kind)
        return kinds and _has(self.environments, notice.environment) and _has(self.apps, notice.app)

    def wants(self, notice: Notice) -> bool:
        return notice.event in self.events and self.about(notice)


@define
class Transitions:
    """What one receiver was told last of each subject.

    :ivar known: subject → state. What is only seen and not told is kept in here; what is told is kept once it
        was sent (`keep`), so that a crash in between tells twice rather than never.
    """

    filter: Filter
    known: dict[str, str] = field(factory=dict)
    pending: dict[str, str] = field(factory=dict, init=False)

    @classmethod
    def load(cls, filter_: Filter, known: Mapping[str, str]) -> Transitions:
        return cls(filter_, dict(known))

    def news(self, notice: Notice) -> Notice | None:
        """What to tell, if anything. ``Synced`` becomes ``Recovered`` where something bad was told before."""
        if not self.filter.about(notice):
            return None
        subject = notice.subject
        before = self.pending.get(subject, self.known.get(subject, ""))
        told = before.partition(" ")[0]
        if notice.event == _SILENT and told in BAD:
            notice = evolve(notice, event="Recovered", reason="")
        if notice.event == "Recovered" and told not in BAD:
            return None
        if notice.state == before:
            return None
        if not self.filter.wants(notice):
            # Seen, not told. Only the end of something bad counts: what is bad again after it is news.
            if notice.event in (_SILENT, "Recovered", "RolloutFinished") and told in BAD:
                self.pending[subject] = _SILENT
            return None
        self.pending[subject] = notice.state
        return notice

    def keep(self, notice: Notice) -> None:
        """It was sent, or given up on."""
        self.known[notice.subject] = notice.state
        if self.pending.get(notice.subject) == notice.state:
            del self.pending[notice.subject]

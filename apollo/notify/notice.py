"""What is told: one transition of one resource, or of the reading of one app."""

from __future__ import annotations

import hashlib
import string
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from apollo.telemetry import redact

__all__ = ["BAD", "Notice", "sentence"]

BAD: Final = frozenset(
    {"RolloutFailed", "RolledBack", "Degraded", "Failed", "Held", "Drifted", "SourceFailed"}
)
"""What something can recover from."""

_SAID: Final = {
    "RolloutStarted": "is being rolled out",
    "RolloutFinished": "is rolled out and healthy",
    "RolloutFailed": "could not be rolled out",
    "RolledBack": "was rolled back",
    "Degraded": "is unhealthy",
    "Failed": "failed",
    "Held": "is held",
    "Drifted": "was changed outside of git",
    "Deleted": "was deleted",
    "SourceFailed": "cannot be read from git",
    "Recovered": "is in sync and healthy again",
}


@frozen
class Notice:
    """One transition. Holds no secret: its texts are redacted when it is made.

    :ivar event: as in `apollo.settings.NotificationEvent`. :ivar at: when, in UTC.
    :ivar seconds: how long a rollout took; 0 elsewhere.
    """

    event: str
    environment: str
    at: datetime
    kind: str = ""
    name: str = ""
    app: str = ""
    reason: str = ""
    message: str = field(default="", converter=redact)
    commit: str = ""
    generation: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """``Kind/name``; empty where it is about an app or the environment."""
        return f"{self.kind}/{self.name}" if self.kind else ""

    @property
    def subject(self) -> str:
        """What it is about, within all environments."""
        return f"{self.environment} {self.key or 'app/' + self.app}"

    @property
    def state(self) -> str:
        """What is compared with the last one of its subject: equal means no news."""
        said = hashlib.sha256(self.message.encode()).hexdigest()[:8] if self.event == "SourceFailed" else ""
        return " ".join((self.event, self.reason, self.generation, said)).rstrip()

    @property
    def id(self) -> str:
        """The same for the same transition, so that whoever gets it twice can tell."""
        text = f"{self.subject} {self.state} {self.commit}"
        return "apollo_" + hashlib.sha256(text.encode()).hexdigest()[:24]

    def to_dict(self) -> dict[str, Any]:
        """The stable machine form."""
        return {
            "apiVersion": "apollo/v1",
            "kind": "Notice",
            "id": self.id,
            "event": self.event,
            "environment": self.environment,
            "app": self.app,
            "key": self.key,
            "reason": self.reason,
            "message": self.message,
            "commit": self.commit,
            "generation": self.generation,
            "seconds": round(self.seconds, 3),
            "at": self.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }

    def text(self, template: str | None = None) -> str:
        """For people: the template filled in, or one plain sentence."""
        if template is None:
            return sentence(self)
        values = {name: str(value) for name, value in self.to_dict().items()}
        values |= {"kind": self.kind, "name": self.name, "seconds": f"{self.seconds:.0f}"}
        return string.Template(template).safe_substitute(values)


def sentence(notice: Notice) -> str:
    """``stage: Service/web is rolled out and healthy (1a2b3c4, 42 s)``."""
    what = notice.key or (f"app {notice.app}" if notice.app else "the configuration")
    short = [notice.commit[:7]] if notice.commit else []
    took = [f"{notice.seconds:.0f} s"] if notice.seconds else []
    where = f" ({', '.join([*short, *took])})" if short or took else ""
    text = f"{notice.environment}: {what} {_SAID.get(notice.event, notice.event)}{where}"
    return f"{text}: {notice.message}" if notice.message else text

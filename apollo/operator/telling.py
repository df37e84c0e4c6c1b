"""Events as log lines: one event, one line, with what it is about as fields."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from apollo import telemetry
from apollo.engine.events import Event

__all__ = ["log"]

_log = logging.getLogger("apollo")

_LEVELS: Mapping[str, int] = {
    "SourceFailed": logging.ERROR,
    "Failed": logging.ERROR,
    "RolledBack": logging.ERROR,
    "RolloutFailed": logging.WARNING,
    "Degraded": logging.WARNING,
    "Held": logging.WARNING,
    "Drifted": logging.WARNING,
    "Acting": logging.DEBUG,
}


def log(event: Event) -> None:
    """Write one line. The handlers redact; see `apollo.telemetry`."""
    # RolledBack is read as "rolled back".
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", event.type).lower()
    parts = [words if event.type != "Acted" else event.call]
    if event.key is not None:
        parts.append(str(event.key))
    if event.reason and event.reason.lower() != event.type.lower():
        parts.append(f"({event.reason})")
    text = " ".join(parts) + (f": {event.message}" if event.message else "")
    if event.type == "Acting":
        telemetry.answered("")
    fields = {
        "environment": event.environment,
        "app": event.app or None,
        "key": str(event.key) if event.key else None,
        "commit": event.commit or None,
        # AWS's id of the call that the line tells of. A look is made of many, and names only what failed.
        "request_id": telemetry.last_request() or None if event.type in ("Acted", "Failed") else None,
    }
    _log.log(_LEVELS.get(event.type, logging.INFO), "%s", text, extra=fields)

"""What happened, told to whoever listens. Handlers hear of it afterwards and cannot block."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from apollo.api import Key

__all__ = ["Event", "EventType"]

EventType = Literal[
    "Snapshot",  # a new commit is in force
    "SourceFailed",  # git or a file is broken; the last good commit stays
    "SourceRecovered",  # what was broken can be read again
    "Acting",  # a mutating call is about to be sent
    "Acted",  # it was answered
    "Progress",  # AWS is converging
    "RolloutStarted",  # AWS brings about a generation that was not in force yet
    "RolloutFinished",  # it is in force, after so many seconds
    "RolloutFailed",  # AWS went back, or it is not over in time; Apollo goes on looking
    "Synced",  # AWS equals git, and is healthy
    "Drifted",  # AWS was changed behind Apollo's back
    "RolledBack",  # AWS refused this generation and went back
    "Degraded",  # equal, but unhealthy
    "Held",  # a gate stops it
    "Failed",  # an error; retried or not as the message says
    "Deleted",  # gone from git, and deleted from AWS
]


@frozen
class Event:
    """One thing that happened to one resource, or to the environment when ``key`` is None."""

    type: EventType
    environment: str
    key: Key | None = None
    app: str = ""
    reason: str = ""
    message: str = ""
    commit: str = ""
    generation: str = ""
    call: str = ""
    """``service:Operation`` of the mutating call, for Acting and Acted."""
    seconds: float = 0.0
    """How long it took, where a rollout ends."""

"""What a gate is asked, and what it may answer."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import frozen

from apollo.api.desired import Resource
from apollo.api.names import Env, Identity, Key
from apollo.api.plan import Step
from apollo.settings import Allow, Sync

__all__ = ["Allowed", "Denied", "Gate", "Held", "Proposal", "PruneScope", "Verdict"]


@frozen
class PruneScope:
    """How much a sync would delete in one app. Counts services, and objects that belong to none."""

    deleting: int
    existing: int
    complete: bool
    """Whether every list behind these numbers was read to its end, and every file of the app was loaded."""
    why_incomplete: str = ""


@frozen
class Proposal:
    """What the engine is about to do to one resource; a gate may only look."""

    key: Key
    app: str
    env: Env
    sync: Sync
    allow: Allow
    steps: tuple[Step, ...]
    want: Resource[Any] | None
    seen: Any
    identity: Identity | None = None
    owner: str | None = None
    """The live ownership tag."""
    rejected: str | None = None
    prune: PruneScope | None = None
    live_prune: str = "auto"
    """The live ``apollo:prune`` tag, for what git does not hold any more."""
    drifted: bool = False
    """True when this generation was applied before, and AWS was changed since."""
    approved: bool = False
    """Somebody let exactly this plan through."""
    manual: bool = False
    """A person typed the command, and prunes or not by ``sync.prune``."""
    digest: str = ""
    """The plan's digest, for messages that say how to let it through; empty where there is nothing to do."""
    suspended: str = ""
    """Why a person suspended this with ``apollo suspend`` (who, reason, until); empty when nobody did."""
    own: bool = False
    """Apollo itself runs on it: its service, its cluster, its task definition."""


@frozen
class Allowed:
    """Go on."""


@frozen
class Held:
    """Not now. ``until`` names what lets it pass; ``quiet`` holds are by configuration and no failure.

    ``parts``: only the steps that prune a part of the resource (`Step.prunes`) are held: they are left out of
    the plan, and their changes are told as ignored.
    """

    reason: str
    message: str
    until: str = ""
    quiet: bool = False
    parts: bool = False


@frozen
class Denied:
    """Not at all: git or the configuration has to change."""

    reason: str
    message: str
    hint: str = ""


Verdict = Allowed | Held | Denied


class Gate(Protocol):
    """May stop a plan; has no way to act. Registered in the entry-point group ``apollo.gates``."""

    name: str

    def check(self, proposal: Proposal) -> Verdict: ...

"""What the manifest says about its own treatment: suspended, never pruned, pruned after a confirmation."""

from __future__ import annotations

from apollo.api import Allowed, Held, Proposal, Verdict
from apollo.gates.base import approve, located, only_parts, removes

__all__ = ["LifecycleGate"]


class LifecycleGate:
    """``lifecycle.suspend`` and ``lifecycle.prune``, and what a person suspended by command.

    For an object whose manifest is gone, the live ``apollo:prune`` tag speaks in its place.
    """

    name = "lifecycle"

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.steps:
            return Allowed()
        if proposal.suspended:
            return Held(
                "Suspended",
                f"{proposal.key} is suspended: {proposal.suspended}",
                until=f"apollo resume {proposal.key}",
            )
        want = proposal.want
        if want is not None and want.lifecycle.suspend:
            return Held(
                "Suspended",
                f"{located(proposal)} is suspended by its manifest",
                until="lifecycle.suspend is taken out of the manifest",
            )
        if not removes(proposal):
            return Allowed()
        prune = proposal.live_prune if want is None else want.lifecycle.prune
        if prune == "never":
            return Held(
                "PruneNever",
                f"{proposal.key} is kept: its lifecycle says prune: never",
                until="its tag apollo:prune is removed",
                quiet=True,
                parts=only_parts(proposal),
            )
        if prune == "confirm" and not proposal.approved:
            return Held(
                "PruneUnconfirmed",
                f"{proposal.key} is deleted only after a confirmation: its lifecycle says prune: confirm",
                until=approve(proposal),
            )
        return Allowed()

"""When an object that git does not hold any more may be deleted."""

from __future__ import annotations

import math

from apollo.api import Allowed, Held, Proposal, PruneScope, Verdict
from apollo.gates.base import approve, only_parts

__all__ = ["PruneGate"]


class PruneGate:
    """``sync.prune`` and ``sync.maxPrune``. Never deletes on the strength of a list that may be incomplete;
    no approval lifts that."""

    name = "prune"

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.sync.prune and only_parts(proposal):
            return Held(
                "PruneDisabled",
                "not in git, and kept: sync.prune is off",
                until=_on(proposal),
                quiet=True,
                parts=True,
            )
        if proposal.want is not None or not proposal.steps:
            return Allowed()
        scope = proposal.prune
        why = (scope and scope.why_incomplete) or "not everything could be read"
        if not proposal.sync.prune:
            gone = f"{proposal.key} is not in git any more and is kept:"
            if scope is not None and not scope.complete:
                gone = f"{proposal.key} is kept: {_where(proposal)} is not known completely ({why}), and"
            return Held("PruneDisabled", f"{gone} sync.prune is off", until=_on(proposal), quiet=True)
        if scope is None or not scope.complete:
            return Held(
                "PruneIncomplete",
                f"{proposal.key} is kept: {_where(proposal)} is not known completely ({why})",
                until="everything is readable again",
            )
        if proposal.live_prune == "never":
            return Allowed()  # the lifecycle gate keeps it, and it does not count
        most = _most(proposal.sync.maxPrune, scope.existing)
        if scope.deleting > most and not proposal.approved:
            return Held("PruneCapped", _capped(proposal, scope, most), until=approve(proposal))
        return Allowed()


def _on(proposal: Proposal) -> str:
    return f"sync.prune: true in environment {proposal.env.name}, or apollo apply --prune"


def _most(cap: int | float, existing: int) -> int:
    """How many may go at once. One always may; a share is rounded down."""
    # 29 % of 100 is 28.999… in binary; the little extra keeps whole results whole.
    count = math.floor(cap * existing + 1e-9) if isinstance(cap, float) else cap
    return max(1, count)


def _capped(proposal: Proposal, scope: PruneScope, most: int) -> str:
    cap = proposal.sync.maxPrune
    written = f"{cap:.4%}".rstrip("%").rstrip("0").rstrip(".") + "%" if isinstance(cap, float) else str(cap)
    return (
        f"{scope.deleting} of {scope.existing} in {_where(proposal)} would be deleted, and "
        f"sync.maxPrune: {written} allows {most} without approval; "
        f"`{approve(proposal)}` lets this plan through"
    )


def _where(proposal: Proposal) -> str:
    """What is counted: the app, or all of the environment where nobody remembers the app."""
    return f"app {proposal.app}" if proposal.app else f"environment {proposal.env.name}"

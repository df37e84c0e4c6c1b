"""Whether the environment is synced by itself, and whether a change behind Apollo's back is healed."""

from __future__ import annotations

from apollo.api import Allowed, Held, Proposal, Verdict
from apollo.gates.base import approve

__all__ = ["SyncGate"]


class SyncGate:
    """``sync.automated`` and ``sync.selfHeal``. A person's own command and an approved plan pass."""

    name = "sync"

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.steps or proposal.manual or proposal.approved:
            return Allowed()
        sync = proposal.sync
        if not sync.automated:
            return Held(
                "NotAutomated",
                f"{proposal.key} differs from git; environment {proposal.env.name} only plans "
                "(sync.automated is off)",
                until=f"apollo apply -e {proposal.env.name}, or {approve(proposal)}",
                quiet=True,
            )
        if proposal.drifted and sync.selfHeal is not True:
            written = "warn" if sync.selfHeal == "warn" else "false"
            return Held(
                "Drifted",
                f"{proposal.key} was changed outside git and is left so (sync.selfHeal: {written})",
                until=f"apollo apply -e {proposal.env.name}, or {approve(proposal)}",
                quiet=sync.selfHeal is False,
            )
        return Allowed()

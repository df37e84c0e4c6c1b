"""What AWS has rolled back once is not tried again unchanged."""

from __future__ import annotations

from apollo.api import Allowed, Held, Proposal, Verdict

__all__ = ["QuarantineGate"]


class QuarantineGate:
    """Holds a generation that AWS rejected. No approval lifts it: the digest of the plan would be the same
    after the next rollback, and the rollout would start over for ever."""

    name = "quarantine"

    def check(self, proposal: Proposal) -> Verdict:
        if proposal.rejected is None or not proposal.steps:
            return Allowed()
        return Held(
            "Quarantined",
            f"{proposal.key} is not tried again as it is: {proposal.rejected or 'AWS rejected it'}",
            until="a commit that changes it",
        )

"""Apollo does not take away what it runs on, unless a person says so."""

from __future__ import annotations

from apollo.api import Allowed, Held, Proposal, Step, Verdict
from apollo.gates.base import approve

__all__ = ["SelfGate"]


class SelfGate:
    """Holds what would end this process for good: to delete its service, its cluster or its task definition,
    to make them anew, or to run none of its tasks. An ordinary update is no end: a successor goes on."""

    name = "self"

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.own or proposal.approved:
            return Allowed()
        ending = next((step for step in proposal.steps if _ends(step)), None)
        if ending is None:
            return Allowed()
        what = {"delete": "deleted", "replace": "deleted and made anew"}.get(ending.verb, "without a task")
        return Held(
            "SelfDestruct",
            f"{proposal.key} is what Apollo itself runs on, and would be {what}, with nobody left to go on; "
            f"`{approve(proposal)}` lets this plan through",
            until=approve(proposal),
        )


def _ends(step: Step) -> bool:
    goes = step.verb in ("delete", "replace") and not step.prunes
    return goes or step.call.params.get("desiredCount") == 0

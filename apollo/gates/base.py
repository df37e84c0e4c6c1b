"""What the gates share: who deletes, and how a held plan is let through."""

from __future__ import annotations

from apollo.api import Proposal

__all__ = ["approve", "located", "only_parts", "removes"]


def removes(proposal: Proposal) -> bool:
    """Whether the proposal takes an object away for good: git does not hold it any more, or its old self is
    left behind under another name. A delete that makes room for its replacement has the verb ``replace``."""
    if proposal.want is None:
        return bool(proposal.steps)
    return any(step.verb == "delete" for step in proposal.steps)


def only_parts(proposal: Proposal) -> bool:
    """Whether what goes are parts of an object that itself stays."""
    return proposal.want is not None and any(step.prunes for step in proposal.steps)


def approve(proposal: Proposal) -> str:
    """The command that lets exactly this plan through."""
    return f"apollo approve {proposal.digest or 'DIGEST'} -e {proposal.env.name}"


def located(proposal: Proposal) -> str:
    """The key, with the file and line that ask for it where there is one."""
    origin = str(proposal.want.origin) if proposal.want is not None else ""
    return f"{origin}: {proposal.key}" if origin else str(proposal.key)

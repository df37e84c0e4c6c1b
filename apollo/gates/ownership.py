"""Nothing without our ownership tag is changed or deleted, unless the manifest adopts it."""

from __future__ import annotations

from typing import Any

from apollo.api import Allowed, Denied, Proposal, Resource, Verdict
from apollo.gates.base import located

__all__ = ["OwnershipGate"]

_REASON = "Conflict"


class OwnershipGate:
    """Compares the live ``apollo:owner`` tag with ours.

    ``lifecycle.adopt: true`` takes an object that is nobody's; ``adopt: {from: OWNER}`` takes it from exactly
    that owner and from no other.
    """

    name = "ownership"

    def check(self, proposal: Proposal) -> Verdict:
        ours = proposal.env.owner(proposal.key)
        if proposal.owner == ours:
            return Allowed()
        if proposal.want is None:
            return _deletion(proposal, ours) if proposal.steps else Allowed()
        if proposal.seen is None:
            return Allowed()
        if not proposal.owner:
            return _unowned(proposal, proposal.want)
        return _owned_by_another(proposal, proposal.want, proposal.owner)


def _deletion(proposal: Proposal, ours: str) -> Denied:
    theirs = f"belongs to {proposal.owner}" if proposal.owner else "carries no ownership tag"
    return Denied(_REASON, f"{_object(proposal)} is not deleted: it {theirs}, not to {ours}")


def _unowned(proposal: Proposal, want: Resource[Any]) -> Verdict:
    adopt = want.lifecycle.adopt
    if adopt is True:
        return Allowed()
    if adopt:
        return Denied(
            _REASON,
            f"{located(proposal)}: {_object(proposal)} is to be adopted from {adopt}, but nobody owns it",
            hint="lifecycle.adopt: true takes what nobody owns",
        )
    return Denied(
        _REASON,
        f"{located(proposal)}: {_object(proposal)} exists already and was not made by Apollo",
        hint="lifecycle.adopt: true takes it over as it is; or choose another name",
    )


def _owned_by_another(proposal: Proposal, want: Resource[Any], theirs: str) -> Verdict:
    adopt = want.lifecycle.adopt
    if adopt == theirs:
        return Allowed()
    message = f"{located(proposal)}: {_object(proposal)} belongs to {theirs}"
    if adopt is True:
        message += "; adopt: true takes only what nobody owns"
    elif adopt:
        message += f", and lifecycle.adopt takes it only from {adopt}"
    return Denied(
        _REASON,
        message,
        hint=f"to move it here, take it out of the other place and write lifecycle.adopt: {{from: {theirs}}}",
    )


def _object(proposal: Proposal) -> str:
    return str(proposal.identity or proposal.key)

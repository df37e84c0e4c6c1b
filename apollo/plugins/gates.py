"""The gates that are installed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from apollo.api import Allowed, Denied, Gate, Held, Proposal, Verdict
from apollo.errors import ApolloError
from apollo.plugins.found import OURS, Claim, Unloadable, allowed, claims, instance, not_installed, plain

__all__ = ["GROUP", "discover_gates"]

GROUP: Final = "apollo.gates"


class _BrokenGate:
    """Stands in for an installed gate that does not load: what it would have stopped must not pass."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.steps:
            return Allowed()
        return Held("GateBroken", f"gate {self.name} does not load: {self._why}", until="it is repaired")


class _WalledGate:
    """An installed gate of a stranger, run in a thread of its own: it may raise, or never answer. Whatever is
    no verdict lets nothing pass."""

    def __init__(self, gate: Gate, origin: str) -> None:
        self.name = gate.name
        self._gate = gate
        self._origin = origin

        from apollo.plugins.cell import Cell  # late: checking manifests needs no event loop

        self._cell = Cell(f"gate {gate.name} of {origin}")

    def check(self, proposal: Proposal) -> Verdict:
        try:
            answer: object = self._cell.call("check", self._gate.check, proposal)
        except ApolloError as error:
            return self._held(error.message)
        except BaseException as error:
            return self._held(f"it failed: {type(error).__name__}: {error}")
        if isinstance(answer, Allowed | Held | Denied):
            return answer
        return self._held(f"it answered {answer if answer is None else type(answer).__name__}")

    def _held(self, why: str) -> Verdict:
        message = f"gate {self.name} of {self._origin} gave no verdict: {why}"
        return Held("GateFailed", message, until="it is repaired")


def discover_gates(*, allow: Collection[str] | None = None) -> tuple[Gate, ...]:
    """Every installed gate, Apollo's own first. A gate only ever stops, so all that are found apply.

    :param allow: the packages whose gates apply beside Apollo's own; None: every installed one.
    :raises ApolloError: when one of Apollo's own is broken. A broken gate of a plugin holds everything.
    """
    permitted = None if allow is None else frozenset(map(plain, allow))
    found = [claim for claim in claims(GROUP) if allowed(claim, permitted)]
    if not any(claim.builtin and claim.kind for claim in found):
        raise not_installed("gates")
    found.sort(key=lambda claim: (not claim.builtin, claim.distribution, claim.kind))
    return tuple(_gate(claim) for claim in found)


def _gate(claim: Claim) -> Gate:
    made = instance(claim)
    if isinstance(getattr(made, "name", None), str) and callable(getattr(made, "check", None)):
        gate: Gate = made
        return gate if claim.builtin else _WalledGate(gate, claim.origin)
    why = made.why if isinstance(made, Unloadable) else f"{type(made).__name__} has no name and check"
    if claim.builtin:
        raise ApolloError(
            f"Apollo's own gate {claim.kind} does not load: {why}",
            code="APO-PLUGIN-006",
            hint=f"pip install --force-reinstall {OURS}",
        )
    return _BrokenGate(f"{claim.kind or '?'} of {claim.origin}", why)

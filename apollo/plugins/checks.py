"""What makes a loaded object a controller that can be used, and the words for one that cannot."""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

from apollo.api import API_VERSION, Controller, Spec, Terminal
from apollo.plugins.found import Claim, Unloadable, instance

__all__ = ["Fault", "State", "load", "wrong"]

State = Literal["loaded", "available", "broken", "incompatible", "duplicate", "blocked"]


@frozen
class Fault:
    """What speaks against a claim, and what to do about it."""

    state: State
    message: str
    code: str
    hint: str = ""

    def error(self) -> Terminal:
        return Terminal(self.message, code=self.code, hint=self.hint, reason="NoController")


def load(claim: Claim) -> Controller[Any, Any] | Fault:
    """Import and check what a claim names."""
    found = instance(claim)
    if isinstance(found, Unloadable):
        return Fault(
            "broken",
            f"kind {claim.kind} of {claim.origin} does not load: {found.why}",
            "APO-PLUGIN-002",
            f"update or repair {claim.distribution}; what it made in AWS is left alone meanwhile",
        )
    return wrong(found, claim.kind, claim.origin) or found


def wrong(controller: Any, kind: str, origin: str) -> Fault | None:
    """What makes an object no controller of this kind."""

    def broken(what: str) -> Fault:
        return Fault("broken", f"kind {kind} of {origin} cannot be used: {what}", "APO-PLUGIN-002")

    if not isinstance(controller, Controller):
        return broken(f"{type(controller).__name__} is no apollo.api.Controller")
    written_for = getattr(controller, "api_version", 1)
    if written_for != API_VERSION:
        return Fault(
            "incompatible",
            f"kind {kind} of {origin} was written for version {written_for} of apollo.api; this is version "
            f"{API_VERSION}",
            "APO-PLUGIN-003",
            "install a version of the plugin that fits this version of Apollo",
        )
    declared = getattr(controller, "kind", None)
    if not kind or declared != kind:
        return broken(f"its controller is of kind {declared!r}")
    spec_type = getattr(controller, "spec_type", None)
    if not (isinstance(spec_type, type) and issubclass(spec_type, Spec)):
        return broken("its spec_type is no subclass of apollo.api.Spec")
    missing = [
        name
        for name in ("identity", "observe", "diff")
        if getattr(getattr(controller, name), "__isabstractmethod__", False)
    ]
    return broken(f"it does not implement {', '.join(missing)}") if missing else None

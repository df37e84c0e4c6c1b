"""A change that AWS cannot make in place needs the manifest's permission."""

from __future__ import annotations

from apollo.api import Allowed, Denied, Proposal, Verdict
from apollo.gates.base import located

__all__ = ["ReplaceGate"]


class ReplaceGate:
    """``lifecycle.replace``: deny (the default) or allow."""

    name = "replace"

    def check(self, proposal: Proposal) -> Verdict:
        replacing = [step for step in proposal.steps if step.verb == "replace"]
        if not replacing or (proposal.want is not None and proposal.want.lifecycle.replace == "allow"):
            return Allowed()
        paths = dict.fromkeys(change.path for step in replacing for change in step.changes)
        what = f"AWS cannot change {', '.join(paths)} in place" if paths else "AWS cannot change it in place"
        return Denied(
            "ReplaceDenied",
            f"{located(proposal)}: {what}; the object would be deleted and made anew",
            hint="undo the change, or write beside spec: lifecycle: {replace: allow}",
        )

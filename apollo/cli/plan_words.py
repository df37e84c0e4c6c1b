"""The words and values of a plan, shared by the text and the markdown form."""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from apollo.api import Change
from apollo.cli.text import clean, short
from apollo.compare import redacted
from apollo.engine.plan import Action, Plan, ResourcePlan

__all__ = ["LONGEST", "SYMBOLS", "About", "as_shown", "both", "is_quiet", "restarting", "summary_words"]

SYMBOLS: dict[Action, str] = {
    "create": "+",
    "update": "~",
    "replace": "-/+",
    "adopt": "@",
    "delete": "-",
    "none": " ",
}

LONGEST = 400  # characters of one value; the whole of it is in -o json


@frozen
class About:
    """What a plan's header says beyond the plan: where in AWS it was looked."""

    account: str = ""
    region: str = ""
    cluster: str = ""

    def words(self, plan: Plan) -> list[str]:
        commit = plan.commit
        if plan.dirty and not commit.endswith("-dirty"):
            commit += "-dirty"
        said = [
            f"account {clean(self.account)}" if self.account else "",
            clean(self.region),
            f"cluster {clean(self.cluster)}" if self.cluster else "",
            f"commit {short(commit)}" if commit else "",
        ]
        return [word for word in said if word]


def as_shown(value: Any) -> str:
    """One value on one line; what is secret is masked before it comes here."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = clean(text) if text else '""'
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def both(change: Change) -> tuple[str | None, str | None]:
    """Before and after, as text; None where the field is absent."""
    shown = redacted(change)
    return (
        None if shown.before is None else as_shown(shown.before),
        None if shown.after is None else as_shown(shown.after),
    )


def is_quiet(item: ResourcePlan) -> bool:
    """Held by configuration only: nothing is wrong."""
    return bool(item.findings) and all(finding.decision == "skip" for finding in item.findings)


def restarting(plan: Plan) -> list[str]:
    """The resources whose running tasks are replaced or stopped by acting."""
    return [str(item.key) for item in plan.sending if item.disruptive]


def summary_words(plan: Plan) -> list[str]:
    """``["1 to create", "2 to update"]``; empty when nothing is to be done."""
    counts = plan.summary()
    return [f"{counts[name]} to {name}" for name in counts if name != "unchanged" and counts[name]]

"""The words and values of a plan, shared by the text and the markdown form."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from apollo.api import Change, Forecast
from apollo.cli.text import clean, short
from apollo.compare import redacted
from apollo.engine.plan import Action, Finding, Plan, ResourcePlan

__all__ = [
    "LONGEST",
    "SYMBOLS",
    "About",
    "as_shown",
    "both",
    "causes",
    "compact",
    "drifted",
    "foreseen",
    "is_quiet",
    "let_through",
    "restarting",
    "span",
    "summary_words",
    "took",
]

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


def restarting(plan: Plan) -> list[ResourcePlan]:
    """The resources whose running tasks are replaced or stopped by acting."""
    return [item for item in plan.sending if item.disruptive]


def drifted(plan: Plan) -> list[str]:
    """The resources that differ because AWS was changed, not git."""
    return [str(item.key) for item in plan.resources if item.reason == "Drifted" and not is_quiet(item)]


def summary_words(plan: Plan) -> list[str]:
    """``["1 to create", "2 to update"]``; empty when nothing is to be done."""
    counts = plan.summary()
    return [f"{counts[name]} to {name}" for name in counts if name != "unchanged" and counts[name]]


def causes(plan: Plan, item: ResourcePlan) -> str:
    """Which fields tasks are replaced for: ``/containerDefinitions/app/image of TaskDefinition/web``."""
    by_key: dict[str, list[str]] = {}
    for key, path in plan.causes(item):
        by_key.setdefault("" if key == item.key else str(key), []).append(clean(path))
    said = []
    for owner, paths in by_key.items():
        shown = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
        said.append(f"{shown} of {clean(owner)}" if owner else shown)
    return "; ".join(said)


def let_through(finding: Finding) -> str:
    """What makes a gate let it pass, as a line of its own; empty when the gate does not say."""
    if not finding.until:
        return ""
    is_command = finding.until.startswith("apollo ")
    return f"{'to let it through' if is_command else 'until'}: {clean(finding.until)}"


# ── what is foreseen ─────────────────────────────────────────────────────────────────────────────────────


def foreseen(item: ResourcePlan) -> str:
    """The forecast in one line; empty when there is none."""
    forecast = item.forecast
    if forecast is None:
        return ""
    said = [clean(forecast.summary), took(forecast)]
    return "; ".join(part for part in said if part)


def took(forecast: Forecast) -> str:
    """``took 3m 20s (median of the last 5)``; empty when AWS tells of no rollout before."""
    if not forecast.took:
        return ""
    last = len(forecast.took)
    how = f"median of the last {last}" if last > 1 else "the last one"
    return f"took {span(statistics.median(forecast.took))} ({how})"


def span(seconds: float) -> str:
    """``45s``, ``3m 20s``, ``2h 5m``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    if minutes:
        return f"{minutes}m {left}s" if left else f"{minutes}m"
    return f"{left}s"


# ── what is made ─────────────────────────────────────────────────────────────────────────────────────────

_NAMED = re.compile(
    r"(.*/(?:environment|secrets|secretOptions|tags|dockerLabels|options|ulimits))/([^/]+)(?:/[^/]+)?"
)
"""Lists and maps of which the names say enough at a glance."""
_MATTERS = (
    *("image", "cpu", "memory", "memoryReservation", "portMappings", "environment", "secrets", "command"),
    *("cluster", "serviceName", "taskDefinition", "desiredCount", "launchType", "capacityProviderStrategy"),
    *("subnets", "securityGroups", "assignPublicIp", "loadBalancers", "targetGroupArn", "service"),
    *("minCapacity", "maxCapacity", "targetValue", "schedule", "listenerArn", "priority", "conditions"),
    *("actions", "family", "executionRoleArn", "taskRoleArn", "strategy", "minimumHealthyPercent"),
)
_ENOUGH = 14


def compact(changes: Sequence[Change], *, full: bool = False) -> tuple[list[tuple[str, str]], int]:
    """What is made, as rows of pointer and value, and how many fields are left out.

    Environment variables, secrets and tags go by their names in one row each. ``full``: nothing is left out.
    """
    rows: list[tuple[str, str]] = []
    folded: dict[str, list[str]] = {}
    for change in changes:
        _, after = both(change)
        found = None if full else _NAMED.fullmatch(change.path)
        if found:
            folded.setdefault(found[1], []).append(clean(found[2].replace("~1", "/").replace("~0", "~")))
            if len(folded[found[1]]) == 1:
                rows.append((found[1], ""))
            continue
        rows.append((change.path, after or ""))
    told = [(path, _some(folded[path]) if path in folded else value) for path, value in rows]
    if full or len(told) <= _ENOUGH:
        return told, 0
    keep = set(sorted(range(len(told)), key=lambda place: (_rank(told[place][0]), place))[:_ENOUGH])
    return [row for place, row in enumerate(told) if place in keep], len(told) - len(keep)


def _some(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    return ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")


def _rank(path: str) -> int:
    last = path.rsplit("/", 1)[-1]
    return _MATTERS.index(last) if last in _MATTERS else len(_MATTERS)

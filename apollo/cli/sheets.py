"""What other commands than plan say, as Markdown for comments, issues and incident notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from apollo.cli.markdown import code, fit, marker, sheet
from apollo.cli.status_text import event_message
from apollo.cli.text import short

if TYPE_CHECKING:
    from apollo.engine.status import EnvironmentStatus, ResourceStatus
    from apollo.errors import Problem
    from apollo.operator import Result
    from apollo.store import Event

__all__ = ["events_markdown", "problems_markdown", "resources_markdown", "result_markdown", "status_markdown"]

_ROOM = 60_000  # GitHub takes 65,536 characters


def _sheet(head: Sequence[str], rows: Iterable[Sequence[object]], room: int = _ROOM) -> str:
    """A table, as many whole rows of it as a comment takes."""
    first, line, *body = sheet(head, rows).split("\n")
    kept, cut = fit(body, room)
    text = "\n".join([first, line, *kept])
    return f"{text}\n\n*{cut} more left out here for lack of room; `-o json` has all.*" if cut else text


def problems_markdown(verdict: str, problems: Sequence[Problem], valid: bool) -> str:
    """What validate found. ``verdict`` is Apollo's own words."""
    parts = [marker("apollo-validate", ""), f"### Apollo validate: {verdict}"]
    if problems:
        rows = (
            (
                ":".join(str(part) for part in (one.file, one.line or "", one.column or "") if part),
                one.severity,
                f"{one.path}: {one.message}" if one.path else one.message,
                one.hint,
                one.code,
            )
            for one in problems
        )
        parts.append(_sheet(("place", "", "message", "hint", "code"), rows))
    elif valid:
        parts.append("Nothing to say about them.")
    return "\n\n".join(parts)


def status_markdown(environments: Sequence[EnvironmentStatus]) -> str:
    """Every environment with its resources, those first that need somebody."""
    parts = []
    room = _ROOM // max(1, len(environments))
    for one in environments:
        parts.append(marker("apollo-status", one.name))
        parts.append(f"### Apollo status of {code(one.name)}: {one.sync}, {one.health}")
        if one.commit:
            parts.append(f"commit {code(short(one.commit))}")
        if one.message:
            parts.append(code(one.message))
        errors = [error for app in one.apps for error in app.errors]
        parts += [
            f"- {code(f'{error.file}:{error.line}')} {code(error.message)} {code(error.code)}"
            for error in errors
        ]
        if one.resources:
            parts.append(resources_markdown(one.resources, room=room))
    return "\n\n".join(parts) or "no environments"


def resources_markdown(rows: Sequence[ResourceStatus], *, room: int = _ROOM) -> str:
    ordered = sorted(rows, key=lambda row: row.sync == "Synced" and row.health.status == "Healthy")
    head = ("resource", "app", "sync", "health", "reason", "message")
    cells = (
        (row.key, row.app, row.sync, row.health.status, row.reason, row.message or row.health.message)
        for row in ordered
    )
    return _sheet(head, cells, room)


def result_markdown(result: Result, verdict: str) -> str:
    """What became of a plan. ``verdict`` is Apollo's own words."""
    plan = result.plan
    parts = [
        marker("apollo-result", plan.environment),
        f"### Apollo apply to {code(plan.environment)}: {verdict}",
        f"commit {code(short(plan.commit))} · plan {code(plan.digest)}",
    ]
    rows = [
        (item.key, item.action, outcome.outcome, outcome.message)
        for item, outcome in zip(plan.resources, result.outcomes, strict=False)
        if item.steps or outcome.outcome != "Succeeded"
    ]
    if rows:
        parts.append(_sheet(("resource", "action", "outcome", "message"), rows))
    return "\n\n".join(parts)


def events_markdown(events: Sequence[Event]) -> str:
    """Entries of the journal."""
    rows = (
        (
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            event.environment,
            event.type,
            event.key or event.app or "-",
            short(event.commit) or "-",
            event_message(event),
        )
        for event in events
    )
    return _sheet(("time (UTC)", "environment", "type", "resource", "commit", "message"), rows)

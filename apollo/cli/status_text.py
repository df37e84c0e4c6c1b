"""Status as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apollo.cli.boundary import show_problem
from apollo.cli.plan_words import both, span
from apollo.cli.text import Paint, clean, clean_lines, short, table
from apollo.engine.plan import ResourcePlan
from apollo.engine.status import EnvironmentStatus, ResourceStatus

if TYPE_CHECKING:
    from apollo.store import Event

__all__ = ["ago", "event_message", "events_text", "resource_text", "resources_text", "status_text"]


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """``5m``, ``3h``, ``2d``: how long something has been so."""
    if moment is None:
        return ""
    seconds = max(0, int(((now or datetime.now(UTC)) - moment).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _sync(text: str, paint: Paint) -> str:
    return {"Synced": paint.green, "OutOfSync": paint.yellow}.get(text, paint.red)(clean(text))


def _health(text: str, paint: Paint) -> str:
    colours: dict[str, Callable[[str], str]] = {
        "Healthy": paint.green,
        "Progressing": paint.cyan,
        "Suspended": paint.yellow,
        "Missing": paint.yellow,
    }
    return colours.get(text, paint.red)(clean(text))


def status_text(environments: Iterable[EnvironmentStatus], paint: Paint) -> str:
    """Every environment: its roll-up, its apps, its resources with what is wrong."""
    return "\n\n".join(_environment(one, paint) for one in environments) or "no environments"


def _environment(one: EnvironmentStatus, paint: Paint) -> str:
    head = [paint.bold(clean(one.name)), _sync(one.sync, paint), _health(one.health, paint)]
    if one.commit:
        head.append(f"commit {short(one.commit)}")
    lines = [" · ".join(head)]
    if one.message:
        lines.append(f"  {paint.red(clean_lines(one.message))}")
    # What is kept without being in git may belong to no app that is known any more: it has its own row below.
    named = [app for app in one.apps if app.name]
    width = max((len(clean(app.name)) for app in named), default=0)
    for app in named:
        behind = f"  at {short(app.commit)}" if app.commit != one.commit and app.commit else ""
        if len(named) > 1 or app.errors or behind:
            state = f"{_sync(app.sync, paint)} · {_health(app.health, paint)}"
            lines.append(f"  {clean(app.name):<{width}}  {state}{behind}")
        lines += ["    " + line for error in app.errors for line in show_problem(error, paint).splitlines()]
    if one.resources:
        text = resources_text(one.resources, paint)
        lines += ["", *("  " + line for line in text.splitlines())]
    return "\n".join(lines)


def resources_text(
    rows: Sequence[ResourceStatus], paint: Paint, *, wide: bool = False, environments: bool = False
) -> str:
    """One line per resource. ``environments``: name the environment, too."""
    if not rows:
        return "no resources"
    head = ["RESOURCE", "APP", "SYNC", "HEALTH", "SINCE", "REASON", "MESSAGE"]
    if environments:
        head.insert(0, "ENVIRONMENT")
    if wide:
        head[-1:-1] = ["NEXT TRY", "OUTPUTS"]
    cells = [[paint.dim(one) for one in head]]
    for row in rows:
        line = [
            clean(row.key),
            clean(row.app),
            _sync(row.sync, paint),
            _health(row.health.status, paint),
            ago(row.since) or "-",
            clean(row.reason) or "-",
            clean(row.message),
        ]
        if environments:
            line.insert(0, clean(row.key.environment))
        if wide:
            outputs = ", ".join(f"{name}={value}" for name, value in row.outputs.items())
            line[-1:-1] = [row.next_try.strftime("%H:%M:%S") if row.next_try else "-", clean(outputs) or "-"]
        cells.append(line)
    return table(cells)


def resource_text(row: ResourceStatus, item: ResourcePlan, events: Sequence[Event], paint: Paint) -> str:
    """Everything about one resource."""
    facts = [
        ("Environment", clean(row.key.environment)),
        ("App", clean(row.app)),
        ("Sync", _sync(row.sync, paint)),
        ("Health", _health(row.health.status, paint)),
        ("Reason", clean(row.reason)),
        ("Message", clean(row.message)),
        ("Since", f"{row.since:%Y-%m-%d %H:%M:%S} UTC ({ago(row.since)})" if row.since else ""),
        ("Written in", clean(item.origin)),
        ("Waits for", clean(", ".join(map(str, item.blocked_by)))),
    ]
    lines = [paint.bold(clean(row.key)), table([fact for fact in facts if fact[1]], indent="  ")]
    if item.changes:
        lines.append(paint.bold("Differences"))
        for change in item.changes:
            before, after = both(change)
            lines.append(f"  {clean(change.path)}: {before or '(absent)'} → {after or '(absent)'}")
    if item.steps:
        lines.append(paint.bold("Calls that would settle them"))
        lines += [f"  {clean(step.call.service)} {clean(step.call.operation)}" for step in item.steps]
    for finding in item.findings:
        lines.append(f"  {paint.yellow(finding.decision)} by {clean(finding.gate)}: {clean(finding.message)}")
    if item.ignored:
        lines.append(paint.bold("Left alone"))
        lines += [f"  {clean(one.path)}: {clean(one.why)}" for one in item.ignored]
    if row.outputs:
        lines.append(paint.bold("Outputs"))
        lines.append(table([(clean(name), clean(value)) for name, value in row.outputs.items()], indent="  "))
    if events:
        lines.append(paint.bold("Events, newest first"))
        lines.append(events_text(events, paint, indent="  "))
    return "\n".join(lines)


def event_message(event: Event) -> str:
    """What an entry of the journal says, with how long it took."""
    said = event.message or event.reason or ", ".join(event.calls)
    return f"{said}, after {span(event.duration)}" if event.duration else said


def events_text(events: Iterable[Event], paint: Paint, *, indent: str = "") -> str:
    """One line per event."""
    rows = [
        (
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            clean(event.environment),
            clean(event.type),
            clean(event.key or event.app or "-"),
            short(event.commit) or "-",
            clean(event_message(event)),
        )
        for event in events
    ]
    head = tuple(
        paint.dim(one) for one in ("TIME (UTC)", "ENVIRONMENT", "TYPE", "RESOURCE", "COMMIT", "MESSAGE")
    )
    return table([head, *rows], indent=indent)

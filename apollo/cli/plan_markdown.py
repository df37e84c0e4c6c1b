"""A plan as a comment on a pull request: verdict first, details folded, as long as the host takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apollo.cli.markdown import block, code, fit, fold, marker
from apollo.cli.plan_words import (
    SYMBOLS,
    About,
    both,
    causes,
    compact,
    drifted,
    is_quiet,
    restarting,
    summary_words,
    took,
)
from apollo.cli.text import clean, short
from apollo.engine.plan import Finding, Plan, ResourcePlan

__all__ = ["GITHUB", "code", "plan_markdown"]

GITHUB = 65_000
"""GitHub takes comments of 65,536 characters, GitLab of 1,000,000."""
_SHORT = 72
_LEAST = 2_000


def plan_markdown(plan: Plan, about: About, limit: int = GITHUB, preflight: str = "") -> str:
    """The comment. Its first line is a hidden marker, by which a bot finds and replaces the comment.

    :param limit: characters at most. What has to go, goes by whole resources, and is counted.
    :param preflight: the section of ``--verify``, below the head.
    """
    room = max(limit, _LEAST) - 200
    head = "\n\n".join(
        [
            marker("apollo-plan", plan.environment),
            f"### Apollo plan for {code(plan.environment)}: {_verdict(plan)}",
            " · ".join(_facts(plan, about)),
        ]
    )
    room -= len(head) + len(preflight)
    rows = [item for item in plan.resources if item.settling or item.failure or item.blocked_by]
    # In the order of what must not be missing; shown in the order of reading.
    restarts, room = _section(list(_restarts(plan)), room, 0.3, "**Tasks are replaced or stopped**\n")
    errors, room = _section(list(_errors(plan)), room, 0.3, "**Errors, not analysed**\n")
    stopped, room = _section(list(_stopped(plan)), room, 0.3, "**Held**\n")
    table, room = _section([_row(item) for item in rows], room, 0.5, _HEAD) if rows else ("", room)
    calls = [
        f"{n}. {code(f'{step.call.service} {step.call.operation}')} {', '.join(map(code, step.keys))}"
        for n, step in enumerate(plan.steps, 1)
    ]
    called, room = _folded(calls, room, 0.4, f"Calls ({len(calls)}), in this order")
    ignored = [
        f"- {code(item.key)} {code(one.path)}: {code(one.why)}"
        for item in plan.resources
        for one in item.ignored
    ]
    left_alone, room = _folded(ignored, room, 0.3, f"Left alone ({len(ignored)})")
    fields = _fields([item for item in rows if item.shown], room)
    parts = (head, preflight, table, restarts, stopped, errors, called, fields, left_alone)
    return "\n\n".join(part for part in parts if part)


def _verdict(plan: Plan) -> str:
    words = summary_words(plan)
    verdict = ", ".join(words) if words else "no changes"
    if restarting(plan):
        verdict += ", **restarts tasks**"
    if moved := len(drifted(plan)):
        verdict += f", **{moved} drifted**"
    if plan.failed:
        verdict += ", **with errors**"
    if plan.stopped:
        verdict += ", **held**"
    return verdict


def _section(items: Sequence[str], room: int, share: float, head: str) -> tuple[str, int]:
    """A list with at most a share of the room, and the room that is left."""
    if not items:
        return "", room
    kept, cut = fit(items, int(max(0, room) * share) - len(head))
    if cut:
        kept.append(_more(cut) if not head.startswith("|") else f"\n{_more(cut)}")
    text = head + "\n".join(kept)
    return text, room - len(text)


def _more(cut: int) -> str:
    return f"*{cut} more {'is' if cut == 1 else 'are'} left out here for lack of room; `-o json` has all.*"


def _folded(items: Sequence[str], room: int, share: float, summary: str) -> tuple[str, int]:
    text, left = _section(items, room, share, "")
    return (fold(summary, text), left - len(summary) - 60) if text else ("", room)


def _facts(plan: Plan, about: About) -> Iterator[str]:
    if about.account:
        yield f"account {code(about.account)}"
    if about.region:
        yield code(about.region)
    if about.cluster:
        yield f"cluster {code(about.cluster)}"
    if plan.commit:
        yield f"commit {code(short(plan.commit))}"
    yield f"config {code(plan.config_digest)}"
    yield f"plan {code(plan.digest)}"
    yield f"{plan.summary()['unchanged']} unchanged"


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────

_HEAD = "| resource | action | what changes | forecast |\n|---|---|---|---|\n"


def _row(item: ResourcePlan) -> str:
    return f"| {code(item.key, cell=True)} | {_action(item)} | {_what(item)} | {_forecast(item)} |"


def _what(item: ResourcePlan) -> str:
    """The change itself where it is short, else which fields; why, where no field says it."""
    if item.failure is not None or not item.changes or is_quiet(item):
        return code(item.why, cell=True)
    said = []
    for change in item.changes[:4]:
        before, after = both(change)
        text = code(change.path, cell=True)
        if len(item.changes) <= 2 and len(before or "") + len(after or "") <= _SHORT:
            values = [code(value, cell=True) for value in (before, after) if value is not None]
            text += " " + " → ".join(values) if len(values) == 2 else ""
        said.append(text)
    more = f" and {len(item.changes) - 4} more" if len(item.changes) > 4 else ""
    return ", ".join(said) + more


def _forecast(item: ResourcePlan) -> str:
    forecast = item.forecast
    if forecast is None or not item.settling:
        return ""
    said = [code(part, cell=True) for part in (forecast.summary, took(forecast)) if part]
    if forecast.warnings:
        said.append(f"**{code(forecast.warnings[0], cell=True)}**")
    return "; ".join(said)


def _action(item: ResourcePlan) -> str:
    if item.failure is not None:
        return "**not analysed**"
    if not item.settling:
        return "waits"
    if is_quiet(item):
        return "left alone"
    text = f"{SYMBOLS[item.action]} {item.action}"
    if item.action in ("delete", "replace"):
        text = f"**{text}**"
    if item.reason == "Drifted":
        text += ", drifted"
    if item.findings:
        text += ", **held**"
    if item.disruptive:
        text += ", **restarts tasks**" if item.action != "delete" else ", **stops tasks**"
    return text


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────


def _restarts(plan: Plan) -> Iterator[str]:
    for item in restarting(plan):
        because = causes(plan, item)
        yield f"- {code(item.key)}" + (f": {code(because)}" if because else "")


def _stopped(plan: Plan) -> Iterator[str]:
    for finding in plan.findings:
        if finding.decision == "skip":
            continue
        word = "denied" if finding.decision == "deny" else "held"
        yield f"- {code(finding.key)} {word} by {code(finding.gate)}: {code(finding.message)}{_way(finding)}"


def _way(finding: Finding) -> str:
    """What lets it through."""
    until = f"; until {code(finding.until)}" if finding.until else ""
    if finding.until.startswith("apollo "):
        until = f"; to let it through: {code(finding.until)}"
    return until + (f"; {code(finding.hint)}" if finding.hint else "")


def _errors(plan: Plan) -> Iterator[str]:
    for problem in plan.problems:
        place = ":".join(str(part) for part in (problem.file, problem.line or "") if part)
        yield f"- {code(place)} {code(problem.message)} {code(problem.code)}"
    for item in plan.resources:
        if item.failure is not None:
            yield f"- {code(item.key)} {code(item.failure.message)} {code(item.failure.code)}"
        elif item.blocked_by and not item.steps:
            yield f"- {code(item.key)} {code(item.why)}"


def _fields(rows: Sequence[ResourcePlan], room: int) -> str:
    """Every field that changes, resource by resource, as far as there is room."""
    items = ["\n".join(_diff(item)) for item in rows]
    if not items:
        return ""
    kept, cut = fit(items, room - 300)
    body = block(kept, "diff") if kept else ""
    if cut:
        body += ("\n\n" if body else "") + (
            f"{cut} more resource{' is' if cut == 1 else 's are'} left out here for lack of room; "
            "`-o json` has them all."
        )
    return fold("Field changes", body)


def _diff(item: ResourcePlan) -> Iterator[str]:
    yield f"# {clean(item.key)}"
    if not item.changes:
        rows, left_out = compact(item.shown)
        for path, value in rows:
            yield f"+ {clean(path)}: {value}"
        if left_out:
            yield f"+ … {left_out} more"
        return
    for change in item.changes:
        before, after = both(change)
        if before is not None:
            yield f"- {clean(change.path)}: {before}"
        if after is not None:
            yield f"+ {clean(change.path)}: {after}"

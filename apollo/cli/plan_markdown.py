"""A plan as a comment on a pull request: verdict first, details folded, no foreign text that can format.

Everything that comes from git or AWS stands in code spans or fences longer than any run of backticks inside,
so that it can neither mention people, close a fold, nor imitate Apollo's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from apollo.cli.plan_words import SYMBOLS, About, both, is_quiet, restarting, summary_words
from apollo.cli.text import clean, clean_lines, short
from apollo.engine.plan import Plan, ResourcePlan

__all__ = ["code", "plan_markdown"]

_ROOM = 55_000  # GitHub takes comments of 65,536 characters


def code(text: object, *, cell: bool = False) -> str:
    """Foreign text as a code span. ``cell``: inside a table, where a bar would end the cell."""
    inner = clean(text)
    if not inner.strip():
        return ""
    if cell:
        inner = inner.replace("|", "│")  # an escaped bar ends the cell, too, after a backslash
    fence = _fence(inner, 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, max((len(run) + 1 for run in re.findall("`+", text)), default=0))


def _block(lines: Iterable[str], language: str = "") -> str:
    text = "\n".join(lines)
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def _fold(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def plan_markdown(plan: Plan, about: About) -> str:
    """The comment. Its first line is a hidden marker, by which a bot finds and replaces the comment."""
    words = summary_words(plan)
    verdict = ", ".join(words) if words else "no changes"
    if plan.failed:
        verdict += ", **with errors**"
    if plan.stopped:
        verdict += ", **held**"
    parts = [
        f"<!-- apollo-plan env={clean(plan.environment).replace('>', '')} -->",
        f"### Apollo plan for {code(plan.environment)}: {verdict}",
        " · ".join(_facts(plan, about)),
    ]
    rows = [item for item in plan.resources if item.settling or item.failure or item.blocked_by]
    if rows:
        parts.append("\n".join(_table(rows)))
    restarts = restarting(plan)
    if restarts:
        parts.append("**Tasks are replaced or stopped in** " + ", ".join(map(code, restarts)))
    stopped = list(_stopped(plan))
    if stopped:
        parts.append("**Held**\n" + "\n".join(stopped))
    errors = list(_errors(plan))
    if errors:
        parts.append("**Errors, not analysed**\n" + "\n".join(errors))
    if plan.steps:
        calls = [
            f"{n}. {code(f'{step.call.service} {step.call.operation}')} {', '.join(map(code, step.keys))}"
            for n, step in enumerate(plan.steps, 1)
        ]
        parts.append(_fold(f"Calls ({len(calls)}), in this order", "\n".join(calls)))
    ignored = [
        f"- {code(item.key)} {code(one.path)}: {code(one.why)}"
        for item in plan.resources
        for one in item.ignored
    ]
    if ignored:
        parts.append(_fold(f"Left alone ({len(ignored)})", "\n".join(ignored)))
    room = _ROOM - sum(len(part) for part in parts)
    fields = _fields(rows, room)
    if fields:
        parts.append(fields)
    return "\n\n".join(parts)


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


def _table(rows: Iterable[ResourcePlan]) -> Iterator[str]:
    yield "| resource | action | what changes | why |"
    yield "|---|---|---|---|"
    for item in rows:
        paths = list(dict.fromkeys(change.path for change in item.changes))
        what = ", ".join(code(path, cell=True) for path in paths[:4])
        if len(paths) > 4:
            what += f" and {len(paths) - 4} more"
        yield f"| {code(item.key, cell=True)} | {_action(item)} | {what} | {code(item.why, cell=True)} |"


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


def _stopped(plan: Plan) -> Iterator[str]:
    for finding in plan.findings:
        if finding.decision == "skip":
            continue
        word = "denied" if finding.decision == "deny" else "held"
        until = f" until {code(finding.until)}" if finding.until else ""
        hint = f"; {code(finding.hint)}" if finding.hint else ""
        yield f"- {code(finding.key)} {word} by {code(finding.gate)}: {code(finding.message)}{until}{hint}"


def _errors(plan: Plan) -> Iterator[str]:
    for problem in plan.problems:
        place = ":".join(str(part) for part in (problem.file, problem.line or "") if part)
        yield f"- {code(place)} {code(problem.message)} {code(problem.code)}"
    for item in plan.resources:
        if item.failure is not None:
            yield f"- {code(item.key)} {code(item.failure.message)} {code(item.failure.code)}"
        elif item.blocked_by and not item.steps:
            yield f"- {code(item.key)} {code(item.why)}"


def _fields(rows: Iterable[ResourcePlan], room: int) -> str:
    lines: list[str] = []
    used = left_out = 0
    for item in rows:
        if not item.changes:
            continue
        block = [f"# {clean(item.key)}"]
        for change in item.changes:
            before, after = both(change)
            if before is not None:
                block.append(f"- {clean(change.path)}: {before}")
            if after is not None:
                block.append(f"+ {clean(change.path)}: {after}")
        used += sum(len(line) + 1 for line in block)
        if used > room:
            left_out += 1
        else:
            lines += block
    if not lines and not left_out:
        return ""
    body = _block(lines, "diff") if lines else ""
    if left_out:
        body += f"\n\n{left_out} more resources are left out here for lack of room; `-o json` has them all."
    return _fold("Field changes", clean_lines(body))

"""A plan as an engineer wants to read it at three in the morning."""

from __future__ import annotations

from collections.abc import Iterator

from apollo.api import Change
from apollo.cli.boundary import show_problem
from apollo.cli.plan_words import SYMBOLS, About, both, is_quiet, restarting, summary_words
from apollo.cli.text import Paint, clean, clean_lines, short, table
from apollo.engine.plan import Action, Plan, ResourcePlan

__all__ = ["plan_text"]

_ONE_LINE = 88


def plan_text(plan: Plan, about: About, paint: Paint) -> str:
    """The whole plan: header, resources, calls, what is held, what could not be looked at, summary."""
    parts = [_header(plan, about, paint)]
    parts += [_resource(item, paint) for item in plan.resources if item.settling and item.failure is None]
    for section in (_calls, _stopped, _errors, _ignored):
        text = "\n".join(section(plan, paint))
        if text:
            parts.append(text)
    parts.append("\n".join(_summary(plan, paint)))
    return "\n\n".join(parts)


def _header(plan: Plan, about: About, paint: Paint) -> str:
    return " · ".join([paint.bold(f"Plan for {clean(plan.environment)}"), *about.words(plan)])


def _colour(action: Action, paint: Paint, text: str) -> str:
    if action in ("delete", "replace"):
        return paint.red(text)
    return paint.green(text) if action in ("create", "adopt") else paint.yellow(text)


def _resource(item: ResourcePlan, paint: Paint) -> str:
    key = paint.bold(clean(item.key))
    if is_quiet(item):
        return f"  {paint.dim('·')} {key}  left alone: {clean(item.why)}"
    action = item.action
    line = f"  {_colour(action, paint, f'{SYMBOLS[action]} {action}')} {key}"
    if item.reason == "Drifted":
        line += "  " + paint.yellow("drifted: changed outside git")
    if item.findings:
        line += "  " + paint.yellow("held" if all(f.decision == "hold" for f in item.findings) else "denied")
    if item.disruptive:
        line += "  " + paint.red("restarts tasks" if action != "delete" else "stops tasks")
    lines = [line]
    said = dict.fromkeys(step.why for step in item.settling if step.why)
    lines += [f"      {clean(why)}" for why in said]
    lines += _changes(item.changes, paint)
    if item.wait is not None:
        lines.append(
            f"      {paint.dim(f'AWS is still busy: {clean(item.wait.message or item.wait.reason)}')}"
        )
    return "\n".join(lines)


def _changes(changes: tuple[Change, ...], paint: Paint) -> Iterator[str]:
    width = min(max((len(change.path) for change in changes), default=0), 48)
    for change in changes:
        before, after = both(change)
        path = clean(change.path).ljust(width)
        if before is None or after is None:
            sign = paint.green(f"+ {after}") if before is None else paint.red(f"- {before}")
            yield f"      {path}  {sign}"
        elif len(path) + len(before) + len(after) <= _ONE_LINE:
            yield f"      {path}  {paint.red(before)} → {paint.green(after)}"
        else:
            yield f"      {path}"
            yield f"        {paint.red(f'- {before}')}"
            yield f"        {paint.green(f'+ {after}')}"


def _calls(plan: Plan, paint: Paint) -> Iterator[str]:
    steps = plan.steps
    if not steps:
        return
    yield paint.bold(f"Calls ({len(steps)}), in this order")
    rows = [
        (
            f"{number}.",
            f"{clean(step.call.service)} {clean(step.call.operation)}",
            clean(", ".join(map(str, step.keys))),
        )
        for number, step in enumerate(steps, 1)
    ]
    yield table(rows, indent="  ", gap="  ")


def _stopped(plan: Plan, paint: Paint) -> Iterator[str]:
    loud = [finding for finding in plan.findings if finding.decision != "skip"]
    if not loud:
        return
    yield paint.bold("Held")
    for finding in loud:
        word = "denied by" if finding.decision == "deny" else "held by"
        yield f"  {clean(finding.key)}  {word} {clean(finding.gate)}: {clean(finding.message)}"
        if finding.until:
            yield f"      until: {clean(finding.until)}"
        if finding.hint:
            yield f"      hint: {clean(finding.hint)}"


def _errors(plan: Plan, paint: Paint) -> Iterator[str]:
    for problem in plan.problems:
        yield show_problem(problem, paint)
    failed = [item for item in plan.resources if item.failure is not None]
    blocked = [item for item in plan.resources if item.blocked_by and not item.steps and item.failure is None]
    if failed or blocked:
        yield paint.bold("Not analysed")
    for item in failed:
        if item.failure is not None:
            code = f" [{clean(item.failure.code)}]" if item.failure.code else ""
            yield f"  {clean(item.key)}  {clean_lines(item.failure.message)}{paint.dim(code)}"
            if item.failure.hint:
                yield f"      hint: {clean(item.failure.hint)}"
    for item in blocked:
        yield f"  {clean(item.key)}  {clean(item.why)}"


def _ignored(plan: Plan, paint: Paint) -> Iterator[str]:
    rows = [
        (clean(item.key), clean(one.path), clean(one.why)) for item in plan.resources for one in item.ignored
    ]
    if rows:
        yield paint.bold("Left alone")
        yield table(rows, indent="  ", gap="  ")


def _summary(plan: Plan, paint: Paint) -> Iterator[str]:
    words = summary_words(plan)
    unchanged = plan.summary()["unchanged"]
    if words:
        yield paint.bold("Plan: " + ", ".join([*words, f"{unchanged} unchanged"]) + ".")
    elif plan.failed:
        yield paint.bold("Plan: nothing can be done.")
    elif any(is_quiet(item) for item in plan.resources):
        yield paint.bold(f"Nothing to do: what differs is left alone as configured ({unchanged} unchanged).")
    else:
        at = f" at {short(plan.commit)}" if plan.commit else ""
        yield paint.bold(f"No changes: AWS equals git{at} ({unchanged} unchanged).")
    restarts = restarting(plan)
    if restarts:
        yield f"Tasks are replaced or stopped in: {clean(', '.join(restarts))}"
    held = [str(item.key) for item in plan.resources if any(f.decision != "skip" for f in item.findings)]
    if held:
        yield f"Not done before that is settled: {clean(', '.join(held))}"
    yield paint.dim(f"digest {clean(plan.digest)}  config {clean(plan.config_digest)}")

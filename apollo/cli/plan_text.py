"""A plan as an engineer wants to read it at three in the morning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from apollo.api import Change
from apollo.cli.boundary import show_problem
from apollo.cli.plan_words import (
    SYMBOLS,
    About,
    both,
    causes,
    compact,
    drifted,
    foreseen,
    is_quiet,
    let_through,
    restarting,
    summary_words,
)
from apollo.cli.text import Paint, clean, clean_lines, short, table
from apollo.engine.plan import Action, Plan, ResourcePlan

__all__ = ["plan_text"]

_UNLIMITED = 110
"""What counts as one line where nobody knows the width: in a file, a pipe, a log."""


def plan_text(plan: Plan, about: About, paint: Paint, *, width: int | None = None, full: bool = False) -> str:
    """The whole plan: header, resources, what is held, what could not be looked at, calls, summary.

    :param width: columns of the terminal; None where there is none, and nothing is wrapped.
    :param full: show every field of what is created.
    """
    page = _Page(plan, paint, width, full)
    parts = [_header(plan, about, paint)]
    parts += [page.resource(item) for item in plan.resources if item.settling and item.failure is None]
    for section in (page.ignored, page.stopped, page.errors, page.calls):
        text = "\n".join(section())
        if text:
            parts.append(text)
    parts.append("\n".join(page.summary()))
    return "\n\n".join(parts)


def _header(plan: Plan, about: About, paint: Paint) -> str:
    return " · ".join([paint.bold(f"Plan for {clean(plan.environment)}"), *about.words(plan)])


def _colour(action: Action, paint: Paint, text: str) -> str:
    if action in ("delete", "replace"):
        return paint.red(text)
    return paint.green(text) if action in ("create", "adopt") else paint.yellow(text)


class _Page:
    """One plan on one screen."""

    def __init__(self, plan: Plan, paint: Paint, width: int | None, full: bool) -> None:
        self.plan = plan
        self.paint = paint
        self.width = width
        self.full = full
        self.mixed = {"Drifted", "PendingChange"} <= {item.reason for item in plan.resources}

    def lines(self, text: str, indent: str) -> Iterator[str]:
        """Words on lines that fit the terminal; one line where there is none."""
        if self.width is None or self.width < 40:
            yield indent + text
            return
        yield from textwrap.wrap(
            text,
            self.width,
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [indent]

    # ── resources ────────────────────────────────────────────────────────────────────────────────────────

    def resource(self, item: ResourcePlan) -> str:
        paint = self.paint
        key = paint.bold(clean(item.key))
        if is_quiet(item):
            return f"  {paint.dim('·')} {key}  left alone: {clean(item.why)}"
        action = item.action
        head = [_colour(action, paint, f"{SYMBOLS[action]} {action}") + f" {key}"]
        if item.place:
            head.append(paint.dim(clean(item.place)))
        if item.reason == "Drifted":
            head.append(paint.yellow("drifted: changed outside git"))
        elif self.mixed and item.reason == "PendingChange" and not item.absent:
            head.append(paint.dim("changed in git"))
        if item.findings:
            held = all(finding.decision == "hold" for finding in item.findings)
            head.append(paint.yellow("held" if held else "denied"))
        if item.disruptive:
            head.append(paint.red("restarts tasks" if action != "delete" else "stops tasks"))
        lines = ["  " + "  ".join(head)]
        for why in dict.fromkeys(step.why for step in item.settling if step.why):
            lines += self.lines(clean(why), "      ")
        # What restarts tasks here is marked below; what does so from elsewhere is told.
        if any(key != item.key for key, _ in self.plan.causes(item)):
            lines += self.lines(f"because of {causes(self.plan, item)}", "      ")
        lines += self._forecast(item)
        lines += self._content(item) if not item.changes else self._changes(item)
        if item.wait is not None:
            busy = f"AWS is still busy: {clean(item.wait.message or item.wait.reason)}"
            lines += (paint.dim(line) for line in self.lines(busy, "      "))
        return "\n".join(lines)

    def _forecast(self, item: ResourcePlan) -> Iterator[str]:
        forecast = item.forecast
        if forecast is None:
            return
        if said := foreseen(item):
            yield from self.lines(f"forecast: {said}", "      ")
        for step in forecast.steps:
            yield from (self.paint.dim(line) for line in self.lines(clean(step), "        "))
        for warning in forecast.warnings:
            yield from (self.paint.red(line) for line in self.lines(f"warning: {clean(warning)}", "      "))

    def _content(self, item: ResourcePlan) -> Iterator[str]:
        """What is made, where there is nothing to compare it with."""
        rows, left_out = compact(item.shown, full=self.full)
        if not rows:
            return
        column = self._column(path for path, _ in rows)
        for path, value in rows:
            yield from self._row(path, column, self.paint.green(f"+ {value}"), len(value) + 2, "")
        if left_out:
            more = f"{left_out} more field{'' if left_out == 1 else 's'}: --full shows all"
            yield self.paint.dim(f"      … {more}")

    def _changes(self, item: ResourcePlan) -> Iterator[str]:
        paint = self.paint
        column = self._column(change.path for change in item.changes)
        restarts = set(item.restarts) if item.action != "delete" else set()
        for change in item.changes:
            yield from self._change(change, column, change.path in restarts, paint)

    def _change(self, change: Change, column: int, restarts: bool, paint: Paint) -> Iterator[str]:
        before, after = both(change)
        mark = "  " + paint.red("# restarts tasks") if restarts else ""
        if before is None or after is None:
            text = f"+ {after}" if before is None else f"- {before}"
            colour = paint.green if before is None else paint.red
            yield from self._row(change.path, column, colour(text), len(text), mark)
            return
        length = len(before) + len(after) + 3
        if 6 + max(column, len(change.path)) + 2 + length <= (self.width or _UNLIMITED):
            shown = f"{paint.red(before)} → {paint.green(after)}"
            yield from self._row(change.path, column, shown, length, mark)
            return
        yield f"      {clean(change.path)}{mark}"
        yield f"        {paint.red(f'- {before}')}"
        yield f"        {paint.green(f'+ {after}')}"

    def _column(self, paths: Iterable[str]) -> int:
        """How wide the column of pointers is: as its widest, but a single long one does not move the rest."""
        most = 72 if self.width is None else max(24, self.width * 3 // 5)
        return max((len(clean(path)) for path in paths if len(clean(path)) <= most), default=0)

    def _row(self, path: str, column: int, value: str, length: int, mark: str) -> Iterator[str]:
        name = clean(path)
        if len(name) > column or (self.width and 8 + column + length > self.width and len(name) > 24):
            yield f"      {name}{mark}"
            yield f"        {value}"
        else:
            yield f"      {name.ljust(column)}  {value}{mark}"

    # ── the rest ─────────────────────────────────────────────────────────────────────────────────────────

    def calls(self) -> Iterator[str]:
        steps = self.plan.steps
        if not steps:
            return
        yield self.paint.bold(f"Calls ({len(steps)}), in this order")
        rows = [
            (
                f"{number}.",
                f"{clean(step.call.service)} {clean(step.call.operation)}",
                clean(", ".join(map(str, step.keys))),
            )
            for number, step in enumerate(steps, 1)
        ]
        yield table(rows, indent="  ", gap="  ")

    def stopped(self) -> Iterator[str]:
        loud = [finding for finding in self.plan.findings if finding.decision != "skip"]
        if not loud:
            return
        yield self.paint.bold("Held")
        for finding in loud:
            word = "denied by" if finding.decision == "deny" else "held by"
            said = f"{clean(finding.key)}  {word} {clean(finding.gate)}: {clean(finding.message)}"
            yield from self.lines(said, "  ")
            if through := let_through(finding):
                yield f"      {through}"
            if finding.hint:
                yield from self.lines(f"hint: {clean(finding.hint)}", "      ")

    def errors(self) -> Iterator[str]:
        plan, paint = self.plan, self.paint
        for problem in plan.problems:
            yield show_problem(problem, paint)
        failed = [item for item in plan.resources if item.failure is not None]
        blocked = [
            item for item in plan.resources if item.blocked_by and not item.steps and item.failure is None
        ]
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

    def ignored(self) -> Iterator[str]:
        rows = [
            (clean(item.key), clean(one.path), clean(one.why))
            for item in self.plan.resources
            for one in item.ignored
        ]
        if rows:
            yield self.paint.bold("Left alone")
            yield table(rows, indent="  ", gap="  ")

    def summary(self) -> Iterator[str]:
        plan, paint = self.plan, self.paint
        words = summary_words(plan)
        unchanged = plan.summary()["unchanged"]
        if words:
            yield paint.bold("Plan: " + ", ".join([*words, f"{unchanged} unchanged"]) + ".")
        elif plan.failed:
            yield paint.bold("Plan: nothing can be done.")
        elif any(is_quiet(item) for item in plan.resources):
            said = f"Nothing to do: what differs is left alone as configured ({unchanged} unchanged)."
            yield paint.bold(said)
        else:
            at = f" at {short(plan.commit)}" if plan.commit else ""
            yield paint.bold(f"No changes: AWS equals git{at} ({unchanged} unchanged).")
        moved = drifted(plan)
        if moved:
            yield from self.lines(paint.yellow("Drift, set back to git: ") + clean(", ".join(moved)), "")
        yield from self._restarting()
        held = [str(item.key) for item in plan.resources if any(f.decision != "skip" for f in item.findings)]
        if held:
            yield from self.lines(f"Not done before that is settled: {clean(', '.join(held))}", "")
        yield paint.dim(f"digest {clean(plan.digest)}  config {clean(plan.config_digest)}")

    def _restarting(self) -> Iterator[str]:
        found = restarting(self.plan)
        if not found:
            return
        names = clean(", ".join(str(item.key) for item in found))
        yield from self.lines(self.paint.red("Tasks are replaced or stopped in: ") + names, "")
        alarming = sum(bool(item.forecast and item.forecast.warnings) for item in found)
        if alarming:
            yield self.paint.red(f"Read the warning{'s' if alarming > 1 else ''} above before this is done.")

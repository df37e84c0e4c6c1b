"""What an apply is doing, line by line on stderr, and how it ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from apollo.cli.boundary import show_problem
from apollo.cli.plan_words import SYMBOLS, let_through
from apollo.cli.text import Paint, clean, paint_for, table, tell

if TYPE_CHECKING:
    from apollo.operator import Progress, Result

__all__ = ["Follow", "result_text", "verdict"]

_WORDS = {"acting": "calling", "acted": "done", "progress": "waiting"}


class Follow:
    """Prints what changes, once: a resource that says the same thing again is not repeated."""

    def __init__(
        self, say: Callable[[str], None] = tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._begin = clock()
        self._last: dict[str, tuple[str, str]] = {}
        self._paint = paint_for(sys.stderr)

    def __enter__(self) -> Self:
        self._begin = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        key = str(progress.key) if progress.key is not None else ""
        call = progress.call.replace(":", " ", 1)
        message = "" if progress.phase == "acted" else progress.message
        words = clean(": ".join(part for part in (call, message) if part))
        if self._last.get(key) == (progress.phase, words):
            return
        self._last[key] = (progress.phase, words)
        elapsed = self._clock() - self._begin
        phase = _WORDS.get(progress.phase, clean(progress.phase))
        self._say(
            f"{self._paint.dim(f'{elapsed:6.1f}s')}  {phase:<8}  {self._paint.bold(clean(key))}  {words}"
        )


def result_text(result: Result, paint: Paint, *, problems: bool = True) -> str:
    """What became of every resource that was to change, and one line for the whole.

    :param problems: also tell the mistakes in files; not where the plan has just been shown.
    """
    rows, below = [], []
    for item, outcome in zip(result.plan.resources, result.outcomes, strict=False):
        if not item.steps and outcome.outcome == "Succeeded":
            continue
        colour = {"Succeeded": paint.green, "Skipped": paint.yellow}.get(outcome.outcome, paint.red)
        code = f" {paint.dim(f'[{clean(outcome.code)}]')}" if outcome.code else ""
        key = f"{SYMBOLS[item.action]:1} {clean(outcome.key)}"
        rows.append((key, colour(outcome.outcome), f"{clean(outcome.message)}{code}"))
        held = outcome.outcome == "Skipped"
        loud = [one for one in item.findings if held and one.decision != "skip"]
        said = [f"hint: {clean(outcome.hint)}"] if outcome.hint else []
        below.append(dict.fromkeys([*filter(None, map(let_through, loud)), *said]))
    lines = []
    for line, remedies in zip(table(rows, indent="  ").splitlines(), below, strict=True):
        lines += [line, *(f"      {one}" for one in remedies)]
    if problems:
        lines += (show_problem(problem, paint) for problem in result.plan.problems)
    lines.append(paint.bold(verdict(result)))
    return "\n".join(lines)


def verdict(result: Result) -> str:
    """How it ended, in one sentence."""
    if result.exit_code == 130:
        return "Interrupted: the calls in flight were finished, no further one was started."
    if result.exit_code == 4:
        return "Timed out: AWS is still rolling out; apollo status tells how it goes on."
    if result.exit_code == 5:
        return "Finished, but unhealthy."
    if result.exit_code == 3:
        return "Held: something was not done because a gate stops it."
    if result.exit_code:
        return "Failed."
    if any(finding.decision == "skip" for finding in result.plan.findings):
        return "Done; what differs beside that is left alone as configured."
    return "Done." if result.plan.steps else "Nothing to do: AWS equals git."

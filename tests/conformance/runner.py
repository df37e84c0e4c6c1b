"""Running checks, one after another, and what came of each."""

import linecache
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.registry import Check
from tests.conformance.stage import Stage
from tests.conformance.targets import Target

_HERE = Path(__file__).parent
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Outcome:
    check: Check
    ok: bool | None
    """None: not run, because the target may not have what it needs; only a real account can say so."""
    reason: str
    seconds: float


def run_one(check: Check, target: Target, prefix: str) -> None:
    """Raises whatever shows that the behaviour does not hold; cleans up in every case."""
    try:
        check.body(Stage(target, prefix))
    finally:
        target.cleanup(prefix)


def run(
    checks: Iterable[Check], target: Target, tag: str = "c", report: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Every check. What a simulator lacks counts as failed."""
    outcomes = []
    for number, check in enumerate(checks):
        begin = time.monotonic()
        missing = check.needs - target.can
        if missing:
            outcome = Outcome(check, None, f"needs {', '.join(sorted(missing))}", 0.0)
        else:
            try:
                run_one(check, target, f"{tag}{number:03d}-")
                outcome = Outcome(check, True, "", time.monotonic() - begin)
            except Exception as error:  # whatever goes wrong, the behaviour was not seen
                outcome = Outcome(check, False, _reason(error), time.monotonic() - begin)
        outcomes.append(outcome)
        if report is not None:
            report(outcome)
    return outcomes


def _reason(error: Exception) -> str:
    """One line: what was said, or the line of the check that did not hold."""
    text = " ".join(str(error).split())
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(_HERE)]
    if frames and not text:
        last = frames[-1]
        text = linecache.getline(last.filename, last.lineno or 0).strip()
    name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    text = f"{name}{text}" or "failed"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

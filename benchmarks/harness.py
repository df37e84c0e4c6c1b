"""What every benchmark is made of: rows with a target, and ways to measure that survive a busy machine.

Absolute times mean little on a shared machine. So a subject is measured in turns with a reference, and what
counts is the median of the ratios of each turn. Counts (calls, files parsed) need none of this.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

__all__ = [
    "BIN",
    "ROOT",
    "Benchmark",
    "Row",
    "Stopwatch",
    "Usage",
    "child",
    "cpu",
    "interleaved",
    "percentile",
    "ratio",
]

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ROUNDS = 5
_ENVIRONMENT = {
    # A program that a user installed has its bytecode; measure that, whatever this shell prefers.
    name: value
    for name, value in os.environ.items()
    if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE", "PYTHONWARNINGS")
}


@frozen
class Row:
    """One number.

    :ivar goal: the name of the goal, e.g. ``G6``; empty for a number that has no target of its own.
    :ivar target: what it is held to: ``<=``, ``>=`` or ``==``, and a value in the same unit.
    """

    goal: str
    what: str
    value: float
    unit: str
    target: tuple[str, float] | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """``ok``, ``over``, or empty without a target."""
        if self.target is None:
            return ""
        sign, limit = self.target
        held = {"<=": self.value <= limit, ">=": self.value >= limit, "==": self.value == limit}[sign]
        return "ok" if held else "over"


class Benchmark(Protocol):
    """A module of this package. Its docstring says what it measures."""

    def run(self, tiny: bool) -> Iterator[Row]:
        """Measure. ``tiny``: sizes that only show that it works."""
        ...


@frozen
class Usage:
    """Seconds that something took: on the wall, and of user and system CPU."""

    wall: float
    cpu: float


def child(
    argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Usage:
    """Run a program to its end, with its output thrown away.

    :raises RuntimeError: when it fails.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**_ENVIRONMENT, **(env or {})},
        cwd=cwd,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {process.returncode}")
    return Usage(wall, used.ru_utime + used.ru_stime)


class Stopwatch:
    """Measures from its making to `stop`; the CPU includes that of the processes waited for meanwhile."""

    def __init__(self) -> None:
        self._wall, self._own, self._children = time.perf_counter(), time.process_time(), _of_children()

    def stop(self) -> Usage:
        own = time.process_time() - self._own
        return Usage(time.perf_counter() - self._wall, own + _of_children() - self._children)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu(work: Callable[[], object]) -> Usage:
    """Run something in this process."""
    watch = Stopwatch()
    work()
    return watch.stop()


def interleaved(*subjects: Callable[[], Usage], rounds: int = ROUNDS) -> list[list[Usage]]:
    """Every subject once per round, so that all see the same load. Returns the rounds per subject. A round
    before the first warms caches and does not count."""
    for subject in subjects:
        subject()
    taken: list[list[Usage]] = [[] for _ in subjects]
    for _ in range(rounds):
        for found, subject in zip(taken, subjects, strict=True):
            found.append(subject())
    return taken


def ratio(subject: Sequence[Usage], reference: Sequence[Usage], of: str = "wall") -> float:
    """The median, over the rounds, of subject ÷ reference."""
    return statistics.median(
        float(getattr(one, of)) / max(float(getattr(other, of)), 1e-9)
        for one, other in zip(subject, reference, strict=True)
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of all lie; the largest for a share near one of few values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

"""What the reader sees: short lines that stand alone, on a terminal as in a log file."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from apollo.cli.text import clean, paint_for, say, short

if TYPE_CHECKING:
    from apollo.operator import Event

__all__ = ["Teller"]

_INDENT: Final = " " * 3
_WIDEST: Final = 120
_FILE: Final = 100
"""Columns of a line where there is no terminal."""


class Teller:
    """Writes chapters, commands, what the operator does, and ticks and crosses, each with its moment.

    :param write: takes one line.
    """

    def __init__(self, write: Callable[[str], None] = say) -> None:
        self._encoding = sys.stdout.encoding or "ascii"
        self._put = write
        self._paint = paint_for(sys.stdout)
        self._begin = time.monotonic()
        columns = shutil.get_terminal_size((_FILE, 0)).columns if sys.stdout.isatty() else _FILE
        self._width = max(50, min(columns, _WIDEST))
        self._tick, self._cross, self._arrow = ("✓", "✗", "→") if self._can("✓✗→") else ("ok", "FAILED", "->")
        self._said: dict[tuple[str, str], tuple[str, str, str]] = {}

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._begin

    def line(self, text: str = "") -> None:
        self._write(text)

    def title(self, text: str) -> None:
        self._write(self._paint.bold(text))

    def chapter(self, number: int, title: str) -> None:
        self._write("")
        self._write(self._paint.bold(f"{number}. {title}"))

    def note(self, text: str) -> None:
        """A remark of the teller."""
        self._wrapped("", text, self._paint.dim)

    def command(self, text: str) -> None:
        """Something a person types."""
        self._write(f"{_INDENT}{self._paint.dim('$')} {self._paint.cyan(text)}")

    def tick(self, text: str) -> None:
        """A claim that the local AWS bears out."""
        self._wrapped(f"{self._tick} ", text, self._paint.green)

    def cross(self, text: str) -> None:
        self._wrapped(f"{self._cross} ", text, self._paint.red)

    def event(self, event: Event) -> None:
        """What the operator says, once."""
        key = str(event.key) if event.key is not None else ""
        words = self._words(event)
        if words is None:
            return
        before = self._said.get((event.environment, key))
        now = self._said[event.environment, key] = (event.generation, event.type, words)
        if before == now:
            return
        if event.type == "RolledBack" and before is not None and before[:2] == now[:2]:
            words = words.partition(":")[0]  # the reasons were told when it began
        moment = self._paint.dim(f"{self.seconds:5.1f}s")
        head = f"{_INDENT}{moment}  {event.environment:<5}  "
        margin = len(_INDENT) + 15
        what = f"{key}  {words}" if key else words
        first, *rest = textwrap.wrap(clean(what), self._width - margin, break_on_hyphens=False) or [""]
        colour = {"RolledBack": self._paint.yellow, "Drifted": self._paint.yellow}
        colour |= dict.fromkeys(("Failed", "Held", "Degraded", "SourceFailed"), self._paint.red)
        paint = colour.get(event.type, str)
        self._write(head + paint(first))
        for more in rest:
            self._write(" " * margin + paint(more))

    def _words(self, event: Event) -> str | None:
        """One event in a few words; None for what only repeats another."""
        match event.type:
            case "Snapshot":
                return f"reads commit {short(event.commit)}"
            case "Acting":
                return f"{self._arrow} {event.call.partition(':')[2]}"
            case "Acted":
                return None
            case "Synced":
                service = event.key is not None and event.key.kind == "Service"
                return f"equals git, {event.message or 'healthy'}" if service else None
            case "Progress":
                return event.message or event.reason or None
            case "RolledBack" | "Drifted":
                return event.message
            case _:
                return f"{event.type}: {event.message or event.reason}"

    def _wrapped(self, mark: str, text: str, paint: Callable[[str], str]) -> None:
        lines = textwrap.wrap(clean(text), self._width - len(_INDENT) - len(mark), break_on_hyphens=False)
        for number, line in enumerate(lines):
            self._write(_INDENT + (paint(mark) if not number else " " * len(mark)) + line)

    def _write(self, line: str) -> None:
        # What AWS and git say may hold anything; a terminal that cannot show it gets question marks.
        self._put(line if self._can(line) else line.encode(self._encoding, "replace").decode(self._encoding))

    def _can(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

"""Markdown for comments and issues, in which no foreign text can format.

Everything that comes from git or AWS stands in code spans or fences longer than any run of backticks inside,
so that it can neither mention people, close a fold, nor imitate Apollo's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from apollo.cli.text import clean

__all__ = ["block", "code", "fit", "fold", "marker", "sheet"]


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


def block(lines: Iterable[str], language: str = "") -> str:
    """Lines that are clean already, as a fenced block."""
    text = "\n".join(lines)
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def fold(summary: str, body: str) -> str:
    """What is shown once somebody opens it. ``summary`` is Apollo's own words."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def marker(what: str, environment: str) -> str:
    """A hidden line by which a bot finds its comment again, to replace it."""
    return f"<!-- {what} env={re.sub('[^A-Za-z0-9._-]', '', clean(environment))} -->"


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose cells are all foreign text."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(code(cell, cell=True) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def fit(items: Sequence[str], room: int) -> tuple[list[str], int]:
    """The first items that fit into ``room`` characters, each whole, and how many are cut."""
    kept: list[str] = []
    for place, item in enumerate(items):
        room -= len(item) + 1
        if room < 0:
            return kept, len(items) - place
        kept.append(item)
    return kept, 0

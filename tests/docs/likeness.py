"""Whether a command printed what a page says it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["HOME", "alike", "shown"]

HOME = "/home/you"
"""What pages call the folder that their commands run in."""

_CHANGING = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)?(s|ms|m|h)\b"), "<span>"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "<endpoint>"),
    (re.compile(r"ecs-svc/\d+"), "<deployment>"),
    (re.compile(r"\b(?=\w*\d)[0-9a-f]{7,64}\b"), "<digits>"),
    (re.compile(r"[ \t]+"), " "),
)


def shown(output: str, folder: Path) -> list[str]:
    """What was printed, as a page shows it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", output).replace(str(folder), HOME)
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _steady(line: str) -> str:
    """A line without what differs from run to run: digests, times, ports, the width of columns."""
    for pattern, instead in _CHANGING:
        line = pattern.sub(instead, line)
    return line.strip()


def alike(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether it is what was expected. Empty lines do not count."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        elif line.strip():
            pattern += ".*".join(re.escape(part) for part in _steady(line).split("...")) + r"\n"
    text = "".join(f"{_steady(line)}\n" for line in printed if line.strip())
    return re.fullmatch(pattern, text) is not None

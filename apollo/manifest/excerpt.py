"""A line of the user's file with a caret, fit for a log: values that may be secret are masked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

__all__ = ["MASK", "excerpt", "is_secret_name"]

MASK = "***"
_WIDTH = 100

_SECRET = r"passw(?:or)?d|passphrase|pwd|secret|token|credential|api_?key|private|access_?key|auth|key"
_NAME = re.compile(_SECRET, re.IGNORECASE)
_PARENT = re.compile(r"environment(?:Files?)?|secrets?|" + _SECRET, re.IGNORECASE)
_URL_USER = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_EXPRESSION = re.compile(r"(?<!\$)\$\{\{[^{}]*\}\}")
"""The name of a variable or an output is no secret, and often just what the finding is about."""
_KEY = re.compile(r"""^\s*(?:-\s+)*(?:["']?(?P<key>[\w./-]+)["']?\s*:)?""")
_AFTER_KEY = re.compile(r"""^(?P<head>\s*(?:-\s+)*(?:["']?[\w./-]+["']?\s*:\s*)?)(?P<value>.+)$""")


@cache
def _member() -> re.Pattern[str]:
    """Made when the first line is shown: most runs find nothing to show."""
    return re.compile(
        rf"""(?P<head> (?<![\w-]) ["']? (?: value | [\w.-]*(?:{_SECRET})[\w.-]* ) ["']? \s* [:=] \s* )
             (?P<value> "(?:[^"\\]|\\.)*"? | '(?:[^']|'')*'? | [^\s,}}\]][^,}}]* )""",
        re.VERBOSE | re.IGNORECASE,
    )


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name may be a secret."""
    return _NAME.search(name) is not None


def excerpt(lines: list[str], line: int, column: int, masks: dict[int, list[tuple[int, int]]]) -> str:
    """Source line ``line`` (from 1) and a caret under ``column`` (from 1); empty without such a line.

    :param masks: remembers for each line what is masked, since one line may be as long as a file.
    """
    if not 1 <= line <= len(lines):
        return ""
    if line not in masks:
        masks[line] = _masks(lines, line)
    text, at = _masked(lines[line - 1], masks[line], max(column - 1, 0))
    if len(text) > _WIDTH:
        start = max(0, min(at - _WIDTH // 2, len(text) - _WIDTH))
        text, at = text[start : start + _WIDTH], at - start
    text = "".join(char if char.isprintable() else " " for char in text)
    number = f"{line:>5} | "
    return f"{number}{text.rstrip()}\n{' ' * (len(number) - 2)}| {' ' * at}^"


def _masks(lines: list[str], line: int) -> list[tuple[int, int]]:
    """The parts of a line that may be secret, in order and apart from each other."""
    text = lines[line - 1]
    spans = [found.span() for found in _URL_USER.finditer(text)]
    spans += [found.span("value") for found in _member().finditer(text)]
    if _under_secret(lines, line):
        whole = _AFTER_KEY.match(text)
        if whole is not None and not re.match(r"[\w.-]*name[\"']?\s*:", text.strip(" -\"'")):
            spans.append(whole.span("value"))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    shown = [found.span() for found in _EXPRESSION.finditer(text)]
    return list(_without(merged, shown)) if shown else merged


def _without(spans: list[tuple[int, int]], shown: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of ``spans`` beside those that may be shown; both are in order."""
    for start, end in spans:
        for first, last in shown:
            if first >= end or last <= start:
                continue
            if first > start:
                yield start, first
            start = last
        if start < end:
            yield start, end


def _masked(text: str, masks: list[tuple[int, int]], at: int) -> tuple[str, int]:
    """The line without its secrets, and where the caret is now."""
    out: list[str] = []
    done, length, caret = 0, 0, at
    for start, end in masks:
        length += start - done
        if at >= end:
            caret += len(MASK) - (end - start)
        elif at > start:
            caret = length
        out += (text[done:start], MASK)
        length += len(MASK)
        done = end
    return "".join(out) + text[done:], caret


def _under_secret(lines: list[str], line: int) -> bool:
    """Whether a key further out, by indentation, names secrets. Without a parse, since the text may have
    none."""
    indent = _indent(lines[line - 1])
    for above in range(line - 2, max(-1, line - 400), -1):
        text = lines[above]
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        depth = _indent(text)
        if depth > indent or (depth == indent and not lines[line - 1].lstrip().startswith("-")):
            continue
        key = _KEY.match(text)
        name = key.group("key") if key else None
        if name and _PARENT.fullmatch(name):
            return True
        if name and _NAME.search(name) and depth < indent:
            return True
        indent = min(indent, depth)
        if depth == 0:
            return False
    return False


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())

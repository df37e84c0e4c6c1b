"""Text for a terminal: nothing foreign reaches it unescaped, colour only where it is wanted."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import IO

__all__ = [
    "PLAIN",
    "Paint",
    "clean",
    "clean_lines",
    "columns",
    "json_safe",
    "paint_for",
    "say",
    "short",
    "silence",
    "table",
    "tell",
]

# C0 and C1 controls, line and paragraph separators, and the characters that reorder what a reader sees.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ue000\ue001\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_UNSAFE_BUT_NEWLINE = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_UNKNOWN = re.compile("\ue000[^\ue000\ue001]*\ue001")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


def clean(value: object) -> str:
    """A value on one line: names from git, AWS and commit texts cannot move the cursor, start a new line or
    turn the reading order round."""
    return _UNSAFE.sub(_escape, _UNKNOWN.sub("(known after apply)", str(value)))


def clean_lines(value: object) -> str:
    """Like `clean`, but line ends stay."""
    return _UNSAFE_BUT_NEWLINE.sub(_escape, _UNKNOWN.sub("(known after apply)", str(value)))


def json_safe(text: str) -> str:
    """A JSON document with the same care; it stays the same document, since such characters stand only
    inside its strings."""
    return _UNSAFE_BUT_NEWLINE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


class Paint:
    """Colours for one stream; without colour every method gives its text back."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def bold(self, text: str) -> str:
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        return self._wrap("2", text)

    def red(self, text: str) -> str:
        return self._wrap("31", text)

    def green(self, text: str) -> str:
        return self._wrap("32", text)

    def yellow(self, text: str) -> str:
        return self._wrap("33", text)

    def cyan(self, text: str) -> str:
        return self._wrap("36", text)


PLAIN = Paint(False)


def paint_for(stream: IO[str]) -> Paint:
    """Colour on a terminal, unless ``NO_COLOR`` is set (https://no-color.org) or the terminal is dumb."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(wanted and stream.isatty())


def columns(stream: IO[str]) -> int | None:
    """How wide a terminal is; None where there is none."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def say(text: str = "") -> None:
    """Data, to stdout.

    :raises OSError: it cannot be written (a full disk).
    """
    _write(sys.stdout, text)


def tell(text: str = "") -> None:
    """Progress and remarks, to stderr. That nobody can read them stops nothing."""
    with contextlib.suppress(OSError):
        _write(sys.stderr, text)


def silence(stream: IO[str]) -> None:
    """What is left for ``stream`` goes nowhere, also when Python flushes it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(stream: IO[str], text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with contextlib.suppress(UnicodeError):  # a terminal without our signs gets question marks, not an error
        text = text.encode(encoding, "replace").decode(encoding)
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        silence(stream)  # the reader has seen enough (`| head`): the exit code stays true
    except OSError:
        silence(stream)
        raise


def short(commit: str) -> str:
    """A commit as people quote it: seven digits, ``-dirty`` kept."""
    sha, mark, rest = commit.partition("-")
    return clean(sha[:7] + mark + rest if re.fullmatch("[0-9a-f]{12,64}", sha) else commit)


def _width(text: str) -> int:
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain
    )


def table(rows: Iterable[Sequence[str]], *, indent: str = "", gap: str = "   ") -> str:
    """Columns as wide as their widest cell; the last one is never padded."""
    lines = [list(row) for row in rows]
    if not lines:
        return ""
    columns = max(len(row) for row in lines)
    widths = [max((_width(row[i]) for row in lines if i < len(row) - 1), default=0) for i in range(columns)]
    out = []
    for row in lines:
        cells = [cell + " " * max(0, widths[i] - _width(cell)) for i, cell in enumerate(row[:-1])]
        out.append((indent + gap.join([*cells, row[-1]])).rstrip())
    return "\n".join(out)

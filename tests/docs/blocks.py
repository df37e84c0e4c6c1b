"""Markdown, as far as these tests have to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

__all__ = ["ROOT", "Block", "Command", "blocks", "code_spans", "commands", "pages", "stage_of"]

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")
_STAGE = re.compile(r"^<!-- stage: ([a-z-]+) -->$", re.MULTILINE)


@frozen
class Command:
    """One command line of a ``console`` block, and what it prints."""

    text: str
    line: int
    output: tuple[str, ...] = ()


@frozen
class Block:
    """A fenced block. ``line`` is that of its first line of text, counted from 1."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def option(self, name: str) -> str | None:
        """What ``name=…`` says."""
        return next((word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")), None)


def pages() -> Sequence[Path]:
    """The README, those of the examples, and every page of docs/."""
    own = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    own += sorted((ROOT / "examples").rglob("README.md"))
    return [*(page for page in own if page.exists()), *sorted((ROOT / "docs").rglob("*.md"))]


def stage_of(text: str) -> str:
    found = _STAGE.search(text)
    return found.group(1) if found else "folder"


def blocks(page: Path, text: str | None = None) -> Iterator[Block]:
    """The fenced blocks of a page."""
    info: str | None = None
    indent, begin, inside = "", 0, list[str]()
    for number, line in enumerate((page.read_text("utf-8") if text is None else text).splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            inside.append(line.removeprefix(indent))
        elif info is None:
            info, indent, begin, inside = fence["info"].strip(), fence["indent"], number + 1, []
        else:
            language, *words = info.split() or [""]
            yield Block(page, begin, language, tuple(words), tuple(inside))
            info, indent = None, ""
    assert info is None, f"{page}: the block at line {begin} is not closed"


def commands(block: Block) -> Iterator[Command]:
    """The commands of a ``console`` block, or the lines of an ``sh`` block. Continued lines are one."""
    console = block.language == "console"
    text, at, output = "", 0, list[str]()
    for number, line in enumerate(block.lines, block.line):
        if text.endswith("\\"):
            text += "\n" + line.removeprefix("> ")
        elif console and not line.startswith("$ "):
            output.append(line)
        else:
            if text:
                yield Command(text, at, tuple(output))
            text, at, output = line.removeprefix("$ "), number, []
    if text:
        yield Command(text, at, tuple(output))


def code_spans(text: str) -> Iterator[tuple[int, str]]:
    """Inline code outside fenced blocks, with its line."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", line):
                yield number, found.group(1)

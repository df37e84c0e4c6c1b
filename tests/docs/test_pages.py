"""The pages do what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, Command, blocks, code_spans, commands, pages
from tests.docs.lines import problem_of, simple_commands
from tests.docs.running import perform
from tests.docs.stage import STAGES

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

NOT_RUN_AT_MOST = 14
"""Blocks that are read only, in all pages together. A page that needs more should find a way to be run."""


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_a_page_says_is_what_happens(page: Path, tmp_path: Path) -> None:
    def differs(block: Block, command: Command, printed: Sequence[str]) -> None:
        name = page.relative_to(ROOT)
        said = "\n".join(printed)
        pytest.fail(
            f"{name}:{command.line}: `{command.text}` prints\n{said}\n"
            f"which is not what the page says. `python -m tests.docs {name}` writes it into the page.",
            pytrace=False,
        )

    perform(page, tmp_path, differs)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_that_are_only_mentioned_exist(page: Path) -> None:
    wrong = []
    for block in blocks(page):
        if block.language not in ("console", "sh"):
            continue
        for command in commands(block):
            problems = map(problem_of, simple_commands(command.text))
            wrong += [f"{page.name}:{command.line}: {problem}" for problem in problems if problem]
    for line, span in code_spans(page.read_text("utf-8")):
        if re.match(r"(apollo|make) [a-z-]", span):
            plain = re.sub(r"…|\.\.\.|\[|\]|[\"']", " ", span)
            problems = (problem_of(words, partly=True) for words in simple_commands(plain))
            wrong += [f"{page.name}:{line}: {problem}" for problem in problems if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        goal = (page.parent / name).resolve() if name else page
        if not goal.exists():
            wrong.append(f"{target}: there is no such file")
        elif anchor and goal.suffix == ".md" and anchor not in _anchors(goal):
            wrong.append(f"{target}: there is no such heading")
    assert not wrong, "\n".join(wrong)


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
        todo += [(page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen] == []


def test_nearly_everything_is_run() -> None:
    skipped = [block.place for page in PAGES for block in blocks(page) if "norun" in block.words]
    assert len(skipped) <= NOT_RUN_AT_MOST, skipped


def test_blocks_say_what_they_are() -> None:
    known = {"console", "sh", "yaml", "json", "python", "text", "ini", "markdown"}
    words = {"norun", "eventually", "background", "part"}
    for page in PAGES:
        for block in blocks(page):
            assert block.language in known, f"{block.place}: {block.language!r}"
            odd = [word for word in block.words if word not in words and not word.startswith("file=")]
            assert not odd, f"{block.place}: {odd}"
    assert "folder" in STAGES


def _anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

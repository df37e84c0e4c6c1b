"""Nothing foreign moves the cursor, and columns stay columns."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import marker
from apollo.cli.output import as_json
from apollo.cli.text import clean, clean_lines, paint_for, short, table


@given(st.text())
def test_no_text_can_steer_a_terminal(text: str) -> None:
    shown = clean(text)
    assert "\n" not in shown
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert not set(shown) & set("\u202a\u202e\u2066\u2069\u200f\u061c")


def test_escapes_are_shown_not_swallowed() -> None:
    assert clean("web\x1b[2J\nprod\u202etxt") == "web\\e[2J\\nprod\\u202etxt"
    assert clean_lines("a\n\x1b[1mb") == "a\n\\e[1mb"


def test_an_unknown_output_is_named_as_such() -> None:
    assert clean(marker("TaskDefinition", "web", "arn")) == "(known after apply)"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_json_is_harmless_and_still_the_same_data(data: dict[str, object]) -> None:
    shown = as_json(data)
    assert json.loads(shown) == data
    assert not any(unicodedata.category(character) == "Cc" and character != "\n" for character in shown)


def test_columns_line_up_with_colour_and_with_wide_characters() -> None:
    text = table([("\x1b[31ma\x1b[0m", "x"), ("日本", "y"), ("long", "z")], gap="  ")
    assert text.splitlines() == ["\x1b[31ma\x1b[0m     x", "日本  y", "long  z"]


def test_the_last_column_leaves_no_trailing_blanks() -> None:
    assert table([("a", ""), ("b", "c")]) == "a\nb   c"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint_for(Terminal()).red("x") == "\x1b[31mx\x1b[0m"
    assert paint_for(io.StringIO()).red("x") == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert paint_for(Terminal()).red("x") == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint_for(Terminal()).red("x") == "x"


def test_commits_are_quoted_as_people_do() -> None:
    assert short("0123456789abcdef0123456789abcdef01234567") == "0123456"
    assert short("0123456789abcdef0123456789abcdef01234567-dirty") == "0123456-dirty"
    assert short("not-a-sha") == "not-a-sha"


def test_a_terminal_without_our_signs_gets_question_marks() -> None:
    import subprocess
    import sys

    code = "from apollo.cli.text import say; say('a · b ✓')"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
    )
    assert done.stdout == b"a ? b ?\n"

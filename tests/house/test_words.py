"""What must not stand in the project: paths of a machine, promises instead of code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.$}/])/(?:" + "|".join(("root", "work", "Users")) + r")/\w"),
    "a note of what is missing": re.compile(
        r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b"
    ),
    "a merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
ALLOWED = {
    # Shows that such a file is refused.
    ("tests/manifest", "a merge conflict"),
    # Files of others, byte for byte.
    ("tests/corpus/files", "a note of what is missing"),
}


def _files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if not names:
        pytest.skip("this is no checkout")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_nothing_stands_in_the_project_that_must_not() -> None:
    found = []
    for path in _files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT).as_posix()
        for what, pattern in FORBIDDEN.items():
            if any(name.startswith(place) and what == one for place, one in ALLOWED):
                continue
            found += [
                f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {what}: {hit.group()!r}"
                for hit in pattern.finditer(text)
            ]
    assert not found, "\n".join(found)


def test_the_checks_end_with_the_test_runners_own_last_line() -> None:
    """Whoever runs the checks reads the last line: nothing may print after the tests."""
    script = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert script[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in script
    assert [line for line in script if line and not line.startswith("#")][-1] == "make test"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (last,) = re.findall(r"^test: (.*?)\s*##", makefile, re.MULTILINE)
    assert last.split()[-1] == "unit", "the tests run last"
    recipe = makefile.split("\nunit:")[1].split("\n\n")[0].splitlines()[1:]
    assert len(recipe) == 1 and "pytest" in recipe[0]
    assert not re.search(r" -q| --quiet|--no-summary", recipe[0]), "pytest's closing line is wanted"

"""Every code that Apollo prints can be looked up."""

from __future__ import annotations

import re
from pathlib import Path

import apollo
from apollo.cli.codes import lookup


def test_every_code_in_the_source_has_an_explanation() -> None:
    folder = Path(apollo.__file__).parent
    used = {
        code
        for file in folder.rglob("*.py")
        for code in re.findall(r"APO-[A-Z]+-\d{3}", file.read_text(encoding="utf-8"))
    }
    assert sorted(code for code in used if lookup(code) is None) == []

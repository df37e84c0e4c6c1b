"""Every code that a package beside Apollo prints can be looked up."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from apollo.plugins import Registry
from apollo.plugins.check import inner
from apollo.plugins.kinds import COMPANIONS
from tests.cli.running import apollo


@pytest.mark.parametrize("kind", sorted(COMPANIONS))
def test_every_code_in_its_source_has_an_explanation(kind: str) -> None:
    controller = inner(Registry().get(kind))
    folder = Path(sys.modules[type(controller).__module__].__file__ or "").parent
    sources = [file.read_text("utf-8") for file in folder.glob("*.py") if file.name != "codes.py"]
    used = {code for text in sources for code in re.findall(r"APO(?:-[A-Z]+)+-\d{3}", text)}
    assert used
    assert used == set(controller.codes)
    code = max(used)
    meaning, remedy = controller.codes[code]
    said = apollo("explain", code.lower()).stdout
    assert said.startswith(f"{code} ({kind}): {meaning}")
    assert remedy in said

"""The generated models are what the generator writes, and they say when AWS's models have moved."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from apollo.resources.shapes import BOTOCORE

ROOT = Path(__file__).resolve().parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_shapes", ROOT / "tools" / "generate_shapes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_models_are_those_that_the_generator_writes() -> None:
    """With another botocore than ours the difference is told, not failed: an older Apollo must pass its tests
    beside a newer botocore. ``APOLLO_STRICT_SHAPES=1`` makes it a failure."""
    changed = generator().differences()
    installed = importlib.metadata.version("botocore")
    text = (
        f"botocore moved from {BOTOCORE} to {installed} and changes {', '.join(changed)}: "
        f"run `{generator().COMMAND}`, read the difference, commit it"
    )
    if changed and installed != BOTOCORE and not os.environ.get("APOLLO_STRICT_SHAPES"):
        pytest.skip(text)
    assert not changed, text


def test_the_models_hold_no_text_of_aws() -> None:
    for path in (ROOT / "apollo" / "resources" / "shapes").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "<p>" not in text
        assert text.count('"""') <= 4, "docstrings of the module alone"

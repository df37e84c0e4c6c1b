"""What `apollo` offers to a program that embeds it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import apollo


@pytest.mark.parametrize("name", apollo.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(apollo, name) is not None


def test_another_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = apollo.nothing


def test_importing_apollo_imports_nothing_heavy() -> None:
    code = "import apollo, sys; print([m for m in ('boto3', 'git', 'pydantic', 'anyio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Names of manifests and variables out of names of other tools."""

from __future__ import annotations

import re
from collections.abc import Container

__all__ = ["manifest_name", "unique", "variable_name"]

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def manifest_name(text: str, fallback: str = "imported") -> str:
    """Text as ``metadata.name``: what it cannot hold becomes ``-``."""
    name = _NOT_A_NAME.sub("-", text).strip("-._")[:128]
    return name if name and name[0].isalnum() else fallback


def variable_name(text: str) -> str:
    """Text as the name of a variable: ``/ecspresso-test/foo`` → ``ecspresso-test_foo``."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")
    return name or "value"


def unique(name: str, taken: Container[str]) -> str:
    """``name``, or ``name-2`` and so on where that is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"

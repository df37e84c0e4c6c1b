"""Machine output: JSON and YAML of the same data."""

from __future__ import annotations

import json
from typing import Any

from apollo.cli.text import json_safe, say

__all__ = ["as_json", "print_data"]


def as_json(data: Any, *, indent: int | None = 2) -> str:
    """``data`` as JSON that is safe to look at in a terminal."""
    return json_safe(json.dumps(data, indent=indent, ensure_ascii=False))


def print_data(data: dict[str, Any], form: str) -> None:
    """``data`` on stdout as ``json`` or ``yaml``."""
    if form == "yaml":
        from apollo.manifest import emit

        say(json_safe(emit(data)).rstrip("\n"))
    else:
        say(as_json(data))

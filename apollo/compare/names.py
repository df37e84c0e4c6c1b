"""Field names as specs have them: AWS's own with the first letter in lower case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["spec_names"]


def spec_names(value: Any, maps: Collection[str] = ()) -> Any:
    """An answer of AWS (``TargetGroupArn``) under the names of a spec (``targetGroupArn``).

    :param maps: AWS's names of fields whose keys are data and stay as they are.
    """
    if isinstance(value, Mapping):
        return {
            f"{name[:1].lower()}{name[1:]}": item if name in maps else spec_names(item, maps)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [spec_names(item, maps) for item in value]
    return value

"""Field names as specs have them: AWS's own with the first letter in lower case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

__all__ = ["aws_names", "spec_names"]


def spec_names(value: Any, maps: Collection[str] = ()) -> Any:
    """An answer of AWS (``TargetGroupArn``) under the names of a spec (``targetGroupArn``).

    :param maps: AWS's names of fields whose keys are data and stay as they are.
    """
    return _renamed(value, maps, str.lower)


def aws_names(value: Any, maps: Collection[str] = ()) -> Any:
    """The way back: plain data of a spec as parameters of a call.

    :param maps: as in `spec_names`, under the names of the spec.
    """
    return _renamed(value, maps, str.upper)


def _renamed(value: Any, maps: Collection[str], case: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {
            case(name[:1]) + name[1:]: item if name in maps else _renamed(item, maps, case)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_renamed(item, maps, case) for item in value]
    return value

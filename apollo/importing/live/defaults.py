"""What an environment's defaults would change on an object that runs, said otherwise in its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["despite"]


def despite(
    spec: Mapping[str, Any], live: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """A spec that stays as the object is under the defaults that are merged below it, and the pointers of
    lists to which the defaults add members all the same.

    A field that only the defaults have is written as it lives; where AWS has none, as null, which takes the
    default away.
    """
    result, added = dict(spec), []
    for name, default in defaults.items():
        said, lives = result.get(name), live.get(name)
        if isinstance(default, Mapping) and isinstance(said, Mapping | None) and isinstance(lives, Mapping):
            inner, below = despite(said or {}, lives, default)
            added += [f"/{name}{path}" for path in below]
            if inner:
                result[name] = inner
        elif name not in result:
            result[name] = lives
        elif isinstance(default, list | tuple) and default:
            added.append(f"/{name}")
    return result, added

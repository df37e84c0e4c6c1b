"""Everything that a local AWS holds as plain JSON, identifiers and times included: to compare two runs."""

import base64
import hashlib
import random
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.testing.world import World

_PLAIN = (type(None), bool, int, float, str)
_PASSED_OVER = frozenset({"world", "described", "shown"})
"""The way back to the world, and answers that are only kept because somebody asked."""


def dump(world: "World") -> dict[str, Any]:
    """The state of all accounts and regions: `aws` is ours, `moto` what moto holds."""
    walker = _Walker()
    ours: dict[str, Any] = {}
    for (service, account, region), backend in sorted(world.backends.items()):
        backend.step()
        found = walker.fields(backend, f"{account}/{region}/{service}")
        if any(value for name, value in found.items() if name not in ("account", "region")):
            ours[f"{account}/{region}/{service}"] = found
    theirs: dict[str, Any] = {}
    for service, account, region, backend in world.moto.held():
        key = f"{account}/{region}/{service}"
        theirs[key] = walker.fields(backend, f"moto:{key}")
    return {"now": world.clock.now(), "aws": ours, "moto": theirs}


class _Walker:
    """Follows objects; one that was met before is told by the path on which it was."""

    def __init__(self) -> None:
        self._paths: dict[int, str] = {}
        self._kept: list[object] = []
        """So that no identity is used twice."""

    def fields(self, item: object, path: str) -> dict[str, Any]:
        self._paths[id(item)] = path
        self._kept.append(item)
        return {name: self._walk(value, f"{path}.{name}") for name, value in _members(item)}

    def _walk(self, value: Any, path: str) -> Any:
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, (bytes, bytearray)):
            return base64.b64encode(value).decode() if len(value) < 256 else hashlib.sha256(value).hexdigest()
        if isinstance(value, (datetime, date)):
            return value.isoformat()
        if isinstance(value, AbstractSet):
            return sorted(str(self._walk(item, f"{path}[]")) for item in value)
        if isinstance(value, (type, random.Random)) or callable(value):
            return None
        met = self._paths.get(id(value))
        if met is not None:
            return f"→ {met}"
        if isinstance(value, Mapping):
            if not value:
                return {}
            self._met(value, path)
            return {_key(k): self._walk(item, f"{path}.{_key(k)}") for k, item in value.items()}
        if hasattr(value, "__iter__") and not isinstance(value, Iterator) and not hasattr(value, "read"):
            items = list(value)
            return [self._walk(item, f"{path}[{n}]") for n, item in enumerate(items)]
        if type(value).__module__.split(".")[0] not in ("apollo", "moto"):
            return None  # a lock, a file, a regular expression
        return self.fields(value, path)

    def _met(self, value: object, path: str) -> None:
        self._paths[id(value)] = path
        self._kept.append(value)


def _members(item: object) -> Iterator[tuple[str, Any]]:
    names = [name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ())]
    names += list(getattr(item, "__dict__", ()))
    for name in names:
        if name not in _PASSED_OVER and not name.startswith("__"):
            yield name, getattr(item, name, None)


def _key(key: object) -> str:
    if isinstance(key, _PLAIN):
        return str(key)
    if isinstance(key, tuple):
        return "/".join(_key(part) for part in key)
    return str(getattr(key, "arn", type(key).__name__))

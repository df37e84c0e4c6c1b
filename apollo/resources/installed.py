"""The service models that the installed botocore packages, read as data and only when something asks.

botocore itself is not imported: a JSON file is all that is needed, and importing botocore costs more than
validating a hundred files.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["enum", "member", "wire", "wrong"]

Location = tuple[int | str, ...]

_TYPES: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "string": ((str,), "text"),
    "character": ((str,), "text"),
    "timestamp": ((str,), "text (a time as in 2030-01-31T08:00:00Z)"),
    "blob": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "long": ((int,), "a whole number"),
    "double": ((int, float), "a number"),
    "float": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "list": ((list, tuple), "a list"),
    "map": ((Mapping,), "a mapping"),
    "structure": ((Mapping,), "a mapping"),
}


@cache
def _shapes(service: str) -> Mapping[str, Any]:
    """Shape name → shape, of the newest model of a service; empty when there is none."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "data" / service
    for version in sorted(folder.glob("*-*-*"), reverse=True):
        for name in ("service-2.json.gz", "service-2.json"):
            path = version / name
            if path.is_file():
                data = path.read_bytes()
                model = json.loads(gzip.decompress(data) if name.endswith("gz") else data)
                shapes: Mapping[str, Any] = model["shapes"]
                return shapes
    return {}


def _wire_name(members: Mapping[str, Any], name: str) -> str | None:
    """AWS's spelling of a field written in lowerCamelCase; None when there is no such member."""
    if name in members:
        return name if name[:1].islower() else None
    pascal = name[:1].upper() + name[1:]
    return pascal if pascal in members and name[:1].islower() else None


def member(service: str, shape: str, name: str) -> str | None:
    """The shape of a structure's member that a manifest calls ``name``; None when botocore has none."""
    members = _shapes(service).get(shape, {}).get("members", {})
    found = _wire_name(members, name)
    return None if found is None else str(members[found]["shape"])


def enum(service: str, shape: str) -> Collection[str]:
    """The values that botocore's model names for an enum; empty when it has none."""
    values: Collection[str] = _shapes(service).get(shape, {}).get("enum", ())
    return values


def wrong(service: str, shape: str, value: Any, at: Location) -> Iterator[tuple[Location, str, Any]]:
    """What is wrong with a value of a shape: (where, what, the value there)."""
    model = _shapes(service)[shape]
    kind = model["type"]
    if kind == "structure" and model.get("document"):
        return
    types, called = _TYPES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
        yield at, f"{called} is expected", value
    elif kind == "structure":
        members = model["members"]
        for name, item in value.items():
            found = _wire_name(members, str(name))
            if found is None:
                yield at, f"there is no field '{name}' here", value
            elif item is not None:
                yield from wrong(service, members[found]["shape"], item, (*at, str(name)))
        given = {_wire_name(members, str(name)) for name, item in value.items() if item is not None}
        for name in model.get("required", ()):
            if name not in given:
                yield at, f"'{name[:1].lower()}{name[1:]}' is required", value
    elif kind == "list":
        for index, item in enumerate(value):
            yield from wrong(service, model["member"]["shape"], item, (*at, index))
    elif kind == "map":
        for name, item in value.items():
            yield from wrong(service, model["value"]["shape"], item, (*at, str(name)))
    elif "enum" in model and value not in model["enum"]:
        yield at, f"one of {', '.join(model['enum'])} is expected", value


def wire(service: str, shape: str, value: Any) -> Any:
    """A value of a shape with AWS's own spelling of every field; nulls are left out."""
    model = _shapes(service).get(shape, {})
    kind = model.get("type")
    if kind == "structure" and not model.get("document"):
        members = model["members"]
        found = {_wire_name(members, name) or name: item for name, item in value.items() if item is not None}
        return {name: wire(service, members[name]["shape"], item) for name, item in found.items()}
    if kind == "list":
        return [wire(service, model["member"]["shape"], item) for item in value]
    if kind == "map":
        return {name: wire(service, model["value"]["shape"], item) for name, item in value.items()}
    return value

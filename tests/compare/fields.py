"""The fields of a spec's model, and specs that differ in just one of them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

__all__ = ["fields", "spec_with"]


def fields(model: type[BaseModel]) -> Iterator[tuple[str, Any, Any]]:
    """Every field that holds a value: its pointer (``*`` for members) and two values it can have."""
    yield from _of_model(model, "", ())


def _of_model(
    model: type[BaseModel], path: str, outer: tuple[type[BaseModel], ...]
) -> Iterator[tuple[str, Any, Any]]:
    for name, info in model.model_fields.items():
        yield from _of(info.annotation, f"{path}/{name}", (*outer, model))


def _of(annotation: Any, path: str, outer: tuple[type[BaseModel], ...]) -> Iterator[tuple[str, Any, Any]]:
    kind = _plain(annotation)
    origin = get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in outer:
        yield from _of_model(kind, path, outer)
    elif origin in (list, tuple):
        yield from _of(get_args(kind)[0], f"{path}/*", outer)
    elif origin is dict:
        yield from _of(get_args(kind)[1], f"{path}/*", outer)
    else:
        yield path, *_two(kind)


def _two(kind: Any) -> tuple[Any, Any]:
    if get_origin(kind) is Literal:
        first, *rest = get_args(kind)
        return first, rest[0] if rest else "ANOTHER"
    known: dict[Any, tuple[Any, Any]] = {
        bool: (True, False),
        int: (3, 7),
        float: (3.5, 7.5),
        str: ("one", "two"),
    }
    return known.get(kind, ({"a": 1}, {"a": 2}))


def _plain(annotation: Any) -> Any:
    while True:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = args[0]
        elif origin is Union or origin is types.UnionType:
            annotation = next(arg for arg in args if arg is not types.NoneType)
        else:
            return annotation


def spec_with(model: type[BaseModel], pointer: str, *value: Any) -> dict[str, Any]:
    """A spec that holds a value at a pointer and little else; without a value, the blocks around it alone.

    Members of lists have a name, so that they can be told apart by it.
    """
    found: dict[str, Any] = _built(model, pointer.split("/")[1:], value, root=True)
    return found


def _beside(model: type[BaseModel], part: str) -> dict[str, Any]:
    """Another field of the block, so that the block is there whether it holds the part or not."""
    for name, info in model.model_fields.items():
        kind = _plain(info.annotation)
        if name != part and (kind in (bool, int, float, str) or get_origin(kind) is Literal):
            return {name: _NAMES.get(name, _two(kind)[0])}
    return {}


def _built(annotation: Any, parts: list[str], value: tuple[Any, ...], root: bool = False) -> Any:
    if not parts:
        return value[0]
    kind, (part, *rest) = _plain(annotation), parts
    origin = get_origin(kind)
    if origin in (list, tuple):
        return [_built(get_args(kind)[0], rest, value)] if rest or value else []
    if origin is dict:
        return {"key": _built(get_args(kind)[1], rest, value)} if rest or value else {}
    block = {name: one for name, one in _NAMES.items() if name in kind.model_fields}
    block |= _beside(kind, part) if not root else {}
    if rest or value:
        block[part] = _built(kind.model_fields[part].annotation, rest, value)
    return block


_VALUES: dict[Any, tuple[Any, Any]] = {
    bool: (True, False),
    int: (3, 7),
    float: (3.5, 7.5),
    str: ("one", "two"),
}
_TEXTS = ("name", "key", "id", "type", "field", "namespace", "containerName", "containerPath", "deviceName")
_REFERENCES = ("sourceContainer", "targetGroupArn", "capacityProvider", "portName", "resourceType")
_NAMES: dict[str, Any] = dict.fromkeys((*_TEXTS, *_REFERENCES), "x") | {"containerPort": 80, "port": 80}

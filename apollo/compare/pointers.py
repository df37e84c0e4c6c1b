"""JSON pointers into specs, where the members of named lists go by their names instead of their positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apollo.api import Change
from apollo.compare.rules import NAMED, Node, Rules

__all__ = ["join", "keeping", "resetting", "split", "without"]


def split(pointer: str) -> tuple[str, ...]:
    """``/containerDefinitions/app/image`` → its three parts (``~1`` stands for ``/``, ``~0`` for ``~``)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def join(path: str, part: str) -> str:
    """The pointer one step below ``path``."""
    if "~" in part or "/" in part:
        part = part.replace("~", "~0").replace("/", "~1")
    return f"{path}/{part}"


def without(value: Mapping[str, Any], pointers: Iterable[str], rules: Rules) -> dict[str, Any]:
    """``value`` without what the pointers name; a pointer that leads nowhere changes nothing.

    The value itself is not changed; parts that no pointer touches are shared with it.
    """
    result: Any = value
    for pointer in pointers:
        parts = split(pointer)
        if parts:
            result = _removed(result, parts, rules.root)
    return dict(result)


def keeping(
    declared: Mapping[str, Any], live: Mapping[str, Any] | None, pointers: Iterable[str], rules: Rules
) -> dict[str, Any]:
    """``declared`` with the live values at the pointers: what to compare, and what to send, when a manifest
    says ``lifecycle.ignore``.

    A call that sends a block whole would otherwise reset the part of it that somebody else looks after.
    Where nothing is live yet, what the manifest declares is taken: something has to be created.
    """
    result: Any = declared
    for pointer in pointers if live is not None else ():
        parts = split(pointer)
        found, item = _found(live, parts, rules.root)
        if parts and found:
            result = _replaced(result, parts, item, rules.root)
    return dict(result)


def resetting(declared: Mapping[str, Any], changes: Iterable[Change], rules: Rules) -> dict[str, Any]:
    """``declared`` with the values that ``changes`` go to where the manifest leaves a field out, to be sent.

    Leaving such a field out of a call means AWS's default. Should that have moved since our tables were
    written, the difference would never go away; a value that is named sticks.
    """
    result: Any = declared
    for change in changes:
        parts = split(change.path)
        if len(parts) > 1 and change.after is not None and not _found(result, parts, rules.root)[0]:
            result = _replaced(result, parts, change.after, rules.root)
    return dict(result)


def _at(items: Sequence[Any], part: str, node: Node) -> int | None:
    """The position of a list's member by name, or by number where members have no name."""
    if node.kind == NAMED:
        names = (node.name_of(item) if isinstance(item, Mapping) else None for item in items)
        return next((index for index, name in enumerate(names) if name == part), None)
    return int(part) if part.isdecimal() and int(part) < len(items) else None


def _removed(value: Any, parts: tuple[str, ...], node: Node) -> Any:
    part, rest = parts[0], parts[1:]
    if isinstance(value, Mapping):
        if part not in value:
            return value
        if not rest:
            return {name: item for name, item in value.items() if name != part}
        below = _removed(value[part], rest, node.child(part))
        return value if below is value[part] else {**value, part: below}
    if isinstance(value, list | tuple):
        index = _at(value, part, node)
        if index is None:
            return value
        if not rest:
            return [*value[:index], *value[index + 1 :]]
        below = _removed(value[index], rest, node.item)
        return value if below is value[index] else [*value[:index], below, *value[index + 1 :]]
    return value


def _found(value: Any, parts: tuple[str, ...], node: Node) -> tuple[bool, Any]:
    for part in parts:
        if isinstance(value, Mapping):
            if value.get(part) is None:
                return False, None
            value, node = value[part], node.child(part)
        elif isinstance(value, list | tuple) and (index := _at(value, part, node)) is not None:
            value, node = value[index], node.item
        else:
            return False, None
    return True, value


def _replaced(value: Any, parts: tuple[str, ...], new: Any, node: Node) -> Any:
    part, rest = parts[0], parts[1:]
    if isinstance(value, Mapping):
        if not rest:
            return {**value, part: new}
        if part not in value:
            return value  # the block is not declared, so nothing is sent that could reset it
        return {**value, part: _replaced(value[part], rest, new, node.child(part))}
    if isinstance(value, list | tuple):
        index = _at(value, part, node)
        if index is None:
            return value if rest else [*value, new]
        below = new if not rest else _replaced(value[index], rest, new, node.item)
        return [*value[:index], below, *value[index + 1 :]]
    return value

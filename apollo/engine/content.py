"""What a resource consists of, field by field: shown where it is made, with nothing to compare it with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Change, Spec

__all__ = ["content"]


def content(spec: Spec) -> tuple[Change, ...]:
    """Every field that ``spec`` declares, as a change from nothing, in the order of the manifest.

    Blocks are told member by member, and members of lists of named things by name; a name that stands in the
    pointer is not told again. Other lists are one value.
    """
    return tuple(
        Change(path, None, value) for path, value in _leaves(spec.declared(), "", "", spec.named_lists)
    )


def _leaves(value: Any, path: str, pattern: str, named: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{path}/{_step(str(name))}", f"{pattern}/{name}", named)
    elif isinstance(value, list | tuple) and (field := named.get(pattern)) and _told_apart(value, field):
        for member in value:
            inside = f"{path}/{_step(str(member[field]))}"
            rest = {name: item for name, item in member.items() if name != field}
            yield from _leaves(rest or member, inside, f"{pattern}/*", named)
    elif value not in (None, [], {}, ()):
        yield path, value


def _told_apart(members: list[Any] | tuple[Any, ...], field: str) -> bool:
    names = [member.get(field) if isinstance(member, Mapping) else None for member in members]
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

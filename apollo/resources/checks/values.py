"""Reading a declared spec without trusting its types, and saying where something is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apollo.api import Problem, is_unknown

__all__ = [
    "error",
    "flag",
    "items",
    "label",
    "mapping",
    "nearest",
    "number",
    "repeated",
    "templated",
    "text",
    "texts",
    "units",
    "unrendered",
    "warning",
]

Spec = Mapping[str, Any]

_NOTHING: Spec = {}

_SIZE = re.compile(r"\s*(\d{0,9}\.?\d{1,9})\s*(vcpu|gb)?\s*", re.IGNORECASE)


def error(code: str, message: str, path: str, hint: str = "") -> Problem:
    return Problem(code, message, path=path, hint=hint)


def warning(code: str, message: str, path: str, hint: str = "") -> Problem:
    return Problem(code, message, path=path, hint=hint, severity="warning")


def mapping(spec: Any, name: str) -> Spec:
    """A member that is a mapping; empty when it is left out."""
    found = spec.get(name) if isinstance(spec, dict) else None
    return found if isinstance(found, dict) else _NOTHING


def items(spec: Any, name: str, path: str = "", key: str = "name") -> list[tuple[Spec, str]]:
    """The mappings in a list, each with its pointer: by ``key`` where only it has that, else by index."""
    found = spec.get(name) if isinstance(spec, dict) else None
    if not found or not isinstance(found, list | tuple):
        return []
    if len(found) == 1:
        one = found[0]
        return [(one, f"{path}/{name}/{label(one, 0, key)}")] if isinstance(one, dict) else []
    members = [one for one in found if isinstance(one, dict)]
    names = [one.get(key) for one in members] if key and len(members) > 1 else None
    return [
        (
            one,
            f"{path}/{name}/{label(one, index, key, unique=names is None or names.count(one.get(key)) < 2)}",
        )
        for index, one in enumerate(members)
    ]


def label(item: Spec, index: int, key: str, *, unique: bool = True) -> str:
    """How a member of a list goes in a pointer."""
    name = item.get(key) if key and unique else None
    if not isinstance(name, str) or not name or is_unknown(name):
        return str(index)
    return name.replace("~", "~0").replace("/", "~1")


def text(spec: Any, name: str) -> str | None:
    """A text that is known now; None when it is left out or waits for an output."""
    found = spec.get(name) if isinstance(spec, dict) else None
    return found if isinstance(found, str) and not is_unknown(found) else None


def texts(spec: Any, name: str) -> list[str]:
    """The texts of a list that are known now."""
    found = spec.get(name) if isinstance(spec, dict) else None
    members = found if isinstance(found, list | tuple) else ()
    return [one for one in members if isinstance(one, str) and not is_unknown(one)]


def number(spec: Any, name: str) -> int | float | None:
    found = spec.get(name) if isinstance(spec, dict) else None
    if found is None or isinstance(found, bool):
        return None
    return found if isinstance(found, int | float) else None


def flag(spec: Any, name: str) -> bool | None:
    found = spec.get(name) if isinstance(spec, dict) else None
    return found if isinstance(found, bool) else None


def repeated(values: Collection[Any]) -> Iterator[tuple[int, Any]]:
    """Each value that stood there before, with its index."""
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, value
        seen.add(value)


def nearest(name: str, known: Collection[str]) -> str:
    """``did you mean 'x'?``, or what there is."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), [one.lower() for one in names], n=1)
    if close:
        return f"did you mean '{next(one for one in names if one.lower() == close[0])}'?"
    return f"there are: {', '.join(names[:8])}" if names else ""


def templated(value: str) -> bool:
    """Whether a text is for a tool that renders files before ECS sees them; that has a finding of its own."""
    return "{{" in value or "$$$" in value


def unrendered(value: str) -> bool:
    """Whether a text may hold a placeholder of any sort: then its form says nothing yet."""
    return any(mark in value for mark in "<>${%")


def units(value: Any, unit: str) -> int | None:
    """``256``, ``.25 vCPU``, ``1 GB`` → CPU units or MiB; None when it is not known or not understood."""
    found = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not is_unknown(value) else None
    if found is None or (found[2] and found[2].lower() != unit):
        return None
    try:
        amount = Decimal(found[1]) * (1024 if found[2] else 1)
    except InvalidOperation:
        return None
    return int(amount) if amount == int(amount) else None

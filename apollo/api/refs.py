"""References: an output of another resource inside a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen
from pydantic import BaseModel

from apollo.api.names import Key

__all__ = ["Ref", "is_unknown", "marker", "refs_in"]

# Asked in this order, since asking whether something is a Mapping is dear where it is none.
_FLAT, _LISTS, _MAPS = (int, float, type(None)), (list, tuple), (dict, Mapping)
_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters; the loader refuses them in user text
_MARKER = re.compile(f"{_OPEN}([^/{_OPEN}{_CLOSE}]+)/([^{_CLOSE}]+?)\\.([A-Za-z][A-Za-z0-9]*){_CLOSE}")


@frozen(order=True)
class Ref:
    """A reference to another resource of the same environment.

    ``output`` is the name of the value wanted; empty when only the order matters.
    """

    kind: str
    name: str
    output: str = ""

    def key(self, environment: str) -> Key:
        return Key(self.kind, environment, self.name)


def marker(kind: str, name: str, output: str) -> str:
    """The text that stands for an output that is not known yet.

    It is part of an ordinary string, so it passes through specs and call parameters. It equals nothing but
    itself: a diff against anything AWS returned shows a change.
    """
    return f"{_OPEN}{kind}/{name}.{output}{_CLOSE}"


def is_unknown(value: object) -> bool:
    """Whether a value (text, or anything nested that holds text) waits for an output."""
    if isinstance(value, str):
        return _OPEN in value
    if isinstance(value, _FLAT):
        return False
    if isinstance(value, _MAPS):
        return any(map(is_unknown, value.values()))
    if isinstance(value, _LISTS):
        return any(map(is_unknown, value))
    return False


def refs_in(value: object) -> Iterable[Ref]:
    """Every reference that a value (text, mapping, list, spec) holds."""
    if isinstance(value, str):
        if _OPEN in value:
            for kind, name, output in _MARKER.findall(value):
                yield Ref(kind, name, output)
    elif isinstance(value, _FLAT):
        return
    elif isinstance(value, _MAPS):
        for item in value.values():
            yield from refs_in(item)
    elif isinstance(value, _LISTS):
        for item in value:
            yield from refs_in(item)
    elif isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield from refs_in(getattr(value, name))

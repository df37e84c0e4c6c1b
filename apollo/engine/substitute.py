"""Outputs of other resources in the place of the references to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from apollo.api import Ref, marker, refs_in

__all__ = ["substitute"]

# Asked in this order, since asking whether something is a Mapping is dear where it is none.
_FLAT, _LISTS, _MAPS = (int, float, type(None)), (list, tuple), (dict, Mapping)


def substitute(value: Any, outputs: Mapping[Ref, str]) -> Any:
    """``value`` with every known output in its place; unknown ones stay markers. Works on text, mappings,
    lists and specs; returns the same object when nothing changed."""
    if isinstance(value, str):
        for ref in refs_in(value):
            if ref in outputs:
                value = value.replace(marker(ref.kind, ref.name, ref.output), outputs[ref])
        return value
    if isinstance(value, _FLAT):
        return value
    if isinstance(value, _MAPS):
        new = {name: substitute(item, outputs) for name, item in value.items()}
        return new if any(new[name] is not value[name] for name in new) else value
    if isinstance(value, _LISTS):
        items = [substitute(item, outputs) for item in value]
        return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, BaseModel):
        update = {}
        for name in value.model_fields_set:
            before = getattr(value, name)
            after = substitute(before, outputs)
            if after is not before:
                update[name] = after
        return value.model_copy(update=update) if update else value
    return value

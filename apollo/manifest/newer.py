"""Scalars in fields that only the installed botocore knows: it says whether text or a value is wanted."""

from __future__ import annotations

from typing import Any

from apollo.manifest.nodes import MapNode, Node, TextNode, data
from apollo.resources import installed

__all__ = ["is_newer", "newer_value"]


def _shape(model: Any, name: str) -> tuple[str, str] | None:
    service, shapes = getattr(model, "aws", ("", ()))[:2]
    for shape in shapes:
        if (found := installed.member(service, shape, name)) is not None:
            return service, found
    return None


def is_newer(model: Any, name: str) -> bool:
    """Whether only the installed botocore knows this field of one of AWS's structures."""
    return _shape(model, name) is not None


def newer_value(model: Any, name: str, node: Node) -> Any:
    """Plain data for a field that the model does not have; typed by its text alone when nobody knows it."""
    found = _shape(model, name)
    return data(node) if found is None else _typed(node, *found)


def _typed(node: Node, service: str, shape: str) -> Any:
    if isinstance(node, MapNode):
        result = {}
        for name, item in node.items.items():
            if isinstance(item, TextNode) and item.absent:
                continue
            below = installed.member(service, shape, name)
            result[name] = data(item) if below is None else _typed(item, service, below)
        return result
    value = data(node)
    if any(installed.wrong(service, shape, value, ())):
        text = _as_text(node)
        if not any(installed.wrong(service, shape, text, ())):
            return text
    return value


def _as_text(node: Node) -> Any:
    """The same with every scalar as written."""
    if isinstance(node, TextNode):
        return None if node.absent else node.text
    if isinstance(node, MapNode):
        return {name: _as_text(item) for name, item in node.items.items()}
    return [_as_text(item) for item in node.items]  # type: ignore[attr-defined]

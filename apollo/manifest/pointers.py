"""JSON pointers into a spec, in which members of lists of named things go by their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from apollo.manifest.newer import is_newer
from apollo.manifest.nodes import ListNode, MapNode, Node
from apollo.manifest.shape import Shape, shape_of

__all__ = ["found", "known_field", "named_pointer", "seek"]


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def named_pointer(member: Any, index: int, field: str) -> str:
    """How a list member is called in a pointer: by name where it has one, else by index."""
    name = member.get(field) if isinstance(member, Mapping) else None
    label = name if isinstance(name, str) and name else str(index)
    return label.replace("~", "~0").replace("/", "~1")


def seek(root: Node, path: str, named: Mapping[str, str]) -> Node:
    """The node at a pointer; the nearest one above it when there is none."""
    return _seek(root, path, named)[0]


def found(root: Node, path: str, named: Mapping[str, str]) -> Node | None:
    """The node at a pointer, or None."""
    node, exact = _seek(root, path, named)
    return node if exact else None


def _seek(root: Node, path: str, named: Mapping[str, str]) -> tuple[Node, bool]:
    node, pattern = root, ""
    for step in _steps(path):
        child: Node | None = None
        if isinstance(node, MapNode):
            child = node.items.get(step)
            pattern += f"/{step}"
        elif isinstance(node, ListNode):
            child = _member(node, step, named.get(pattern, "name"))
            pattern += "/*"
        if child is None:
            return node, False
        node = child
    return node, True


def _member(node: ListNode, step: str, field: str) -> Node | None:
    for item in node.items:
        if isinstance(item, MapNode) and item.text(field) == step:
            return item
    return node.items[int(step)] if step.isdigit() and int(step) < len(node.items) else None


def known_field(spec_type: type[Any], path: str) -> tuple[str, Collection[str]]:
    """The first step of a pointer that names no field of the spec, and the fields there are; ``("", ())``
    when all of it may exist. Members of lists and keys of free mappings may be anything."""
    shape: Shape = shape_of(spec_type)
    for step in _steps(path):
        if shape.any:
            return "", ()
        if shape.models:
            below = next((one for model in shape.models if (one := model.shape(step)) is not None), None)
            if below is None:
                if any(is_newer(model.model, step) for model in shape.models):
                    return "", ()
                return step, [name for model in shape.models for name in model.names]
            shape = below
        elif shape.item is not None:
            shape = shape.item
        elif shape.value is not None:
            shape = shape.value
        else:
            return step, ()
    return "", ()

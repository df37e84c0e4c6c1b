"""One mapping over another: maps merge, lists are replaced, lists of named things merge by name.

A null in the upper mapping takes away what the lower one has.
"""

from __future__ import annotations

from collections.abc import Mapping

from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["merged", "naming_field"]


def naming_field(path: str, named: Mapping[str, str]) -> str:
    """The member that names the members of the list at ``path`` (``*`` for members of lists): what the spec
    says, else ``name``."""
    return named.get(path, "name")


def merged(lower: Node, upper: Node, named: Mapping[str, str], path: str = "") -> Node:
    """``upper`` over ``lower``; neither is changed.

    :param named: `apollo.spec.Spec.named_lists`.
    """
    if isinstance(lower, MapNode) and isinstance(upper, MapNode):
        result = MapNode(upper.source, upper.line, upper.column, upper.start, upper.end)
        result.via = upper.via
        result.items, result.keys = dict(lower.items), dict(lower.keys)
        for name, item in upper.items.items():
            below = lower.items.get(name)
            value = item if below is None else merged(below, item, named, f"{path}/{name}")
            result.put(upper.keys[name], value)
        return result
    if isinstance(lower, ListNode) and isinstance(upper, ListNode):
        field = naming_field(path, named)
        ours, theirs = _by_name(lower, field), _by_name(upper, field)
        if ours and theirs:  # an empty list replaces, too: it is how one says "none"
            whole = ListNode(upper.source, upper.line, upper.column, upper.start, upper.end)
            whole.via = upper.via
            whole.items = [
                merged(item, theirs[name], named, f"{path}/*") if name in theirs else item
                for name, item in ours.items()
            ] + [item for name, item in theirs.items() if name not in ours]
            return whole
    return upper


def _by_name(node: ListNode, field: str) -> dict[str, Node] | None:
    """Members by name; None when one has no name or two have the same."""
    result: dict[str, Node] = {}
    for item in node.items:
        name = item.items.get(field) if isinstance(item, MapNode) else None
        if not isinstance(name, TextNode) or name.absent or name.text in result:
            return None
        result[name.text] = item
    return result

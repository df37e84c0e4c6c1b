"""What AWS answers, without what means the same as its absence: the way back from a live object to
what a person would have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apollo.compare.canon import canon, canonical
from apollo.compare.rules import LEAF, RECORD, Node, Rules

__all__ = ["trimmed"]


def trimmed(live: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """``live`` in its own words and order, without nulls, empty members, AWS's defaults and what AWS
    computes. Its canonical form is that of ``live``."""
    result = _record(rules.root, live, live) or {}
    if canonical(result, rules) != canonical(live, rules):
        return dict(live)  # a default that held only because of another field: then nothing is left out
    return result


def _trim(node: Node, value: Any, parent: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    if canon(node, value, parent, root) is None:
        return None
    if isinstance(value, Mapping):
        if node.kind == RECORD:
            return _record(node, value, root)
        found = {name: _trim(node.item, item, value, root) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not None} or None
    if isinstance(value, list | tuple) and node.kind != LEAF:
        items = [_trim(node.item, item, {}, root) for item in value]
        return [item for item in items if item is not None] or None
    return value


def _record(node: Node, value: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any] | None:
    found = {name: _trim(node.child(name), item, value, root) for name, item in value.items()}
    return {name: item for name, item in found.items() if item is not None} or None

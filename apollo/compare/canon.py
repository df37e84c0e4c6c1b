"""The canonical form of a spec: the least text that means the same to AWS, and its digest.

Only compared, never sent: what AWS gets is what the manifest says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apollo.api import is_unknown
from apollo.compare.rules import FOREIGN, LEAF, NAMED, RECORD, UNORDERED, Node, Rules

__all__ = ["canonical", "digest"]


def canonical(value: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """A spec, declared or live, in canonical form.

    What is null, empty or equal to AWS's default is left out; lists without a meaningful order are sorted;
    units, case and names are written in one way; what AWS computes is left out. Fields that the rules do not
    know stay as they are. Doing it twice changes nothing.
    """
    return canon(rules.root, value, {}, value) or {}


def digest(value: Any, version: int = 1) -> str:
    """A short name for content: ``1:<64 hex digits>``, the same on every machine and in every release.

    ``value`` is plain data (as JSON has it), usually `canonical`. The number in front says how it was made,
    so that a later way can live beside this one.

    :raises ValueError: for a version that this release does not know.
    """
    if version != 1:
        raise ValueError(f"there is no content hash of version {version} here")
    return f"1:{hashlib.sha256(_JSON.encode(value).encode()).hexdigest()}"


def canon(
    node: Node, value: Any, parent: Mapping[str, Any], root: Mapping[str, Any], known: bool = False
) -> Any:
    """The canonical form of one field's value; None when it means the same as its absence.

    ``known`` leaves out what AWS says beyond our models, which must not make a default look like a choice.
    """
    if value is None or (node.never and (node.never is True or node.never(root))):
        return None
    kind = node.kind
    if kind == LEAF:
        if node.normal is not None and not is_unknown(value):
            value = node.normal(value)
        elif type(value) is float and value.is_integer():
            value = int(value)
    elif kind == FOREIGN:
        value = plain(value)
    elif isinstance(value, Mapping):
        value = (_record if kind == RECORD else _map)(node, value, root, known)
    elif isinstance(value, list | tuple):
        value = _members(node, value, root, known)
    if value == node.default:
        return None
    if node.same is not None and node.same(value, parent, root):
        return None
    return value


def _record(
    node: Node, value: Mapping[str, Any], root: Mapping[str, Any], known: bool
) -> dict[str, Any] | None:
    fields = node.fields
    result = {}
    for name, item in value.items():
        child = fields.get(name)
        if child is None:
            found = None if known else plain(item)
        elif child.exact and type(item) is not float:
            found = item
        else:
            found = canon(child, item, value, root, known)
        if found is not None:
            result[name] = found
    return result or None


def _map(node: Node, value: Mapping[str, Any], root: Mapping[str, Any], known: bool) -> dict[str, Any] | None:
    found = {name: canon(node.item, item, value, root, known) for name, item in value.items()}
    return {name: item for name, item in found.items() if item is not None} or None


def _members(
    node: Node, value: list[Any] | tuple[Any, ...], root: Mapping[str, Any], known: bool
) -> list[Any] | None:
    each = (canon(node.item, one, _NOTHING, root, known) for one in value)
    found = [member for member in each if member is not None]
    if len(found) < 2:
        return found or None
    if node.kind == NAMED:
        names = [str(node.name_of(one)) if isinstance(one, Mapping) else "" for one in found]
        same = len(set(names)) < len(names)  # then the text decides, so that the order is still the same
        order = sorted(zip(names, map(_text, found) if same else names, range(len(found)), strict=True))
        return [found[index] for _, _, index in order]
    if node.kind == UNORDERED:
        if all(type(one) is str for one in found):
            return sorted(set(found))
        return [one for _, one in sorted({_text(one): one for one in found}.items())]
    return found


_NOTHING: Mapping[str, Any] = {}


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_text = _JSON.encode


def plain(value: Any) -> Any:
    """Data that no rule knows, without what is null or empty; whole numbers without a fraction."""
    if isinstance(value, Mapping):
        found = {name: plain(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [item for item in map(plain, value) if item is not None] or None
    if type(value) is float and value.is_integer():
        return int(value)
    return value

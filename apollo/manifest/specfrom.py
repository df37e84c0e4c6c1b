"""``specFrom``: the native AWS JSON of another tool as a spec."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from apollo.errors import Problem
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode
from apollo.manifest.shape import ANY, Shape, shape_of
from apollo.manifest.syntax import ParsedFile
from apollo.resources import installed

__all__ = ["SUFFIXES", "native", "target_of"]

SUFFIXES = (".yaml", ".yml", ".json")

_ENVELOPES = ("taskDefinition", "service", "services", "rules", "Rules", "taskDefinitions")
_ANSWERS: Mapping[str, str] = {
    "RegisterTaskDefinitionRequest": "TaskDefinition",
    "CreateServiceRequest": "Service",
    "CreateRuleInput": "Rule",
}
"""What AWS returns for what it takes. Members of the answer that the request does not have are read-only."""


def target_of(naming: str, file: str) -> str | None:
    """The repository-relative path that ``file`` means in the manifest ``naming``; None when it leaves the
    repository."""
    if file.startswith("/") or "\\" in file:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(naming), file))
    return None if path == ".." or path.startswith("../") else path


def native(parsed: ParsedFile, spec_type: type[Any], at: Node, path: str) -> MapNode | Problem:
    """The document as a spec: envelope, read-only members and nulls removed.

    :param at: where the file is named; ``path``: the repository-relative name that was meant.
    """
    if len(parsed.documents) != 1:
        return at.problem(
            "APO-LOAD-032", f"{path} holds {len(parsed.documents)} documents, not one", path="/specFrom/file"
        )
    document = parsed.documents[0]
    if isinstance(document, MapNode) and (document.text("apiVersion") or "").startswith("apollo/"):
        return at.problem(
            "APO-LOAD-032", f"{path} is itself a manifest, not the JSON of AWS", path="/specFrom/file"
        )
    body = _unwrapped(document)
    if not isinstance(body, MapNode):
        return at.problem("APO-LOAD-032", f"{path} is no mapping", path="/specFrom/file")
    cleaned = _cleaned(body, shape_of(spec_type))
    assert isinstance(cleaned, MapNode)
    return _without_read_only(cleaned, spec_type)


def _unwrapped(node: Node) -> Node:
    if not isinstance(node, MapNode):
        return node
    for name in _ENVELOPES:
        inner = node.items.get(name)
        if isinstance(inner, ListNode) and len(inner.items) == 1 and name.endswith("s"):
            inner = inner.items[0]
        if isinstance(inner, MapNode):
            if isinstance(node.items.get("tags"), ListNode) and "tags" not in inner.items:
                whole = MapNode(inner.source, inner.line, inner.column)
                whole.items, whole.keys = dict(inner.items), dict(inner.keys)
                whole.put(node.keys["tags"], node.items["tags"])
                return whole
            return inner
    return node


def _cleaned(node: Node, shape: Shape) -> Node:
    """Without nulls, without ``""`` where AWS has an enum, names in lowerCamelCase where the model has
    those."""
    if isinstance(node, ListNode):
        copy = ListNode(node.source, node.line, node.column, node.start, node.end)
        copy.items = [
            _cleaned(item, shape.item or ANY)
            for item in node.items
            if not (isinstance(item, TextNode) and item.absent)
        ]
        return copy
    if not isinstance(node, MapNode):
        return node
    members = shape.members(node)
    result = MapNode(node.source, node.line, node.column, node.start, node.end)
    for name, item in node.items.items():
        key = node.keys[name]
        below = members.shape(name) if members else None
        if members is not None and below is None:
            ours = name[:1].lower() + name[1:]
            if ours not in node.items and (below := members.shape(ours)) is not None:
                key = TextNode(key.source, key.line, key.column, ours, plain=False)
        known = members is None or below is not None
        unset = isinstance(item, TextNode) and (
            item.absent or (not item.text and below is not None and bool(below.literals))
        )
        if known and unset:
            continue
        result.put(key, _cleaned(item, below or shape.value or ANY))
    return result


def _without_read_only(node: MapNode, spec_type: type[Any]) -> MapNode:
    known = spec_type.model_fields
    unknown = [name for name in node.items if name not in known]
    if not unknown:
        return node
    # What AWS calls the cluster in its answers is not read-only, only named otherwise.
    cluster = node.items.get("clusterArn")
    if "cluster" in known and "cluster" not in node.items and isinstance(cluster, TextNode):
        name = cluster.text.rpartition("/")[2]
        where = (cluster.source, cluster.line, cluster.column)
        node.put(TextNode(*where, "cluster", plain=False), TextNode(*where, name, plain=False))
    drop = set(getattr(spec_type, "read_only", ()))
    service, shapes = getattr(spec_type, "aws", ("", ()))[:2]
    for shape in shapes:
        answer = _ANSWERS.get(shape, "")
        drop.update(
            name for name in unknown if answer and installed.member(service, answer, name) is not None
        )
    for name in drop.intersection(unknown):
        del node.items[name], node.keys[name]
    return node

"""``specFrom``: the native AWS JSON of another tool as a spec."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any, Literal

from apollo.errors import Problem
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode
from apollo.manifest.shape import ANY, Shape, shape_of
from apollo.manifest.syntax import ParsedFile
from apollo.resources import installed

__all__ = ["ENVELOPES", "SUFFIXES", "Tell", "Told", "aws_spec", "native", "target_of", "unwrapped"]

Told = Literal["envelope", "null", "empty", "off", "renamed", "read-only"]
Tell = Callable[[Told, Node, str], None]
"""Called with what was done to a member, the member, and its name."""

SUFFIXES = (".yaml", ".yml", ".json")

ENVELOPES = ("taskDefinition", "service", "services", "rules", "Rules", "taskDefinitions")
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
    body = aws_spec(document, spec_type)
    if body is None:
        return at.problem("APO-LOAD-032", f"{path} is no mapping", path="/specFrom/file")
    return body


def _silent(what: Told, node: Node, name: str) -> None:
    pass


def aws_spec(document: Node, spec_type: type[Any], tell: Tell = _silent) -> MapNode | None:
    """What AWS takes or answers, as a spec: the envelope, what is read-only, null or empty where AWS has an
    enum is removed, and names are in lowerCamelCase. None when it is no mapping.

    :param tell: told of everything that is not as it was.
    """
    body = unwrapped(document, tell)
    if not isinstance(body, MapNode):
        return None
    cleaned = _cleaned(body, shape_of(spec_type), tell)
    assert isinstance(cleaned, MapNode)
    return _without_read_only(cleaned, spec_type, tell)


def unwrapped(node: Node, tell: Tell = _silent) -> Node:
    """What a describe call answers, without what is around it; ``tags`` may stand inside or beside."""
    if not isinstance(node, MapNode):
        return node
    for name in ENVELOPES:
        inner = node.items.get(name)
        if isinstance(inner, ListNode) and len(inner.items) == 1 and name.endswith("s"):
            inner = inner.items[0]
        if isinstance(inner, MapNode):
            tell("envelope", inner, name)
            if isinstance(node.items.get("tags"), ListNode) and "tags" not in inner.items:
                whole = MapNode(inner.source, inner.line, inner.column)
                whole.items, whole.keys = dict(inner.items), dict(inner.keys)
                whole.put(node.keys["tags"], node.items["tags"])
                return whole
            return inner
    return node


def _cleaned(node: Node, shape: Shape, tell: Tell) -> Node:
    """Without nulls, without ``""`` where AWS has an enum, names in lowerCamelCase where the model has
    those."""
    if isinstance(node, ListNode):
        copy = ListNode(node.source, node.line, node.column, node.start, node.end)
        for index, item in enumerate(node.items):
            if isinstance(item, TextNode) and item.absent:
                tell("null", item, str(index))
            else:
                copy.items.append(_cleaned(item, shape.item or ANY, tell))
        return copy
    if not isinstance(node, MapNode):
        return node
    members = shape.members(node)
    result = MapNode(node.source, node.line, node.column, node.start, node.end)
    for name, item in node.items.items():
        key = node.keys[name]
        below = members.shape(name) if members else None
        if members is not None and below is None and name[:1].isupper():
            ours = next((one for one in members.names if one.lower() == name.lower()), name)
            if ours not in node.items and (below := members.shape(ours)) is not None:
                key = TextNode(key.source, key.line, key.column, ours, plain=False)
                tell("renamed", item, name)
        known = members is None or below is not None
        if known and isinstance(item, TextNode):
            if item.absent:
                tell("null", item, name)
                continue
            if not item.text and below is not None and below.literals:
                tell("empty", item, name)
                continue
        if known and name in ("alarms", "Alarms") and _off(item):
            tell("off", item, name)
            continue
        result.put(key, _cleaned(item, below or shape.value or ANY, tell))
    return result


def _off(alarms: Node) -> bool:
    """Alarms that are not watched and have no names: CreateService refuses them, and they mean nothing."""
    if not isinstance(alarms, MapNode) or "enable" not in alarms.items:
        return False
    names = alarms.items.get("alarmNames")
    return alarms.text("enable") in ("false", "False") and not (isinstance(names, ListNode) and names.items)


def _without_read_only(node: MapNode, spec_type: type[Any], tell: Tell) -> MapNode:
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
    for name in unknown:
        if name not in drop:
            continue
        tell("read-only", node.items[name], name)
        del node.items[name], node.keys[name]
    return node

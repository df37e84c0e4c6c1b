"""Changing one value of a file and nothing else: the slice of the text where it stands is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from attrs import frozen

from apollo.errors import LoadError, Problem
from apollo.manifest.findings import did_you_mean
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, data, find_path
from apollo.manifest.scalars import ambiguous
from apollo.manifest.syntax import ParsedFile, parse
from apollo.manifest.writer import scalar

__all__ = ["set_image", "spec_files"]

_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)+")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")


@frozen
class _Container:
    """A container definition, and the way to it."""

    name: str
    node: MapNode
    path: tuple[Node, ...]
    owner: str


def set_image(
    text: str, container: str, image: str, *, kind: str | None = None, name: str | None = None, file: str = ""
) -> str:
    """The text with the image of one container replaced; comments, quotes and layout stay.

    Works on manifests (YAML or JSON, of one or many documents) and on AWS's own task definition JSON, with or
    without its ``taskDefinition`` envelope.

    :param kind: look only in manifests of this kind. :param name: look only in the manifest of this name.
    :raises LoadError: no such container or several, or a value that cannot be replaced without touching
        others.
    """
    if not _IMAGE.fullmatch(image):
        raise _refusal(file, f"'{image}' is no image", "write repository:tag or repository@sha256:…")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix("\ufeff")
    parsed = _parsed(body, file)
    found = _find(parsed, container, kind, name, file)
    node = found.node.items.get("image")
    if node is None:
        raise LoadError([found.node.problem("APO-LOAD-070", f"the container '{container}' has no image")])
    value = _editable(node, found, container)
    start, end = _span(body, value)
    new = body[:start] + _written(value, image) + body[end:]
    _only_that_changed(parsed, new, value, image, file)
    return mark + new


def spec_files(text: str, *, name: str | None = None, file: str = "") -> list[str]:
    """The files that ``specFrom`` of manifests in this text names, as written; for finding where an image
    is."""
    files = []
    for document in _parsed(text.removeprefix("\ufeff"), file).documents:
        if isinstance(document, MapNode) and name in (None, _name_of(document)):
            naming = document.items.get("specFrom")
            target = naming.text("file") if isinstance(naming, MapNode) else None
            if target is not None:
                files.append(target)
    return files


def _refusal(file: str, message: str, hint: str = "") -> LoadError:
    return LoadError([Problem("APO-LOAD-070", message, file=file, hint=hint)])


def _parsed(text: str, file: str) -> ParsedFile:
    parsed = parse(text.encode(), file)
    if not parsed.ok:
        raise LoadError(one for one in parsed.problems if one.severity == "error")
    return parsed


def _find(parsed: ParsedFile, container: str, kind: str | None, name: str | None, file: str) -> _Container:
    every = [
        one
        for document in parsed.documents
        if isinstance(document, MapNode) and _matches(document, kind, name)
        for one in _containers(document)
    ]
    found = [one for one in every if one.name == container]
    if len(found) == 1:
        return found[0]
    if found:
        where = ", ".join(f"{one.owner or 'line'}:{one.node.line}" for one in found)
        raise _refusal(
            file, f"several containers are called '{container}' ({where})", "name the manifest, too"
        )
    names = sorted({one.name for one in every})
    hint = did_you_mean(container, names) or (f"there are: {', '.join(names)}" if names else "")
    targets = [
        target.text("file")
        for document in parsed.documents
        if isinstance(document, MapNode) and isinstance(target := document.items.get("specFrom"), MapNode)
    ]
    if targets and not names:
        hint = f"the containers are in {', '.join(str(one) for one in targets)}: edit that file"
    raise _refusal(file, f"there is no container '{container}'", hint)


def _matches(document: MapNode, kind: str | None, name: str | None) -> bool:
    ours = (document.text("apiVersion") or "").startswith("apollo/")
    if not ours:
        return kind in (None, "TaskDefinition") and name in (None, document.text("family"))
    return kind in (None, document.text("kind")) and name in (None, _name_of(document))


def _name_of(document: MapNode) -> str | None:
    metadata = document.items.get("metadata")
    return metadata.text("name") if isinstance(metadata, MapNode) else None


def _containers(document: MapNode) -> Iterator[_Container]:
    spec: Node = document
    path: tuple[Node, ...] = (document,)
    for envelope in ("spec", "taskDefinition"):
        inner = document.items.get(envelope)
        if isinstance(inner, MapNode):
            spec, path = inner, (document, inner)
            break
    assert isinstance(spec, MapNode)
    for key in ("containerDefinitions", "ContainerDefinitions"):
        members = spec.items.get(key)
        for member in members.items if isinstance(members, ListNode) else ():
            if isinstance(member, MapNode) and (name := member.text("name")) is not None:
                assert members is not None
                yield _Container(name, member, (*path, members, member), _name_of(document) or "")


def _editable(node: Node, found: _Container, container: str) -> TextNode:
    for one in (*found.path, node):
        if one.alias:
            hint = "edit the value at its anchor, or write it out here"
            raise LoadError([one.problem("APO-LOAD-070", "the value stands behind an alias (*)", hint=hint)])
    if not isinstance(node, TextNode):
        raise LoadError([node.problem("APO-LOAD-070", f"the image of '{container}' is no text")])
    if node.style in ("|", ">"):
        hint = "write the image on one line"
        raise LoadError([node.problem("APO-LOAD-070", "the value is a block of text (| or >)", hint=hint)])
    if "${{" in node.text:
        hint = "change the variable in apollo.yaml, or write the image out here"
        raise LoadError([node.problem("APO-LOAD-070", "the value is an expression", hint=hint)])
    return node


def _span(text: str, node: TextNode) -> tuple[int, int]:
    """Where the scalar itself stands: without its anchor and tag, and without what follows it."""
    properties = _PROPERTIES.match(text, node.start, node.end)
    start = properties.end() if properties else node.start
    end = node.end
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _written(node: TextNode, image: str) -> str:
    """The new value in the quotes of the old one."""
    if node.style == '"':
        return json.dumps(image)
    if node.style == "'":
        return f"'{image}'"
    return f'"{image}"' if ambiguous(image) else scalar(image)


def _only_that_changed(parsed: ParsedFile, new: str, node: TextNode, image: str, file: str) -> None:
    """Proof: the new text, read again, differs in that one value."""
    after = parse(new.encode(), file)
    wanted = [data(document) for document in parsed.documents]
    for index, document in enumerate(parsed.documents):
        if steps := find_path(document, node):
            place = wanted[index]
            for step in steps[:-1]:
                place = place[step]
            place[steps[-1]] = image
            break
    if not after.ok or [data(document) for document in after.documents] != wanted:
        hint = "its anchor may be used elsewhere: write the values out"
        raise LoadError(
            [node.problem("APO-LOAD-070", "the value cannot be replaced without changing others", hint=hint)]
        )

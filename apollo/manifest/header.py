"""The part of a manifest that every kind shares: apiVersion, kind, metadata, lifecycle."""

# Annotations are values here, not text: pydantic would compile the text of each anew, for every class below.

import re
from typing import Any, Final, Literal

from attrs import evolve, frozen
from pydantic import BaseModel, ConfigDict, Field

from apollo.api import Lifecycle, Ref
from apollo.errors import Problem
from apollo.manifest.findings import validated
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["VERSION", "Header", "not_ours", "read_header"]

VERSION = "apollo/v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_REF = re.compile(r"([A-Za-z][A-Za-z0-9.]*)/([A-Za-z0-9][A-Za-z0-9._-]{0,127})")
_OWNER = re.compile(r"[^/\s]+/[^/\s]+/[^/\s]+/[^/\s]+")
_APP_LABEL = "apollo/app"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class _Metadata(_Model):
    name: str
    labels: dict[str, str] = {}


class _SpecFrom(_Model):
    file: str


class _AdoptFrom(_Model):
    owner: str = Field(alias="from")


class _Lifecycle(_Model):
    prune: Literal["auto", "confirm", "never"] = "auto"
    adopt: bool | _AdoptFrom = False
    replace: Literal["deny", "allow"] = "deny"
    suspend: bool = False
    ignore: tuple[str, ...] = ()
    dependsOn: tuple[str, ...] = ()


class _Manifest(_Model):
    apiVersion: str
    kind: str
    metadata: _Metadata
    spec: Any = None
    specFrom: _SpecFrom | None = None
    lifecycle: _Lifecycle | None = None


@frozen
class Header:
    """What a manifest says beside its spec. ``spec`` is None when only ``specFrom`` says it."""

    kind: str
    name: str
    labels: dict[str, str]
    lifecycle: Lifecycle
    spec: MapNode | None
    spec_from: str | None


def not_ours(node: Node) -> Problem | None:
    """Why a document is no manifest of this version; None when it is one."""
    if not isinstance(node, MapNode):
        what = "a list" if isinstance(node, ListNode) else "a single value"
        return node.problem(
            "APO-LOAD-012", f"a manifest is a mapping; this document is {what}", hint=_hint_for(node)
        )
    version = node.items.get("apiVersion")
    text = version.text if isinstance(version, TextNode) else ""
    if text == VERSION:
        return None
    if text.startswith("apollo/"):
        assert version is not None
        return version.problem(
            "APO-LOAD-011",
            f"this release of Apollo reads {VERSION}, not {text[:40]}",
            path="/apiVersion",
            hint="upgrade Apollo, or write apollo/v1",
        )
    at = version or node
    return at.problem(
        "APO-LOAD-010", f"not a manifest: there is no apiVersion: {VERSION}", hint=_hint_for(node)
    )


def _hint_for(node: Node) -> str:
    keys = set(node.items) if isinstance(node, MapNode) else set()
    lower = {key[:1].lower() + key[1:] for key in keys}
    if "containerDefinitions" in lower or "taskDefinition" in lower:
        return (
            "make a manifest of it with apollo import, name it in the specFrom of one, "
            "or list it in .apolloignore"
        )
    if keys & {"AWSTemplateFormatVersion", "Resources"}:
        return "this is a CloudFormation template: list it in .apolloignore"
    if {"apiVersion", "kind"} <= keys:
        return "a manifest of another tool: list it in .apolloignore"
    if {"kind", "metadata"} <= keys:
        return f"put apiVersion: {VERSION} at its top"
    return f"put apiVersion: {VERSION} at its top, or list the file in .apolloignore"


def readable_name(node: MapNode) -> tuple[str, str, str | None]:
    """Kind, name and app label as far as they can be read from a broken manifest."""
    metadata = node.items.get("metadata")
    labels = metadata.items.get("labels") if isinstance(metadata, MapNode) else None
    name = metadata.text("name") if isinstance(metadata, MapNode) else None
    app = labels.text(_APP_LABEL) if isinstance(labels, MapNode) else None
    return node.text("kind") or "", name or "", app


def read_header(node: MapNode) -> tuple[Header | None, list[Problem]]:
    """Everything but the content of ``spec``."""
    plain = _plain_header(node)
    if plain is not None:
        return plain, []
    rest = MapNode(node.source, node.line, node.column)
    for name, item in node.items.items():
        if name != "spec":
            rest.put(node.keys[name], item)
    manifest, problems = validated(_Manifest, rest, "")
    spec = node.items.get("spec")
    if isinstance(spec, TextNode) and spec.absent:
        spec = None
    if spec is None and "specFrom" not in node.items:
        problems = [_below_spec(one) for one in problems]
    if spec is not None and not isinstance(spec, MapNode):
        problems.append(spec.problem("APO-LOAD-015", "a mapping is expected", path="/spec"))
    if manifest is None:
        return None, problems
    if spec is None and manifest.specFrom is None:
        problems.append(
            node.problem(
                "APO-LOAD-014", "'spec' is missing", path="", hint="write spec: or specFrom: {file: …}"
            )
        )
    metadata = node.items["metadata"]
    assert isinstance(metadata, MapNode)
    problems += _names(manifest, metadata)
    lifecycle = Lifecycle()
    if manifest.lifecycle is not None:
        lifecycle_node = node.items["lifecycle"]
        assert isinstance(lifecycle_node, MapNode)
        lifecycle = _lifecycle(manifest.lifecycle, lifecycle_node, problems)
    if problems:
        return None, problems
    return (
        Header(
            manifest.kind,
            manifest.metadata.name,
            dict(manifest.metadata.labels),
            lifecycle,
            spec if isinstance(spec, MapNode) else None,
            manifest.specFrom.file if manifest.specFrom else None,
        ),
        [],
    )


def _below_spec(problem: Problem) -> Problem:
    """An unknown key of a manifest whose spec is empty: most likely it was meant to stand in there."""
    if problem.code != "APO-LOAD-013" or problem.path.count("/") != 1 or "did you mean" in problem.hint:
        return problem
    return evolve(problem, hint="if it is a field of the spec, indent it: it stands below spec:")


_MEMBERS: Final = frozenset({"apiVersion", "kind", "metadata", "spec"})
_METADATA: Final = frozenset({"name", "labels"})


def _plain_header(node: MapNode) -> Header | None:
    """The header of nearly every manifest, without a model: kind, name, labels and spec, all as they should
    be. None where anything else is said, or anything is wrong: the model finds out what."""
    metadata, spec = node.items.get("metadata"), node.items.get("spec")
    if node.items.keys() != _MEMBERS or not isinstance(metadata, MapNode) or not isinstance(spec, MapNode):
        return None
    kind, name, labels = node.text("kind"), metadata.text("name"), metadata.items.get("labels")
    if kind is None or name is None or not metadata.items.keys() <= _METADATA or not _NAME.fullmatch(name):
        return None
    texts: dict[str, str] = {}
    if labels is not None:
        if not isinstance(labels, MapNode) or _APP_LABEL in labels.items:
            return None
        for label in labels.items:
            text = labels.text(label)
            if text is None:
                return None
            texts[label] = text
    return Header(kind, name, texts, Lifecycle(), spec, None)


def _names(manifest: _Manifest, metadata: MapNode) -> list[Problem]:
    problems = []
    if not _NAME.fullmatch(manifest.metadata.name):
        problems.append(
            metadata.items["name"].problem(
                "APO-LOAD-016",
                "a name has 1 to 128 letters, digits, '.', '_' or '-', and begins with a letter or digit",
                path="/metadata/name",
            )
        )
    app = manifest.metadata.labels.get(_APP_LABEL)
    if app is not None and not _NAME.fullmatch(app):
        labels = metadata.items["labels"]
        assert isinstance(labels, MapNode)
        problems.append(
            labels.items[_APP_LABEL].problem(
                "APO-LOAD-016",
                "the name of an app has 1 to 128 letters, digits, '.', '_' or '-'",
                path="/metadata/labels/apollo~1app",
            )
        )
    return problems


def _lifecycle(said: _Lifecycle, node: MapNode, problems: list[Problem]) -> Lifecycle:
    adopt: bool | str = said.adopt if isinstance(said.adopt, bool) else said.adopt.owner
    if isinstance(adopt, str) and not _OWNER.fullmatch(adopt):
        problems.append(
            node.items["adopt"].problem(
                "APO-LOAD-015",
                "an owner is written installation/environment/Kind/name",
                path="/lifecycle/adopt/from",
            )
        )
    for index, path in enumerate(said.ignore):
        if not path.startswith("/"):
            problems.append(
                _member(node, "ignore", index).problem(
                    "APO-LOAD-026",
                    "a pointer into the spec is expected, such as /desiredCount",
                    path=f"/lifecycle/ignore/{index}",
                    hint=f"write /{path}",
                )
            )
    refs = []
    for index, text in enumerate(said.dependsOn):
        found = _REF.fullmatch(text)
        if found is None:
            problems.append(
                _member(node, "dependsOn", index).problem(
                    "APO-LOAD-015", "Kind/name is expected", path=f"/lifecycle/dependsOn/{index}"
                )
            )
        else:
            refs.append(Ref(*found.groups()))
    return Lifecycle(said.prune, adopt, said.replace, said.suspend, said.ignore, tuple(refs))


def _member(node: MapNode, name: str, index: int) -> Node:
    items = node.items[name]
    assert isinstance(items, ListNode)
    return items.items[index]

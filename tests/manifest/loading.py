"""Short ways to load texts in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apollo.api import Key, Problem, Resource, Snapshot
from apollo.manifest import Tree
from apollo.settings import Environment, EnvironmentSpec
from tests.manifest.kinds import KINDS


def environment(**spec: Any) -> Environment:
    return Environment(name="stage", spec=EnvironmentSpec(**spec))


def tree(**spec: Any) -> Tree:
    return Tree(environment(**spec), "acme", KINDS)


def load(files: Mapping[str, str] | str, **spec: Any) -> Snapshot:
    if isinstance(files, str):
        files = {"app/a.yaml": files}
    return tree(**spec).update("c1", {path: text.encode() for path, text in files.items()})


def errors(snapshot: Snapshot) -> list[Problem]:
    found = [*snapshot.problems, *(one for app in snapshot.apps.values() for one in app.problems)]
    return sorted(dict.fromkeys(found), key=lambda one: (one.file, one.line, one.column))


def only(snapshot: Snapshot) -> Resource[Any]:
    assert errors(snapshot) == [], "\n".join(str(one) for one in errors(snapshot))
    (resource,) = snapshot.resources.values()
    return resource


def box(spec: str, name: str = "one", **more: str) -> str:
    """A Box with the spec in flow style, and more members of the manifest."""
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"apiVersion: apollo/v1\nkind: Box\nmetadata: {{name: {name}}}\n{rest}spec: {spec}\n"


def problem(text: str, **spec: Any) -> Problem:
    """The one finding of a Box with this spec."""
    (found,) = errors(load(box(text), **spec))
    return found


def value(text: str, **spec: Any) -> dict[str, Any]:
    """What a Box with this spec declares."""
    declared = only(load(box(text), **spec)).spec.declared()
    declared.pop("title", None) if "title" not in text else None
    return declared


def key(name: str, kind: str = "Box") -> Key:
    return Key(kind, "stage", name)

"""What an import finds, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import define, field, frozen

from apollo.manifest.nodes import Node

__all__ = ["Draft", "Imported", "Level", "Note", "Report", "Variable"]

Level = Literal["repaired", "dropped", "refused", "asks", "warning"]
"""``repaired``: written otherwise, meaning the same. ``dropped``: left out, since it says nothing that a
manifest could say, or nothing that Apollo does. ``refused``: no manifest was made of it. ``asks``: a person
has to decide or to fill in. ``warning``: it works, and should be looked at."""


@frozen
class Note:
    """One remark. Names fields and files, never a value that might be secret."""

    level: Level
    what: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    code: str = ""
    hint: str = ""
    excerpt: str = ""


@define
class Variable:
    """A value that the environment has to supply, ``${{ var.NAME }}``.

    :ivar default: what the other tool takes where nobody says otherwise; None when there is none.
    :ivar origin: what stood there, e.g. ``{{ must_env `ACCOUNT` }}``.
    """

    name: str
    origin: str = ""
    default: Any = None
    used: list[str] = field(factory=list)


@define
class Draft:
    """One resource as a reader found it, not yet checked.

    :ivar spec: the spec, with AWS's or with our names; for live objects `data` holds it instead.
    :ivar group: resources of one group go into one file; empty: by its own name.
    :ivar adopt: what ``lifecycle.adopt`` should say; None: nothing.
    """

    kind: str
    name: str
    spec: Node | None
    origin: str
    group: str = ""
    adopt: bool | str | None = None
    data: Mapping[str, Any] | None = None


@frozen
class Imported:
    """One manifest."""

    kind: str
    name: str
    spec: Mapping[str, Any]
    origin: str
    group: str
    adopt: bool | str | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}"

    def manifest(self) -> dict[str, Any]:
        """The document, as plain data."""
        document: dict[str, Any] = {
            "apiVersion": "apollo/v1",
            "kind": self.kind,
            "metadata": {"name": self.name},
        }
        if self.adopt is not None:
            adopt = {"from": self.adopt} if isinstance(self.adopt, str) else self.adopt
            document["lifecycle"] = {"adopt": adopt}
        document["spec"] = dict(self.spec)
        return document


@define
class Report:
    """Everything an import has to say besides the manifests.

    :ivar variables: by name; what `Variable` says. :ivar needs: facts of the environment that the manifests
        ask for: ``account``, ``region``, ``cluster``.
    """

    notes: list[Note] = field(factory=list)
    variables: dict[str, Variable] = field(factory=dict)
    needs: set[str] = field(factory=set)

    def note(
        self,
        level: Level,
        what: str,
        at: Node | None = None,
        *,
        path: str = "",
        code: str = "",
        hint: str = "",
    ) -> None:
        """Add a remark; ``at``: where it is written."""
        file, line, column = (at.source.file, at.line, at.column) if at is not None else ("", 0, 0)
        excerpt = at.source.excerpt(line, column) if at is not None and level == "refused" else ""
        self.add(Note(level, what, file, line, column, path, code, hint, excerpt))

    def add(self, note: Note) -> None:
        """Add a remark, once: a file may be read as itself and as part of a project."""
        if note not in self.notes:
            self.notes.append(note)

    def variable(self, name: str, origin: str, where: str, default: Any = None) -> str:
        """The expression for a variable, which is listed from now on."""
        known = self.variables.setdefault(name, Variable(name, origin, default))
        if known.default is None:
            known.default = default
        if where and where not in known.used:
            known.used.append(where)
        return "${{ var." + name + " }}"

    @property
    def refused(self) -> bool:
        return any(note.level == "refused" for note in self.notes)

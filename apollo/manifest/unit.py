"""What is kept of one file once it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from apollo.api import Identity, Key, Ref, Resource
from apollo.errors import Problem

__all__ = ["Entry", "Provenance", "Unit", "Use"]


@frozen
class Provenance:
    """Where one value of a spec came from.

    :ivar via: what brought it there when it was not written in place: ``var.x``, ``default``.
    """

    file: str
    line: int
    via: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file else ""
        return f"{where} ({self.via})" if self.via and where else where or self.via


@frozen
class Use:
    """One reference, and a finding's frame at the place where it is written.

    :ivar bare: written as a plain name, such as ``taskDefinition: web``. :ivar implied: not written at all.
    """

    ref: Ref
    at: Problem
    bare: bool = False
    implied: bool = False


@frozen(eq=False)
class Entry:
    """One resource of a file, with the positions that findings across files need."""

    resource: Resource[Any]
    identity: Identity | None
    at: Problem
    uses: tuple[Use, ...] = ()
    provenance: Mapping[str, Provenance] | None = None


@frozen(eq=False)
class Unit:
    """One file: its resources, or what is wrong with it.

    :ivar apps: the apps that the file speaks of.
    :ivar entries: every resource that could be built, also when other documents of the file are broken.
    :ivar claimed: keys that can be read in broken documents: they exist, though nothing else is known.
    :ivar readable: whether every document could be read as far as its name.
    :ivar targets: the files named by ``specFrom``, and a digest of each (empty: missing) when this was built.
    """

    file: str
    apps: frozenset[str]
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    claimed: frozenset[Key] = frozenset()
    readable: bool = True
    targets: Mapping[str, str] = {}

    @property
    def broken(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

"""Finding what is installed, through entry points, and importing one of them without harm."""

from __future__ import annotations

import importlib.metadata
import re
import traceback
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from apollo.errors import ApolloError

__all__ = ["OURS", "Claim", "Unloadable", "allowed", "claims", "instance", "not_installed", "plain"]

OURS: Final = "apollo-ecs"
"""The package whose entry points are the built-in kinds and gates."""


@frozen
class Claim:
    """One entry of one installed package: it says that it brings this kind, or this gate."""

    kind: str
    entry: importlib.metadata.EntryPoint | None
    """None: the list of entry points cannot be read."""
    distribution: str
    version: str
    error: str = ""

    @property
    def builtin(self) -> bool:
        return plain(self.distribution) == OURS

    @property
    def origin(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@frozen
class Unloadable:
    """Why an entry point gives nothing."""

    why: str


def claims(group: str) -> Iterator[Claim]:
    """Every entry of a group. A package whose metadata is damaged is one broken claim and hides no other."""
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        name = version = ""
        try:
            if group not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name = distribution.metadata["Name"] or ""
            if name and plain(name) in seen:
                continue  # the same package further down the path; Python would not import it either
            version = distribution.version or ""
            found = [
                Claim(entry.name, entry, name, version)
                for entry in distribution.entry_points
                if entry.group == group
            ]
        except Exception as error:
            found = [Claim("", None, name, version, f"its metadata cannot be read: {_said(error)}")]
        seen.add(plain(name))
        yield from found


def plain(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def allowed(claim: Claim, allow: frozenset[str] | None) -> bool:
    """Whether code of the claim's package may be imported."""
    return claim.builtin or allow is None or plain(claim.distribution) in allow


def not_installed(what: str) -> ApolloError:
    """The error for a process that runs Apollo's files without its package metadata."""
    return ApolloError(
        f"Apollo's own {what} are not registered: the package {OURS} is not installed",
        code="APO-PLUGIN-006",
        hint=f"pip install {OURS}, or pip install -e . in a checkout",
    )


def instance(claim: Claim) -> Any:
    """What the entry point names, called when it is a class; or `Unloadable`. A failure is not remembered."""
    if claim.entry is None:
        return Unloadable(claim.error)
    try:
        found = claim.entry.load()
        return found() if isinstance(found, type) else found
    except (Exception, SystemExit) as error:
        return Unloadable(_said(error))


def _said(error: BaseException) -> str:
    """An error and where it was raised, on one line."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else text

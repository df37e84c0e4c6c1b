"""Finding what is installed, through entry points, and importing one of them without harm."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from apollo.errors import ApolloError

__all__ = ["OURS", "Claim", "Unloadable", "allowed", "claims", "instance", "not_installed", "plain"]

OURS: Final = "apollo-ecs"
"""The package whose entry points are the built-in kinds and gates."""
PATIENCE: Final = 20.0
"""Seconds that an import of a stranger's code may take; a small task imports an SDK in five."""


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
    """What the entry point names, called when it is a class; or `Unloadable`. A failure is not remembered.

    A stranger's code is imported in a thread of its own, and waited for only so long: it may never end.
    """
    if claim.entry is None:
        return Unloadable(claim.error)
    if claim.builtin:
        return _loaded(claim.entry)
    with _lock:
        loading = _loading.get(claim.entry)
        if loading is None:
            loading = _loading[claim.entry] = _Loading(claim.entry)
            loading.start()
            patience = PATIENCE
        else:
            patience = PATIENCE if loading.young else 0.0
    loading.join(patience)
    if loading.is_alive():
        loading.young = False
        return Unloadable(f"it is not loaded after {PATIENCE:g} s")
    with _lock:
        _loading.pop(claim.entry, None)
    return loading.found


class _Loading(threading.Thread):
    """The import of one entry point.

    :ivar young: nobody has given up on it yet.
    """

    def __init__(self, entry: importlib.metadata.EntryPoint) -> None:
        super().__init__(name=f"apollo-import {entry.value}", daemon=True)
        self.entry = entry
        self.young = True
        self.found: Any = None

    def run(self) -> None:
        # What it prints is no answer to what a program asked on stdout.
        with contextlib.redirect_stdout(sys.stderr):
            self.found = _loaded(self.entry)


_lock: Final = threading.Lock()
_loading: Final[dict[importlib.metadata.EntryPoint, _Loading]] = {}


def _loaded(entry: importlib.metadata.EntryPoint) -> Any:
    try:
        found = entry.load()
        return found() if isinstance(found, type) else found
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return Unloadable(_said(error))


def _said(error: BaseException) -> str:
    """An error and where it was raised, on one line."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else text

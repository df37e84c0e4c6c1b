"""Findings across files, kept up to date as files change: one name twice, one AWS object twice, references to
what does not exist. Only files that a change concerns are looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from apollo.api import Identity, Key, Resource
from apollo.errors import Problem
from apollo.manifest.findings import did_you_mean
from apollo.manifest.interpolate import readable
from apollo.manifest.nodes import Source
from apollo.manifest.unit import Entry, Unit, Use

__all__ = ["Index"]

K = TypeVar("K", Key, Identity)


class Index:
    """All units of a tree, by key, identity, reference and app.

    :param text_of: the text of a file, for excerpts.
    :param check_beside: what is wrong with a resource beside those that it refers to.
    :ivar clashes: per file, what contradicts another file.
    :ivar remarks: per file, what is strange beside other files, and holds nothing.
    :ivar dangling: per file, references to keys that no file holds.
    """

    def __init__(
        self,
        text_of: Callable[[str], str],
        check_beside: Callable[[Resource[Any], Mapping[Key, Resource[Any]]], Collection[Problem]],
    ) -> None:
        self._text_of = text_of
        self._check_beside = check_beside
        self.units: dict[str, Unit] = {}
        self.keys: dict[Key, list[Entry]] = {}
        self.claimed: Counter[Key] = Counter()
        self.app_files: dict[str, set[str]] = {}
        self.broken: set[str] = set()
        self.unreadable: set[str] = set()
        self.clashes: dict[str, list[Problem]] = {}
        self.remarks: dict[str, list[Problem]] = {}
        self.dangling: dict[str, list[Use]] = {}
        self._identities: dict[Identity, list[Entry]] = {}
        self._referrers: dict[Key, set[str]] = {}
        self._dirty_files: set[str] = set()
        self._dirty_keys: set[Key] = set()
        self._dirty_identities: set[Identity] = set()

    def put(self, path: str, unit: Unit | None) -> None:
        """Set or remove (None) a file."""
        old = self.units.pop(path, None)
        if old is not None:
            self._remove(path, old)
        if unit is not None:
            self.units[path] = unit
            self._add(path, unit)
        self._dirty_files.add(path)

    def _remove(self, path: str, unit: Unit) -> None:
        for entry in unit.entries:
            _take(self.keys, entry.resource.key, entry)
            if entry.identity is not None:
                _take(self._identities, entry.identity, entry)
            for use in entry.uses:
                files = self._referrers.get(self._target(use, entry))
                if files is not None:
                    files.discard(path)
        for app in unit.apps:
            files = self.app_files[app]
            files.discard(path)
            if not files:
                del self.app_files[app]
        self.claimed.subtract(unit.claimed)
        self.broken.discard(path)
        self.unreadable.discard(path)
        self._mark(unit)

    def _add(self, path: str, unit: Unit) -> None:
        for entry in unit.entries:
            self.keys.setdefault(entry.resource.key, []).append(entry)
            if entry.identity is not None:
                self._identities.setdefault(entry.identity, []).append(entry)
            for use in entry.uses:
                self._referrers.setdefault(self._target(use, entry), set()).add(path)
        for app in unit.apps:
            self.app_files.setdefault(app, set()).add(path)
        self.claimed.update(unit.claimed)
        if unit.broken:
            self.broken.add(path)
        if not unit.readable:
            self.unreadable.add(path)
        self._mark(unit)

    def _mark(self, unit: Unit) -> None:
        self._dirty_keys.update(entry.resource.key for entry in unit.entries)
        self._dirty_keys.update(unit.claimed)
        self._dirty_identities.update(entry.identity for entry in unit.entries if entry.identity is not None)

    @staticmethod
    def _target(use: Use, entry: Entry) -> Key:
        return use.ref.key(entry.resource.key.environment)

    def refresh(self) -> None:
        """Look again at every file that the changes since the last call concern."""
        files = self._dirty_files
        for key in self._dirty_keys:
            files.update(entry.resource.origin.file for entry in self.keys.get(key, ()))
            files.update(self._referrers.get(key, ()))
        for identity in self._dirty_identities:
            files.update(entry.resource.origin.file for entry in self._identities.get(identity, ()))
        for path in files:
            self.clashes.pop(path, None)
            self.remarks.pop(path, None)
            self.dangling.pop(path, None)
            unit = self.units.get(path)
            if unit is None:
                continue
            clashes = [problem for entry in unit.entries for problem in self._clashes(entry)]
            beside = [problem for entry in unit.entries if entry.uses for problem in self._beside(entry)]
            clashes += [problem for problem in beside if problem.severity == "error"]
            if clashes:
                self.clashes[path] = clashes
            if remarks := [problem for problem in beside if problem.severity != "error"]:
                self.remarks[path] = remarks
            if dangling := [use for entry in unit.entries for use in entry.uses if self._dangles(use, entry)]:
                self.dangling[path] = dangling
        self._dirty_files, self._dirty_keys, self._dirty_identities = set(), set(), set()

    def _beside(self, entry: Entry) -> Collection[Problem]:
        beside = {
            key: found[0].resource
            for use in entry.uses
            if (found := self.keys.get(key := self._target(use, entry))) is not None
        }
        return self._check_beside(entry.resource, beside) if beside else ()

    def _dangles(self, use: Use, entry: Entry) -> bool:
        key = self._target(use, entry)
        return key not in self.keys and self.claimed[key] <= 0

    def _clashes(self, entry: Entry) -> list[Problem]:
        key = entry.resource.key
        twins = [other for other in self.keys[key] if other is not entry]
        if twins:
            where = ", ".join(sorted(f"{twin.at.file}:{twin.at.line}" for twin in twins))
            return [
                self._said(
                    entry.at,
                    "APO-LOAD-040",
                    f"{key} is also written in {where}",
                    "keep one of them, or give it another name",
                )
            ]
        if entry.identity is None:
            return []
        same = [other for other in self._identities[entry.identity] if other.resource.key != key]
        return [self.same_object(entry, [other.resource.key for other in same])] if same else []

    def unknown(self, use: Use, environment: str, known: Collection[Key]) -> Problem:
        """The finding for a reference that leads nowhere."""
        ref = use.ref
        names = [key.name for key in known if key.kind == ref.kind]
        hint = did_you_mean(ref.name, names)
        if not hint:
            some = ", ".join(sorted(names)[:8])
            hint = (
                f"there are: {some}"
                if some
                else f"there is no {ref.kind} in environment {environment} at all"
            )
        if use.bare and ref.kind == "TaskDefinition":
            hint += "; another one goes by family:revision or ARN"
        message = f"there is no {ref.kind} named '{ref.name}' in environment {environment}"
        if use.implied:
            message += "; it is meant because nothing else is written"
        return self._said(use.at, "APO-LOAD-024", message, hint)

    def same_object(self, entry: Entry, others: Collection[Key]) -> Problem:
        """The finding for two resources that are one object in AWS."""
        names = ", ".join(sorted(str(other) for other in others))
        identity = readable(str(entry.identity))
        return self._said(
            entry.at,
            "APO-LOAD-041",
            f"{entry.resource.key} and {names} are the same object in AWS ({identity})",
            "remove one of them, or name them differently in AWS",
        )

    def _said(self, frame: Problem, code: str, message: str, hint: str) -> Problem:
        source = Source(frame.file, self._text_of(frame.file))
        return source.problem(code, message, frame.line, frame.column, path=frame.path, hint=hint)


def _take(index: dict[K, list[Entry]], key: K, entry: Entry) -> None:
    entries = index[key]
    entries.remove(entry)
    if not entries:
        del index[key]

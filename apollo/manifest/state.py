"""What is in force: the resources of good apps as they are written, of held apps as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from apollo.api import AppState, Identity, Key, Resource
from apollo.errors import Problem
from apollo.manifest.index import Index
from apollo.manifest.unit import Entry, Unit

__all__ = ["State"]


class State:
    """What is in force: the resources of good apps as they are written, of held apps as they were."""

    def __init__(self, index: Index, environment: str) -> None:
        self._index = index
        self._environment = environment
        self.resources: dict[Key, Resource[Any]] = {}
        self.commit = ""
        self._published: dict[Key, Resource[Any]] = {}
        """The copy that the last snapshot holds; another one only when something moved."""
        self._bad: dict[str, list[Problem]] = {}
        self._commits: dict[str, str] = {}
        """Of held apps: the commit their resources come from."""
        self._app_keys: dict[str, set[Key]] = {}
        self._identities: dict[Key, Identity] = {}
        self._owners: dict[Identity, Key] = {}
        self._carried: dict[str, frozenset[str]] = {}
        """Apps that a file spoke of when it was last good."""
        self._lingering: dict[Key, frozenset[str]] = {}
        self._next_lingering: dict[Key, frozenset[str]] = {}
        self._dangling_files: set[str] = set()

    def carry(self, path: str, unit: Unit | None) -> None:
        """Remember which apps the version before of a file spoke of: its errors hold those, too."""
        if unit is not None:
            self._carried[path] = self._carried.get(path, frozenset()) | unit.apps

    def update(
        self,
        commit: str,
        replaced: set[Key],
        unreadable: frozenset[str],
        *,
        hold_all: bool,
    ) -> tuple[dict[Key, Resource[Any]], dict[str, AppState], frozenset[Key]]:
        """Resources, apps and changed keys at ``commit``.

        :param replaced: keys in files that changed. :param unreadable: changed files that cannot be read.
        :param hold_all: let everything stay as it was.
        """
        index = self._index
        extra: dict[str, list[Problem]] = {}
        while True:
            bad = self._judge(extra)
            if hold_all:
                for app in self._app_keys:
                    bad.setdefault(app, [])
            plan = self._decide(bad, replaced, unreadable)
            clashes = self._clashes(plan)
            if not clashes:
                break
            for entry, problem in clashes:
                extra.setdefault(entry.resource.origin.file, []).append(problem)
        for app in bad.keys() - self._bad.keys():
            self._commits[app] = self.commit if app in self._app_keys else ""
        for app in self._bad.keys() - bad.keys():
            self._commits.pop(app, None)
        changed = self._apply(plan, commit)
        bad_files = {*index.broken, *index.clashes, *extra, *self._dangling_files}
        for path in [path for path in self._carried if path not in bad_files]:
            del self._carried[path]
        self._bad, self.commit = bad, commit
        apps = dict.fromkeys((*index.app_files, *self._app_keys), AppState(commit))
        for app, problems in bad.items():
            order = sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.line, one.column))
            apps[app] = AppState(self._commits.get(app, ""), tuple(order))
        if plan:
            self._published = dict(self.resources)
        return self._published, apps, frozenset(changed)

    def _judge(self, extra: Mapping[str, list[Problem]]) -> dict[str, list[Problem]]:
        """Held apps and why."""
        index, environment = self._index, self._environment
        files: dict[str, list[Problem]] = {}
        for path in index.broken:
            errors = [one for one in index.units[path].problems if one.severity == "error"]
            files.setdefault(path, []).extend(errors)
        for found in (index.clashes, extra):
            for path, problems in found.items():
                files.setdefault(path, []).extend(problems)
        bad = self._by_app(files)
        self._dangling_files = set()
        if not index.unreadable:  # what cannot be read may be what is referred to
            for path, uses in index.dangling.items():
                for use in uses:
                    held = self.resources.get(use.ref.key(environment))
                    if held is None or held.app not in bad:
                        problem = index.unknown(use, environment, index.keys)
                        files.setdefault(path, []).append(problem)
                        self._dangling_files.add(path)
        return self._by_app(files)

    def _by_app(self, files: Mapping[str, list[Problem]]) -> dict[str, list[Problem]]:
        bad: dict[str, list[Problem]] = {}
        for path, problems in files.items():
            for app in self._index.units[path].apps | self._carried.get(path, frozenset()):
                bad.setdefault(app, []).extend(problems)
        return bad

    def _decide(
        self, bad: Mapping[str, Any], replaced: set[Key], unreadable: frozenset[str]
    ) -> dict[Key, Entry | None]:
        """What changes: key → the entry to take over, or None to let go."""
        index = self._index
        keys = replaced | self._lingering.keys()
        for app in bad.keys() ^ self._bad.keys():
            keys |= self._app_keys.get(app, set())
            for path in index.app_files.get(app, ()):
                keys |= {entry.resource.key for entry in index.units[path].entries}
        plan: dict[Key, Entry | None] = {}
        lingering: dict[Key, frozenset[str]] = {}
        for key in keys:
            entries = index.keys.get(key, ())
            if entries:
                if len(entries) == 1 and entries[0].resource.app not in bad:
                    plan[key] = entries[0]
                continue
            existing = self.resources.get(key)
            if existing is None or existing.app in bad or index.claimed[key] > 0:
                continue
            # A resource that moves into a file which is broken there looks like one that was removed.
            suspects = (self._lingering.get(key) or unreadable) & index.unreadable
            if suspects:
                lingering[key] = suspects
            else:
                plan[key] = None
        self._next_lingering = lingering
        return plan

    def _clashes(self, plan: Mapping[Key, Entry | None]) -> list[tuple[Entry, Problem]]:
        """Resources that would become the same AWS object as one that is held."""
        found = []
        for key, entry in plan.items():
            if entry is None or entry.identity is None:
                continue
            owner = self._owners.get(entry.identity)
            if owner is None or owner == key:
                continue
            after = plan.get(owner, owner)
            if after is owner or (isinstance(after, Entry) and after.identity == entry.identity):
                found.append((entry, self._index.same_object(entry, [owner])))
        return found

    def _apply(self, plan: Mapping[Key, Entry | None], commit: str) -> set[Key]:
        changed: set[Key] = set()
        self._lingering = self._next_lingering
        before = {key: self.resources.get(key) for key in plan}
        for key, old in before.items():
            if old is not None:
                self._forget(key, old)
        for key, entry in plan.items():
            old = before[key]
            if entry is None:
                if old is not None:
                    changed.add(key)
                continue
            same = old is not None and _same(old, entry.resource)
            resource = evolve(entry.resource, commit=old.commit if same and old is not None else commit)
            self.resources[key] = resource
            self._app_keys.setdefault(resource.app, set()).add(key)
            if entry.identity is not None:
                self._identities[key] = entry.identity
                self._owners[entry.identity] = key
            if not same:
                changed.add(key)
        return changed

    def _forget(self, key: Key, resource: Resource[Any]) -> None:
        del self.resources[key]
        keys = self._app_keys[resource.app]
        keys.discard(key)
        if not keys:
            del self._app_keys[resource.app]
        identity = self._identities.pop(key, None)
        if identity is not None and self._owners.get(identity) == key:
            del self._owners[identity]


def _same(old: Resource[Any], new: Resource[Any]) -> bool:
    """Whether two versions ask for the same; where they are written does not count."""
    return (
        old.digest == new.digest
        and old.app == new.app
        and old.lifecycle == new.lifecycle
        and old.labels == new.labels
        and old.references == new.references
    )

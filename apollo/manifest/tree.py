"""The desired state of one environment, file by file.

Each update costs what changed: only changed files (and those whose ``specFrom`` changed) are parsed. A file
with an error holds the apps it speaks of at their last good state; other apps go on. The rules, per
resource:

- written once, in an app without errors: as it is written now;
- written, but its app is held: as it was; absent when it never was good;
- not written any more: gone, unless its old app is held, or a broken document still names it, or a file that
  became unreadable in the same update may hold it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from apollo.api import Key, Kinds, Resource, Snapshot
from apollo.errors import Problem
from apollo.manifest.build import Builder
from apollo.manifest.findings import did_you_mean
from apollo.manifest.ignore import NAME as IGNORE_FILE
from apollo.manifest.ignore import Ignore
from apollo.manifest.index import Index
from apollo.manifest.nodes import Leaf
from apollo.manifest.specfrom import SUFFIXES
from apollo.manifest.state import State
from apollo.manifest.syntax import is_manifest_text
from apollo.manifest.unit import Provenance, Unit
from apollo.settings import Environment

__all__ = ["MAX_FILES", "MAX_TOTAL", "Tree", "wants"]

MAX_FILES = 20_000
MAX_TOTAL = 64 << 20
_REMEMBERED = 1024
"""Older versions of files that are kept, so that going back parses nothing."""


def wants(path: str) -> bool:
    """Whether a tree needs the content of this file: YAML, JSON, ``.apolloignore``. Those outside of the
    environment's folder count, too: ``specFrom`` may name them."""
    return path.lower().endswith(SUFFIXES) or path.rpartition("/")[2] == IGNORE_FILE


def clean_root(root: str) -> str:
    """A folder of the repository without ``./`` and slashes at its ends."""
    parts = [part for part in root.split("/") if part not in ("", ".")]
    return "/".join(parts)


class Tree:
    """The desired state of one environment, kept up to date.

    :param root: the folder of the repository that holds the manifests; empty = all of it.
    :param read: content of files that `update` was not told of (for ``specFrom`` on a disk).
    :param provenance: keep where each value of each spec came from (for ``render``).
    """

    def __init__(
        self,
        environment: Environment,
        installation: str,
        kinds: Kinds,
        *,
        root: str | Collection[str] = "",
        read: Callable[[str], bytes | Problem | None] | None = None,
        provenance: bool = False,
    ) -> None:
        self.environment = environment
        roots = [root] if isinstance(root, str) else list(root)
        self.roots = tuple(sorted({clean_root(one) for one in roots}, key=len, reverse=True))
        self._builder = Builder(environment, installation, kinds, self._content, provenance=provenance)
        self._kinds = kinds
        self._outside = read
        self._digest = environment.digest()
        self._contents: dict[str, bytes] = {}
        self._refused: dict[str, Problem] = {}
        self._total = 0
        self._ignore = Ignore({})
        self._users: dict[str, set[str]] = {}
        self._history: OrderedDict[tuple[str, bytes], Unit] = OrderedDict()
        self._index = Index(self._text, self._check_beside)
        self._state = State(self._index, environment.name)

    @property
    def parsed(self) -> int:
        """How many files were parsed since this tree exists; a benchmark reads it."""
        return self._builder.parsed

    @property
    def only_settings(self) -> bool:
        """Whether there are documents of Apollo's own configuration, and no manifest."""
        return bool(self._index.units) and not self._index.app_files

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Findings that hold nothing."""
        units, remarks = self._index.units, self._index.remarks
        return tuple(
            one
            for path in sorted(units)
            for one in (*units[path].problems, *remarks.get(path, ()))
            if one.severity == "warning"
        )

    def provenance(self, key: Key) -> Mapping[str, Provenance]:
        """Pointer into the spec → where the value came from; empty unless asked for at the start."""
        entries = self._index.keys.get(key, ())
        return entries[0].provenance or {} if entries else {}

    def update(
        self,
        commit: str,
        changed: Mapping[str, bytes | None],
        problems: Mapping[str, Problem] | None = None,
    ) -> Snapshot:
        """The desired state at ``commit``.

        :param changed: repository-relative path → new content, None = deleted, since the update before.
        :param problems: files that could not be read; each holds until its path is in ``changed`` again. The
            path of the root itself stands for all that should lie there.
        """
        dirty = self._take(changed, problems or {})
        replaced, unreadable = self._rebuild(dirty)
        self._index.refresh()
        missing = [self._refused[root] for root in self.roots if root in self._refused]
        findings = self._whole(missing)
        hold_all = not self._index.app_files or any(one.severity == "error" for one in missing)
        resources, apps, keys = self._state.update(commit, replaced, unreadable, hold_all=hold_all)
        return Snapshot(self.environment.name, commit, self._digest, resources, apps, keys, findings)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, changed: Mapping[str, bytes | None], problems: Mapping[str, Problem]) -> set[str]:
        dirty: set[str] = set()
        rules_changed = False
        for path, content in (*changed.items(), *((path, None) for path in problems)):
            old = self._contents.pop(path, None)
            self._total -= len(old or b"")
            self._refused.pop(path, None)
            if content is not None:
                self._contents[path] = content
                self._total += len(content)
            dirty.add(path)
            dirty.update(self._users.get(path, ()))
            rules_changed = rules_changed or path.rpartition("/")[2] == IGNORE_FILE
        self._refused.update(problems)
        if rules_changed:
            files = {
                path: text for path, text in self._contents.items() if path.rpartition("/")[2] == IGNORE_FILE
            }
            self._ignore = Ignore(files)
            known = {*self._contents, *self._refused, *self._index.units}
            dirty.update(path for path in known if self._is_manifest(path) != (path in self._index.units))
        return dirty

    def _is_manifest(self, path: str) -> bool:
        """Whether a path is to be read as a manifest: it exists, lies where manifests lie, and is not the
        native file of another one."""
        content = self._contents.get(path)
        if content is None and path not in self._refused:
            return False
        if content is not None and not path.lower().endswith(SUFFIXES):
            return False
        root = self._root_of(path)
        if root is None:
            return False
        folders = path[len(root) :].lstrip("/").split("/")[:-1]
        if any(folder.startswith(".") for folder in folders) or self._ignore(path):
            return False
        return path not in self._users or (content is not None and is_manifest_text(content))

    def _root_of(self, path: str) -> str | None:
        for root in self.roots:
            if not root or path.startswith(f"{root}/"):
                return root
        return None

    def _app_of(self, path: str) -> str:
        root = self._root_of(path) or ""
        below = path[len(root) :].lstrip("/")
        return below.split("/", 1)[0] if "/" in below else self.environment.name

    def _content(self, path: str) -> bytes | Problem | None:
        if path in self._refused:
            return self._refused[path]
        content = self._contents.get(path)
        if content is None and self._outside is not None:
            return self._outside(path)
        return content

    def _text(self, path: str) -> str:
        return self._contents.get(path, b"").removeprefix(b"\xef\xbb\xbf").decode(errors="replace")

    def _check_beside(
        self, resource: Resource[Any], beside: Mapping[Key, Resource[Any]]
    ) -> Collection[Problem]:
        return self._builder.check_beside(resource, beside, self._contents.get(resource.origin.file, b""))

    def _rebuild(self, dirty: Iterable[str]) -> tuple[set[Key], frozenset[str]]:
        """Build what changed. Returns the keys that were or are in those files, and the files among them that
        cannot be read now."""
        keys: set[Key] = set()
        seen: set[str] = set()
        # Those that name other files come first, so that a native file is not read as a manifest first.
        waiting = sorted(dirty, key=lambda path: (b"specFrom" in self._contents.get(path, b""), path))
        while waiting:
            path = waiting.pop()
            old = self._index.units.get(path)
            new = self._unit(path) if self._is_manifest(path) else None
            if old is None and new is None:
                continue
            seen.add(path)
            for unit in (old, new):
                keys.update(entry.resource.key for entry in (unit.entries if unit else ()))
                keys.update(unit.claimed if unit else ())
            self._state.carry(path, old)
            self._index.put(path, new)
            for target in set(old.targets if old else ()) - set(new.targets if new else ()):
                self._users[target].discard(path)
                if not self._users[target]:
                    del self._users[target]
                    waiting.append(target)
            for target in new.targets if new else ():
                self._users.setdefault(target, set()).add(path)
                if target in self._index.units and not self._is_manifest(target):
                    waiting.append(target)
        return keys, frozenset(seen & self._index.unreadable)

    def _unit(self, path: str) -> Unit:
        app = self._app_of(path)
        if path in self._refused:
            problem = self._refused[path]
            if problem.severity == "warning":
                return Unit(path, frozenset(), problems=(problem,))
            return Unit(path, frozenset({app}), problems=(problem,), readable=False)
        content = self._contents[path]
        version = (path, hashlib.blake2b(content, digest_size=12).digest())
        unit = self._history.get(version)
        if unit is None or not self._fresh(unit):
            unit = self._builder.build(path, content, app)
        self._history[version] = unit
        self._history.move_to_end(version)
        while len(self._history) > len(self._contents) + _REMEMBERED:
            self._history.popitem(last=False)
        return unit

    def _fresh(self, unit: Unit) -> bool:
        """Whether the files that ``specFrom`` names are still what they were."""
        for path, digest in unit.targets.items():
            content = self._content(path)
            now = hashlib.blake2b(content, digest_size=12).hexdigest() if isinstance(content, bytes) else ""
            if now != digest:
                return False
        return True

    # ── the whole ────────────────────────────────────────────────────────────────────────────────────────

    def _whole(self, missing: list[Problem]) -> tuple[Problem, ...]:
        """What is wrong with no file in particular."""
        problems = [one for one in missing if one.severity == "error"]
        names = self._kinds.names()
        for kind, members in self.environment.spec.defaults.items():
            if kind not in names:
                leaf = next((one for one in _leaves(members)), None)
                message = f"defaults for an unknown kind '{kind}'"
                hint = did_you_mean(kind, names)
                path = f"/spec/defaults/{kind}"
                problems.append(
                    leaf.node.problem("APO-LOAD-018", message, path=path, hint=hint)
                    if leaf is not None
                    else Problem("APO-LOAD-018", message, path=path, hint=hint)
                )
        if not self._index.app_files and not problems:
            folder = " and ".join(root or "the repository" for root in self.roots)
            there = any(self._root_of(path) is not None for path in self._contents)
            message = f"there are no manifests in {folder}" if there else f"there is nothing in {folder}"
            problems.append(
                Problem(
                    "APO-LOAD-051",
                    message,
                    hint="check source.path and the branch; nothing is pruned meanwhile",
                )
            )
        if len(self._contents) > MAX_FILES or self._total > MAX_TOTAL:
            message = (
                f"{len(self._contents):,} files with {self._total >> 20} MiB; "
                f"{MAX_FILES:,} files and {MAX_TOTAL >> 20} MiB are the most"
            )
            problems.append(Problem("APO-LOAD-052", message, hint="set source.path, or split the repository"))
        return tuple(problems)


def _leaves(value: Any) -> Iterable[Leaf]:
    if isinstance(value, Leaf):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)

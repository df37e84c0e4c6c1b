"""Which files of a commit are handed out, and why others are not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from apollo.errors import Problem, SourceError
from apollo.source.faults import TOO_LARGE
from apollo.source.model import Changes
from apollo.source.objects import FOLDER, MAX_BLOB, Entry, Oversized, blobs
from apollo.source.process import Git

__all__ = ["MAX_FILES", "Picker", "encoded", "refused_name", "shown"]

MAX_FILES: Final = 50_000
"""Manifests of one source."""

_SUFFIXES: Final = (b".yaml", b".yml", b".json")
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_SYMLINK: Final = b"120000"
_SUBMODULE: Final = b"160000"
_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\u202a-\u202e\u2066-\u2069\ue000\ue001]")


def shown(path: bytes) -> tuple[str, str]:
    """A path as text, and what is wrong with it (empty: nothing). The text of two paths is never the same."""
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return path.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace"), "is not UTF-8"
    if _ODD.search(text):
        return text.encode("unicode_escape").decode("ascii"), "holds a control character or a backslash"
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in text.split("/")):
        return text, "leaves its folder"
    return text, ""


def _problem(code: str, path: str, message: str, hint: str, warning: bool = False) -> Problem:
    severity = "warning" if warning else "error"
    return Problem(f"APO-GIT-{code}", message, file=path, hint=hint, severity=severity)  # type: ignore[arg-type]


def refused_name(path: str, odd: str) -> Problem:
    """The finding for a path that `shown` finds fault with."""
    return _problem("020", path, f"the name of this file {odd}", "rename it; it is not read")


class Picker:
    """The rules for one source.

    :param below: the folder of ``source.path``, empty for the whole repository.
    :param extra: further paths whose content is wanted, wherever they lie.
    """

    def __init__(self, below: str, extra: Collection[str] = ()) -> None:
        self._below = below.encode()
        self._prefix = self._below + b"/" if below else b""
        self._extra = frozenset(path.encode("utf-8", "surrogateescape") for path in extra)

    def concerns_folder(self, path: bytes) -> bool:
        """Whether a change at ``path`` may make the folder of the source appear or vanish."""
        return bool(self._below) and (path + b"/" == self._prefix or self._prefix.startswith(path + b"/"))

    def inside(self, path: bytes) -> bool:
        """Whether ``path`` lies below the folder of the source."""
        return path.startswith(self._prefix)

    def _wanted(self, path: bytes) -> bool:
        """Whether this is, by its name, a file to be handed out."""
        if path in self._extra:
            return True
        if not path.startswith(self._prefix):
            return False
        *folders, name = path[len(self._prefix) :].split(b"/")
        if any(part.startswith(b".") and part not in (b".", b"..") for part in folders):
            return False
        return name == b".apolloignore" or name.lower().endswith(_SUFFIXES)

    def _linked_away(self, path: bytes, entry: Entry) -> bool:
        """Whether manifests may be missing because a folder is a link or another repository."""
        if entry.mode not in (_SYMLINK, _SUBMODULE) or not path.startswith(self._prefix):
            return False
        parts = path[len(self._prefix) :].split(b"/")
        return not any(part.startswith(b".") for part in parts) and b"." not in parts[-1]

    async def take(
        self, git: Git, after: Mapping[bytes, Entry], before: Mapping[bytes, Entry] | None = None
    ) -> Changes:
        """Read what is wanted of ``after``; ``before`` says what was there, for paths that changed."""
        files: dict[str, bytes | None] = {}
        problems: dict[str, Problem] = {}
        paths: set[str] = set()
        read: list[tuple[str, bytes, bool]] = []
        for path, entry in after.items():
            was = before.get(path, Entry()) if before is not None else Entry()
            text, odd = shown(path)
            paths.add(text)
            wanted = self._wanted(path)
            if not wanted and not (self._linked_away(path, entry) or self._linked_away(path, was)):
                continue
            problem = self._refusal(text, odd, entry, wanted) if entry.exists else None
            if problem is not None:
                problems[text] = problem
            if wanted or entry.mode in (_SYMLINK, _SUBMODULE) or was.exists:
                files[text] = None
            if wanted and entry.exists and problem is None:
                read.append((text, entry.oid, path in self._extra))
        if len(read) > MAX_FILES:
            raise SourceError(
                f"there are {len(read)} manifests, more than {MAX_FILES}",
                code=TOO_LARGE,
                hint="let source.path name a smaller folder",
            )
        found = await blobs(git, (oid for _, oid, _ in read))
        for text, oid, _ in read:
            content = found[oid]
            problem = _content_problem(text, content)
            if problem is not None:
                problems[text] = problem
            elif not isinstance(content, Oversized):
                files[text] = content
        return Changes(files, problems, frozenset(paths))

    def _refusal(self, path: str, odd: str, entry: Entry, wanted: bool) -> Problem | None:
        if odd:
            return refused_name(path, odd)
        if entry.mode == _SYMLINK:
            hint = "put a copy in its place, or use specFrom with the path of the file itself"
            return _problem("021", path, "this is a symbolic link, which is not followed", hint, not wanted)
        if entry.mode == _SUBMODULE:
            hint = "keep manifests in this repository, or make the other one a source of its own"
            return _problem("022", path, "this is a submodule, which is not read", hint, True)
        return None

    def folder_problem(self, entry: Entry) -> Problem | None:
        """What is wrong with the folder of the source itself."""
        path = self._below.decode()
        hint = "correct source.path, or bring the folder back; nothing is removed meanwhile"
        if not entry.exists:
            return _problem("025", path, f"there is no folder {path} at this commit", hint)
        if entry.mode == _SYMLINK:
            return _problem("021", path, "this is a symbolic link, which is not followed", hint)
        if entry.mode == _SUBMODULE:
            return _problem("022", path, "this is a submodule, which is not read", hint)
        if entry.mode != FOLDER:
            return _problem("025", path, "this is a file, not a folder", hint)
        return None


def _content_problem(path: str, content: bytes | Oversized) -> Problem | None:
    if isinstance(content, Oversized):
        size = f"{content.size / 1024**2:.1f} MiB" if content.size else "it was not fetched"
        hint = (
            f"files up to {MAX_BLOB // 1024**2} MiB are read; if it is no manifest, list it in .apolloignore"
        )
        return _problem("024", path, f"the file is too large: {size}", hint)
    if content.startswith(_LFS) and len(content) < 1024:
        hint = "manifests have to be in git itself: git lfs untrack the path, and commit the file again"
        return _problem("023", path, "this is a pointer to Git LFS, not the file", hint)
    return None


def encoded(paths: Iterable[str]) -> list[bytes]:
    """Paths as git has them."""
    return [path.encode("utf-8", "surrogateescape") for path in paths]

"""Reading the object database with plumbing, at one commit."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Final, NoReturn

from attrs import frozen

from apollo.errors import SourceError
from apollo.source.faults import (
    CORRUPT,
    INCOMPLETE,
    TOO_LARGE,
    UNKNOWN_COMMIT,
    BadRevision,
    GitFailed,
    is_damage,
    printable,
)
from apollo.source.model import Commit
from apollo.source.process import Git, everything

__all__ = [
    "FOLDER",
    "MAX_BLOB",
    "Entry",
    "Oversized",
    "blobs",
    "commit",
    "differences",
    "entries",
    "is_ancestor",
    "resolve",
]

MAX_BLOB: Final = 1024 * 1024
"""Bytes of one file."""
MAX_TOTAL: Final = 256 * 1024 * 1024
"""Bytes of all files that are read at once."""

FOLDER: Final = b"040000"
_GONE: Final = b"000000"


@frozen
class Entry:
    """One path of a tree: git's mode (``100644``), and the id of the content. Both empty: not there."""

    mode: bytes = b""
    oid: bytes = b""

    @property
    def exists(self) -> bool:
        return bool(self.mode)


@frozen
class Oversized:
    """A file that is too large to be a manifest. ``size`` in bytes; 0 where it was not even fetched."""

    size: int = 0


async def entries(git: Git, sha: str, paths: Sequence[bytes] = ()) -> dict[bytes, Entry]:
    """Every file of a commit, or those of ``paths`` that exist (folders then count as entries)."""
    names = [path.decode("utf-8", "surrogateescape") for path in paths]
    flags = ("-z", "--full-tree") if paths else ("-r", "-z", "--full-tree")
    data = await git.run("ls-tree", *flags, sha, "--", *names, consume=everything)
    found = {}
    for line in data.split(b"\0"):
        if line:
            head, _, path = line.partition(b"\t")
            mode, _, oid = head.split(b" ")
            found[path] = Entry(mode, oid)
    return found


async def differences(git: Git, old: str, new: str) -> dict[bytes, tuple[Entry, Entry]]:
    """Every path that differs between two commits, with what is there before and after."""
    data = await git.run("diff-tree", "-r", "-z", "--no-renames", old, new, "--", consume=everything)
    fields = data.split(b"\0")
    found = {}
    for head, path in zip(fields[0::2], fields[1::2], strict=False):
        before_mode, after_mode, before, after, _ = head[1:].split(b" ")
        found[path] = (_entry(before_mode, before), _entry(after_mode, after))
    return found


def _entry(mode: bytes, oid: bytes) -> Entry:
    return Entry() if mode == _GONE else Entry(mode, oid)


class _Reader:
    """Takes apart what ``cat-file --batch`` prints, and stops at the first blob that is too large."""

    def __init__(self, wanted: Sequence[bytes]) -> None:
        self._wanted = wanted
        self.found: dict[bytes, bytes | Oversized] = {}
        self.rest: Sequence[bytes] = ()
        self.missing: list[bytes] = []
        self.broke_off = False
        self._total = 0

    def __call__(self, stdout: IO[bytes]) -> None:
        for at, oid in enumerate(self._wanted):
            line = stdout.readline()
            if not line:
                self.broke_off = True  # git says why, and ends with an error
                return
            if line.endswith(b" missing\n"):
                self.missing.append(oid)
                continue
            size = _header(line, oid)
            if size > MAX_BLOB:
                self.found[oid] = Oversized(size)
                self.rest = self._wanted[at + 1 :]
                raise _EnoughError
            self._total += size
            if self._total > MAX_TOTAL:
                raise SourceError(
                    f"the manifests of one commit are larger than {MAX_TOTAL // 1024**2} MiB together",
                    code=TOO_LARGE,
                    hint="let source.path name a smaller folder",
                )
            data = stdout.read(size)
            if stdout.read(1) != b"\n":
                self.broke_off = True
                return
            self.found[oid] = data


class _EnoughError(Exception):
    """The rest of the output is not wanted."""


def _header(line: bytes, oid: bytes) -> int:
    words = line.split()
    if len(words) == 3 and words[1] == b"blob":
        return int(words[2])
    if len(words) == 3:
        raise SourceError(
            f"object {oid.decode()} is not a file", code=CORRUPT, hint="run git fsck in the repository"
        )
    raise _incomplete(oid)


def _incomplete(oid: bytes) -> SourceError:
    return SourceError(
        f"the content {oid.decode()} of a file is missing or cannot be read",
        code=INCOMPLETE,
        hint="the push may still be under way; else run git fsck in the repository",
    )


async def blobs(git: Git, oids: Iterable[bytes]) -> Mapping[bytes, bytes | Oversized]:
    """The content of every blob, each read once, in one process.

    :raises SourceError: APO-GIT-010 when one is missing, APO-GIT-015 when all together are too much.
    """
    found: dict[bytes, bytes | Oversized] = {}
    wanted = list(dict.fromkeys(oids))
    sized = False
    while wanted:
        reader = _Reader(wanted)
        with contextlib.suppress(_EnoughError):
            await git.run("cat-file", "--batch", "--buffer", stdin=b"\n".join(wanted) + b"\n", consume=reader)
        absent = [oid for oid in reader.missing if oid not in git.left_out]
        if absent or reader.broke_off:
            git.missed.update(absent)
            await _whole(git, absent[0] if absent else wanted[len(reader.found)])
        found |= dict.fromkeys(reader.missing, Oversized())
        git.blobs_read += len(reader.found)
        found |= reader.found
        wanted = list(reader.rest)
        if wanted and not sized:  # one was too large: ask first how large the others are
            sizes = await _sizes(git, wanted)
            found |= {oid: Oversized(size) for oid, size in sizes.items() if size > MAX_BLOB}
            wanted = [oid for oid in wanted if oid not in found]
            sized = True
    return found


async def _whole(git: Git, oid: bytes) -> NoReturn:
    """Say why an object cannot be read: damaged (git fails, and says so), or not there."""
    try:
        await git.run("cat-file", "blob", oid.decode("ascii"), consume=everything)
    except GitFailed as error:
        if is_damage(error.stderr):
            raise
    raise _incomplete(oid)


async def _sizes(git: Git, oids: Sequence[bytes]) -> dict[bytes, int]:
    data = await git.run(
        "cat-file", "--batch-check", "--buffer", stdin=b"\n".join(oids) + b"\n", consume=everything
    )
    lines = zip(oids, data.splitlines(), strict=True)
    return {oid: _header(line, oid) for oid, line in lines if not line.endswith(b" missing")}


async def commit(git: Git, sha: str) -> Commit:
    """Author, time and subject of a commit.

    :raises SourceError: APO-GIT-011 when the repository does not have it.
    """
    data = await git.run("cat-file", "--batch", stdin=sha.encode("ascii") + b"\n", consume=everything)
    head, _, body = data.partition(b"\n")
    words = head.split()
    if len(words) != 3 or words[1] != b"commit":
        raise SourceError(
            f"the repository has no commit {sha}",
            code=UNKNOWN_COMMIT,
            hint="its push may still be under way, or history was rewritten and the commit thrown away",
        )
    return _commit(sha, body[: int(words[2])])


def _commit(sha: str, body: bytes) -> Commit:
    from git.objects.util import parse_actor_and_date

    head, _, message = body.partition(b"\n\n")
    declared = re.search(rb"^encoding (\S+)$", head, re.MULTILINE)
    encoding = declared[1].decode("ascii", "replace") if declared else "utf-8"
    try:
        "".encode(encoding)
    except LookupError:
        encoding = "utf-8"
    author, when = "", datetime.fromtimestamp(0, UTC)
    for line in head.decode(encoding, "replace").split("\n"):
        try:
            if line.startswith("author "):
                author = parse_actor_and_date(line)[0].name or ""
            elif line.startswith("committer "):
                when = datetime.fromtimestamp(parse_actor_and_date(line)[1], UTC)
        except (ValueError, OverflowError, OSError):
            continue  # a commit with an impossible date is still a commit
    text = message.decode(encoding, "replace").lstrip("\n")
    return Commit(sha, printable(author, 200), when, printable(text.partition("\n")[0], 200))


async def is_ancestor(git: Git, old: str, new: str) -> bool:
    """Whether ``old`` is part of the history of ``new``."""
    code, _ = await git.status("merge-base", "--is-ancestor", old, new, consume=everything, ok=(0, 1))
    return code == 0


async def resolve(git: Git, revision: str) -> str:
    """The commit a revision names, in git's own notation: an id, a tag, a branch, ``main~3``.

    :raises BadRevision: git knows none.
    """
    odd = not revision or revision.startswith("-") or len(revision) > 300
    if odd or any(ord(char) < 32 or ord(char) == 127 for char in revision):
        raise BadRevision(revision)
    code, data = await git.status(
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        revision + "^{commit}",
        consume=everything,
        ok=(0, 1, 128),
    )
    sha = data.decode("ascii", "replace").strip()
    if code != 0 or not sha:
        raise BadRevision(revision)
    return sha

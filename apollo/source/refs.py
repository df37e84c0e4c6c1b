"""What a branch points at, read from git's files: 0.02 ms, where asking git takes 1.5."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from apollo.errors import SourceError
from apollo.source.faults import CORRUPT

__all__ = ["RefFiles", "is_sha"]

_SHA: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ZERO: Final = re.compile(r"0+")


def is_sha(text: str) -> bool:
    """Whether ``text`` is a full object id (SHA-1 or SHA-256) that can exist."""
    return _SHA.fullmatch(text.encode("utf-8", "replace")) is not None and not _ZERO.fullmatch(text)


class RefFiles:
    """The loose refs and ``packed-refs`` of one repository."""

    def __init__(self, common_dir: Path) -> None:
        self._root = common_dir
        self._packed_as: tuple[int, int, int] | None = None
        self._packed: dict[bytes, str] = {}

    def watched(self) -> list[Path]:
        """What changes when a branch moves; only what exists."""
        names = (self._root / "refs" / "heads", self._root / "packed-refs", self._root / "reftable")
        return [path for path in names if path.exists()]

    def tip(self, branch: str) -> str | None:
        """The commit of a branch; None when these files have none.

        :raises SourceError: APO-GIT-009 when the file of the ref holds something else.
        """
        ref = f"refs/heads/{branch}"
        for _ in range(5):  # a symbolic ref may name another one
            try:
                text = (self._root / ref).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return self._in_packed(ref)
            except OSError as error:
                raise SourceError(
                    f"{self._root / ref} cannot be read: {error.strerror}",
                    code=CORRUPT,
                    hint="let the user that runs Apollo read the repository",
                ) from None
            if text.startswith(b"ref: refs/"):
                ref = os.fsdecode(text[5:].strip())
                if ".." in ref:
                    break
                continue
            sha = text.strip().decode("ascii", "replace")
            if is_sha(sha):
                return sha
            break
        raise SourceError(
            f"{self._root / ref} does not hold a commit id",
            code=CORRUPT,
            hint=f"run git fsck there; git update-ref refs/heads/{branch} COMMIT repairs the branch",
        )

    def _in_packed(self, ref: str) -> str | None:
        path = self._root / "packed-refs"
        try:
            stat = path.stat()
            mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if mark != self._packed_as:
                self._packed = _parse_packed(path.read_bytes())
                self._packed_as = mark
        except OSError:
            return None
        return self._packed.get(os.fsencode(ref))


def _parse_packed(data: bytes) -> dict[bytes, str]:
    """``<sha> <ref>`` per line; comments start with ``#``, peeled tags with ``^``."""
    found = {}
    for line in data.splitlines():
        sha, _, name = line.partition(b" ")
        if name.startswith(b"refs/heads/") and _SHA.fullmatch(sha):
            found[name] = sha.decode("ascii")
    return found

"""What can go wrong with git, in words a user can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from apollo.errors import SourceError

__all__ = [
    "BROKEN",
    "BadRevision",
    "GitFailed",
    "classified",
    "copy",
    "credential",
    "failed",
    "is_damage",
    "missing_branch",
    "printable",
    "refused",
]

NOT_A_REPOSITORY: Final = "APO-GIT-001"
NO_BRANCH: Final = "APO-GIT-002"
BRANCH_DELETED: Final = "APO-GIT-003"
UNREACHABLE: Final = "APO-GIT-004"
AUTHENTICATION: Final = "APO-GIT-005"
HOST_KEY: Final = "APO-GIT-006"
TIMEOUT: Final = "APO-GIT-007"
REWRITTEN: Final = "APO-GIT-008"
CORRUPT: Final = "APO-GIT-009"
INCOMPLETE: Final = "APO-GIT-010"
UNKNOWN_COMMIT: Final = "APO-GIT-011"
REFUSED: Final = "APO-GIT-012"
CREDENTIAL: Final = "APO-GIT-013"
GIT_ITSELF: Final = "APO-GIT-014"
TOO_LARGE: Final = "APO-GIT-015"

BROKEN: Final = frozenset({CORRUPT, INCOMPLETE, UNKNOWN_COMMIT, GIT_ITSELF})
"""Codes that a fresh clone may cure."""


class GitFailed(Exception):
    """git ended with an error. Never leaves this room."""

    def __init__(self, code: int, stderr: str) -> None:
        super().__init__(stderr)
        self.code = code
        self.stderr = stderr


class BadRevision(Exception):
    """git does not know this revision. Never leaves this room."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOT_FOUND = re.compile(
    r"repository '.*' not found|repository not found|error: 404|does not appear to be a git repository"
)
_USERINFO = re.compile(r"(\w+://)[^/@\s]*@")


def printable(text: str, limit: int = 300) -> str:
    """``text`` on one line, without what could steer a terminal or forge a log line."""
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _gist(stderr: str) -> str:
    """The line of git's output that says why. What the remote says of itself (``remote: …``) is left out."""
    lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith("remote:")]
    for mark in ("fatal:", "error:"):
        for line in lines:
            if line.startswith(mark):
                return _USERINFO.sub(r"\1", printable(line.removeprefix(mark)))
    return _USERINFO.sub(r"\1", printable(lines[-1])) if lines else "git gave no reason"


def _any(text: str, *needles: str) -> bool:
    return any(needle in text for needle in needles)


def is_damage(stderr: str) -> bool:
    """Whether git complains of an object that is there and cannot be read."""
    return _any(
        stderr.lower(),
        "is corrupt",
        "inflate",
        "bad object",
        "garbage at end",
        "unable to unpack",
        "hash mismatch",
        "bad signature",
        "too short to be a packfile",
    )


def classified(stderr: str, what: str) -> SourceError:
    """The error for what git wrote to stderr. ``what`` names the repository, without credentials."""
    gist = _gist(stderr)
    text = stderr.lower()
    if _any(text, "dubious ownership"):
        return SourceError(
            f"{what}: the repository belongs to another user, and git refuses to serve it",
            code=NOT_A_REPOSITORY,
            hint="give it to the user that runs Apollo, or name it as a plain path instead of file://",
        )
    if _any(text, "host key verification failed", "remote host identification has changed"):
        return SourceError(
            f"{what}: the server's ssh host key is unknown or has changed",
            code=HOST_KEY,
            hint="put the server's public key into the file that source.knownHosts names (ssh-keyscan HOST), "
            "after comparing it with the one the server's owner publishes",
        )
    if _any(
        text,
        "authentication failed",
        "could not read username",
        "could not read password",
        "permission denied (",
        "access denied",
        "returned error: 401",
        "returned error: 403",
        "too many authentication failures",
    ):
        return SourceError(
            f"{what}: the server refuses access: {gist}",
            code=AUTHENTICATION,
            hint="check source.auth: the token or key has to be valid, and may read this repository",
        )
    if _any(text, "returned error: 301", "returned error: 302", "returned error: 307", "returned error: 308"):
        return SourceError(
            f"{what}: the server redirects to another URL, which is not followed",
            code=UNREACHABLE,
            hint="write the final URL in source.repo (often the same one ending in .git)",
        )
    if _NOT_FOUND.search(text):
        return SourceError(
            f"{what}: there is no such repository, or the credential may not see it",
            code=UNREACHABLE,
            hint="check source.repo, and that source.auth may read it",
        )
    if _any(text, "ssl certificate", "server certificate", "certificate verify"):
        return SourceError(
            f"{what}: the server's certificate is not trusted: {gist}",
            code=UNREACHABLE,
            hint="let SSL_CERT_FILE or GIT_SSL_CAINFO name the certificate authority of the server",
        )
    if _any(
        text,
        "could not resolve",
        "failed to connect",
        "couldn't connect",
        "connection refused",
        "connection reset",
        "connection closed",
        "connection timed out",
        "network is unreachable",
        "no route to host",
        "operation timed out",
        "unable to access",
        "could not read from remote repository",
        "remote end hung up",
        "operation too slow",
        "early eof",
        "rpc failed",
        "unexpected disconnect",
        "returned error: 5",
    ):
        return SourceError(
            f"{what}: the remote cannot be reached: {gist}",
            code=UNREACHABLE,
            hint="check the address, the network and the server; it is tried again by itself",
        )
    if _any(text, "transport '", "not allowed"):
        return SourceError(f"{what}: {gist}", code=REFUSED, hint="use https:// or ssh://, or a local path")
    if is_damage(stderr):
        return SourceError(
            f"{what}: the repository is damaged: {gist}",
            code=CORRUPT,
            hint="run git fsck there; restore it from a clone that is whole",
        )
    if _any(
        text,
        "unable to read",
        "could not read",
        "not a tree object",
        "missing blob",
        "missing tree",
        "invalid object",
    ):
        return SourceError(
            f"{what}: a commit is not complete: {gist}",
            code=INCOMPLETE,
            hint="objects are missing: the push may still be under way; else run git fsck there",
        )
    return SourceError(
        f"{what}: git failed: {gist}", code=GIT_ITSELF, hint="run the same git command by hand to see more"
    )


def failed(error: GitFailed, what: str) -> SourceError:
    """`classified`, for a failed process."""
    return classified(error.stderr, what)


def copy(error: SourceError) -> SourceError:
    """The same error, to be raised by another task."""
    return SourceError(error.message, code=error.code, hint=error.hint)


def refused(message: str, hint: str) -> SourceError:
    """The configuration asks for something that Apollo does not do."""
    return SourceError(message, code=REFUSED, hint=hint)


def credential(message: str, hint: str) -> SourceError:
    """The git credential cannot be read. The message never holds it."""
    return SourceError(message, code=CREDENTIAL, hint=hint)


def missing_branch(what: str, branch: str, branches: Iterable[str], seen: bool) -> SourceError:
    """There is no such branch (any more)."""
    names = sorted(branches)
    near = difflib.get_close_matches(branch, names, n=1)
    if near:
        hint = f'did you mean "{printable(near[0])}"?'
    elif names:
        shown = ", ".join(printable(name, 60) for name in names[:8])
        hint = f"it has: {shown}" + (", …" if len(names) > 8 else "")
    else:
        hint = "it has no branch at all: commit and push first"
    if seen:
        return SourceError(
            f'{what}: the branch "{branch}" was deleted',
            code=BRANCH_DELETED,
            hint=f"the last good commit stays in force; push it again or change source.branch ({hint})",
        )
    return SourceError(f'{what}: there is no branch "{branch}"', code=NO_BRANCH, hint=hint)

"""Real git repositories for tests, made with git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["MANIFEST", "Repo"]

MANIFEST = b"apiVersion: apollo/v1\nkind: Task\nmetadata: {name: web}\nspec: {}\n"

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
    "GIT_COMMITTER_DATE": "2026-01-02T04:04:05Z",
}


class Repo:
    """A repository. Commits are built from objects, so any name and mode can be in them."""

    def __init__(self, path: Path, *, bare: bool = False, branch: str = "main") -> None:
        self.path = path
        self.branch = branch
        path.mkdir(parents=True)
        self.git("init", "-q", f"--initial-branch={branch}", *(["--bare"] if bare else []), ".")
        self.git_dir = path if bare else path / ".git"
        self._count = 0

    def git(self, *argv: str | bytes, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *argv], cwd=self.path, input=stdin, env=_ENVIRONMENT, capture_output=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"git {argv}: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def commit(
        self,
        files: Mapping[str | bytes, bytes | tuple[str, str]],
        message: str = "",
        *,
        branch: str | None = None,
        parent: str | None = "branch",
    ) -> str:
        """A commit that holds exactly ``files``: content, or (mode, object id). The branch moves there.

        The empty message is numbered, so that no two commits are the same.
        """
        sha = self.dangling(files, message, branch=branch, parent=parent)
        self.git("update-ref", f"refs/heads/{branch or self.branch}", sha)
        return sha

    def dangling(
        self,
        files: Mapping[str | bytes, bytes | tuple[str, str]],
        message: str = "",
        *,
        branch: str | None = None,
        parent: str | None = "branch",
    ) -> str:
        """`commit`, without moving the branch."""
        self._count += 1
        tree = self._tree({_bytes(path): content for path, content in files.items()})
        if parent == "branch":
            parent = self.tip(branch or self.branch)
        parents = ["-p", parent] if parent else []
        return self.git("commit-tree", tree, *parents, "-m", message or f"commit {self._count}")

    def _tree(self, files: Mapping[bytes, bytes | tuple[str, str]]) -> str:
        """Built level by level with mktree, which takes names that the index refuses."""
        here: list[bytes] = []
        below: dict[bytes, dict[bytes, bytes | tuple[str, str]]] = {}
        for path, content in files.items():
            head, slash, rest = path.partition(b"/")
            if slash:
                below.setdefault(head, {})[rest] = content
                continue
            mode, oid = content if isinstance(content, tuple) else ("100644", self.blob(content))
            kind = "commit" if mode == "160000" else "blob"
            here.append(f"{mode} {kind} {oid}\t".encode() + path)
        for name, inner in below.items():
            here.append(f"040000 tree {self._tree(inner)}\t".encode() + name)
        return self.git("mktree", "-z", "--missing", stdin=b"".join(line + b"\0" for line in here))

    def tip(self, branch: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        except AssertionError:
            return None

    def loose(self, oid: str) -> Path:
        """The file of a loose object."""
        return self.git_dir / "objects" / oid[:2] / oid[2:]

    def url(self) -> str:
        return f"file://{self.path}"


def _bytes(path: str | bytes) -> bytes:
    return path.encode() if isinstance(path, str) else path

"""A git repository, worked on as a person does: branches, commits, merges, through the ``git`` command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio

from apollo.errors import ApolloError

__all__ = ["Repository"]


class Repository:
    """A repository with a work tree.

    Nothing of this machine's git configuration counts, so that signing, hooks and templates of the reader
    neither disturb nor hear of the demo.

    :param say: told of each command that a person would have typed.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self._say = say

    async def create(self, branch: str, files: Mapping[str, str]) -> None:
        """The repository with a first commit.

        :raises ApolloError: git is not installed, or failed.
        """
        self.folder.mkdir()
        await self._git("init", "--quiet", f"--initial-branch={branch}")
        # For whoever works on in it afterwards.
        await self._git("config", "user.name", "Demo")
        await self._git("config", "user.email", "demo@example.com")
        await self._git("config", "commit.gpgSign", "false")
        self._say(f"git init {self.folder.name} --initial-branch={branch}")
        await self.commit(files, "Begin")

    async def branch(self, name: str) -> None:
        """Another branch, from here."""
        self._say(f"git branch {name}")
        await self._git("branch", name)

    async def propose(self, branch: str, files: Mapping[str, str], message: str) -> None:
        """A commit on a feature branch that begins where the work tree is."""
        self._say(f"git switch -c {branch}")
        await self._git("switch", "--quiet", "-c", branch)
        await self.commit(files, message)

    async def commit(self, files: Mapping[str, str], message: str) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        await self._git("add", "--all")
        self._say(f'git commit -m "{message}"')
        await self._git("commit", "--quiet", "-m", message)

    async def merge(self, branch: str, into: str) -> str:
        """Merge as a host's merge button does; the merge commit's id."""
        self._say(f"git switch {into}")
        await self._git("switch", "--quiet", into)
        self._say(f"git merge --no-ff {branch}")
        await self._git("merge", "--quiet", "--no-ff", "-m", f"Merge {branch} into {into}", branch)
        return await self._git("rev-parse", "HEAD")

    async def switch(self, branch: str) -> None:
        await self._git("switch", "--quiet", branch)

    async def count(self, *options: str) -> int:
        """Commits of all branches."""
        return int(await self._git("rev-list", "--all", "--count", *options))

    async def _git(self, *argv: str) -> str:
        program = shutil.which("git")
        if program is None:
            raise ApolloError("git is not installed", code="APO-GIT-014", hint="install git 2.31 or newer")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "HOME": os.devnull,
            "XDG_CONFIG_HOME": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
        }
        done = await anyio.run_process(
            [program, *argv],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
            start_new_session=True,  # a Ctrl-C is for the demo, not for the git in flight
        )
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise ApolloError(
                f"git {argv[0]} failed: {said}", code="APO-GIT-014", hint="install git 2.31 or newer"
            )
        return done.stdout.decode().strip()

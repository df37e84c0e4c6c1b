"""``-f`` for a configuration that is no file of this machine: the text of an environment variable
(``env:NAME``), or a file of a git repository (``git+URL//FILE?ref=REF``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from attrs import frozen

from apollo.errors import ApolloError

if TYPE_CHECKING:
    from apollo.settings import Settings

__all__ = ["KNOWN_HOSTS", "TOKEN", "Elsewhere"]

TOKEN = "APOLLO_CONFIG_TOKEN"
"""Holds the credential for a private repository of the configuration: a token, or the text of an ssh key."""
KNOWN_HOSTS = "APOLLO_CONFIG_KNOWN_HOSTS"
"""The path of the known_hosts file for one that is reached over ssh."""


def _redact(text: str) -> str:
    from apollo.telemetry import redact  # late: a command that is given a path has no use for it

    return redact(text)


@frozen
class _InGit:
    repo: str
    file: str
    ref: str


class Elsewhere(type(Path())):  # type: ignore[misc]
    """Stands where a path does. Relative paths of such a configuration start in the working directory."""

    text: str

    def __new__(cls, text: str) -> Elsewhere:
        made: Elsewhere = super().__new__(cls, text)
        made.text = text
        return made

    def __init__(self, text: str) -> None:
        try:
            super().__init__(text)  # since Python 3.12
        except TypeError:
            super().__init__()

    def __str__(self) -> str:
        return _redact(self.text)

    def resolve(self, strict: bool = False) -> Elsewhere:
        return self

    @property
    def in_git(self) -> bool:
        return not self.text.startswith("env:")

    def load(self) -> Settings:
        """Read it now.

        :raises ApolloError: it cannot be had. :raises ConfigError: it cannot be used.
        """
        from apollo.manifest import load_settings

        content = _variable(self.text[4:]) if self.text.startswith("env:") else _from_git(self.text)
        return load_settings(Path(str(self)), content=content, directory=Path.cwd())


def _variable(name: str) -> bytes:
    text = os.environ.get(name, "")
    if not text.strip():
        raise ApolloError(
            f"-f env:{name}: the environment variable {name or '?'} is not set",
            code="APO-CLI-034",
            hint="give it the text of apollo.yaml",
        )
    return text.encode()


def _from_git(text: str) -> bytes:
    import anyio

    from apollo.cli.interrupts import heard

    place = _parsed(text)
    with heard():
        return anyio.run(_read, place)


def _parsed(text: str) -> _InGit:
    url, _, query = text.removeprefix("git+").partition("?")
    scheme, mark, rest = url.partition("://")
    repo, _, file = rest.partition("//")
    options = parse_qs(query, keep_blank_values=True)
    if not (mark and repo) or set(options) - {"ref"} or any(len(values) != 1 for values in options.values()):
        raise _unclear(f"-f {_redact(text)} is not understood")
    (ref,) = options.get("ref") or ["main"]
    return _InGit(f"{scheme}://{repo}", file.strip("/") or "apollo.yaml", ref)


async def _read(place: _InGit) -> bytes:
    from apollo.clock import SystemClock
    from apollo.settings import Source, SourceAuth
    from apollo.source import GitSource

    source = Source(
        repo=place.repo,
        branch=place.ref,
        auth=SourceAuth(env=TOKEN) if os.environ.get(TOKEN) else None,
        knownHosts=os.environ.get(KNOWN_HOSTS) or None,
    )
    here = Path.cwd()
    git = GitSource(source, directory=here / ".apollo/git", clock=SystemClock(), base=here)
    commit = await git.refresh()
    content = await git.read(commit.sha, place.file)
    if content is None:
        raise _unclear(f"{_redact(place.repo)} has no file {place.file} at {place.ref}")
    return content


def _unclear(message: str) -> ApolloError:
    return ApolloError(message, code="APO-CLI-035", hint="write git+https://HOST/REPOSITORY//FILE?ref=BRANCH")

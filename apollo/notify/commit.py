"""The state of a commit, shown beside it on GitHub or GitLab."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

from attrs import field, frozen

from apollo.notify.http import Http, body

__all__ = ["CommitState", "CommitStatus", "Github", "Gitlab", "repository_of"]

CommitState = Literal["pending", "success", "failure"]

_DESCRIPTION = 140
"""GitHub takes so many characters of a description."""
_URL = re.compile(
    r"^(?:https?://|ssh://)?(?:[^@/\s]+@)?[^:/\s]+[:/](?:\d+/)?(?P<path>[\w./~-]+?)(?:\.git)?/?$"
)


@frozen
class CommitStatus:
    """How an environment stands at a commit. ``description`` is one short sentence without secrets."""

    environment: str
    commit: str
    state: CommitState
    description: str

    @property
    def context(self) -> str:
        """Under which name it is shown: one line an environment."""
        return f"apollo/{self.environment}"

    @property
    def short(self) -> str:
        text = self.description
        return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1] + "…"


def repository_of(url: str) -> str | None:
    """``owner/name`` of a repository's URL (https, ssh, ``git@host:path``); None for a local path."""
    if url.startswith(("/", ".", "file:")) or ":" not in url:
        return None
    found = _URL.match(url)
    path = found["path"].strip("/") if found else ""
    return path if "/" in path else None


@frozen
class Github:
    """POST /repos/{owner}/{repo}/statuses/{sha} (docs.github.com/rest/commits/statuses)."""

    http: Http
    api: str
    repository: str
    token: str = field(repr=False)

    async def send(self, status: CommitStatus) -> None:
        url = f"{self.api.rstrip('/')}/repos/{self.repository}/statuses/{status.commit}"
        content = {"state": status.state, "context": status.context, "description": status.short}
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        await self.http.post(url, body(content), headers)


_GITLAB: Final[Mapping[CommitState, str]] = {"pending": "running", "success": "success", "failure": "failed"}


@frozen
class Gitlab:
    """POST /projects/:id/statuses/:sha (docs.gitlab.com/api/commits)."""

    http: Http
    api: str
    project: str
    token: str = field(repr=False)

    async def send(self, status: CommitStatus) -> None:
        url = f"{self.api.rstrip('/')}/projects/{quote(self.project, safe='')}/statuses/{status.commit}"
        content = {
            "state": _GITLAB[status.state],
            "name": status.context,
            "description": status.short,
        }
        await self.http.post(url, body(content), {"PRIVATE-TOKEN": self.token})

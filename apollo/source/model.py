"""What a source hands out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from apollo.errors import Problem

__all__ = ["Changes", "Commit"]


@frozen
class Commit:
    """A commit, for people and records.

    :ivar sha: the full hexadecimal id.
    :ivar author: the author's name. :ivar time: when it was committed, UTC. :ivar subject: the first line.
    """

    sha: str
    author: str
    time: datetime
    subject: str

    @property
    def short(self) -> str:
        """The first characters of the id, enough to recognise it."""
        return self.sha[:10]


@frozen
class Changes:
    """What differs between two commits, or all there is at one.

    To follow a source: for every path in ``files`` forget what is known of it (content and problem), then
    take the content where it is not None, and the problem where there is one.

    :ivar files: by path from the top of the repository, every manifest, ``.apolloignore`` and asked-for file
        that changed; None where there is nothing (any more) that could be read.
    :ivar problems: why a path of ``files`` holds None although git has something there. One with the path of
        the source itself means that the folder is missing; its severity decides whether it only warns.
    :ivar paths: every path of the whole repository that changed, manifest or not.
    """

    files: Mapping[str, bytes | None] = field(factory=dict)
    problems: Mapping[str, Problem] = field(factory=dict)
    paths: frozenset[str] = frozenset()

"""Desired state: the resources of git, and the snapshot that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from attrs import field, frozen

from apollo.api.names import OWNER_TAG, PRUNE_TAG, Env, Key
from apollo.api.refs import Ref
from apollo.errors import Problem
from apollo.spec import Spec

__all__ = ["AppState", "Around", "Lifecycle", "Origin", "Resource", "Snapshot"]

S = TypeVar("S", bound=Spec)


@frozen
class Origin:
    """Where in git a resource is written. ``line`` counts from 1."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@frozen
class Lifecycle:
    """What a manifest says beside its spec about how it may be treated."""

    prune: Literal["auto", "confirm", "never"] = "auto"
    adopt: bool | str = False
    """True: take an unowned object. A string: take it from exactly that owner."""
    replace: Literal["deny", "allow"] = "deny"
    suspend: bool = False
    ignore: tuple[str, ...] = ()
    """JSON pointers into the spec, members of named lists by name; neither compared nor changed."""
    depends_on: tuple[Ref, ...] = ()


@frozen
class Resource(Generic[S]):
    """One desired object.

    :ivar digest: of the resource's own completed spec.
    :ivar generation: Merkle digest: ``digest`` with each reference replaced by the generation of what it
        names. Backoff, quarantine and Terminal are remembered per (key, generation).
    """

    key: Key
    app: str
    spec: S
    env: Env
    commit: str = ""
    digest: str = ""
    generation: str = ""
    lifecycle: Lifecycle = Lifecycle()
    origin: Origin = Origin()
    labels: Mapping[str, str] = field(factory=dict)
    references: tuple[Ref, ...] = ()
    users: tuple[Resource[Any], ...] = ()
    """What refers to this resource, filled in by the engine before `Controller.observe` and `diff`: the
    scaling of a service, for example. Not part of the generation."""
    peers: frozenset[Key] = frozenset()
    """The other resources of its group that git holds, filled in like ``users``: also those that are held or
    have failed, and that `Controller.diff_group` is therefore not told of."""

    @property
    def owner(self) -> str:
        """Our value of the ownership tag."""
        return self.env.owner(self.key)

    @property
    def intent(self) -> str:
        """Names all that git asks for: the generation, and what `lifecycle` says beside it."""
        if self.lifecycle == Lifecycle():
            return self.generation
        text = f"{self.generation} {self.lifecycle!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def tags(self) -> dict[str, str]:
        """The tags every object of ours carries (without the content hash, which the controller adds)."""
        tags = {OWNER_TAG: self.owner}
        if self.lifecycle.prune != "auto":
            tags[PRUNE_TAG] = self.lifecycle.prune
        return tags


@frozen
class AppState:
    """One app of a snapshot: the commit its resources come from, and what is wrong with a newer one."""

    commit: str
    problems: tuple[Problem, ...] = ()


@frozen
class Snapshot:
    """The desired state of one environment at one commit.

    :ivar commit: the newest commit seen. An app whose files are broken there stays at an older one.
    :ivar changed: keys added, changed or removed since the snapshot before; all keys in the first.
    :ivar problems: what belongs to no app (the repository, the folder); nothing is pruned while there is any.
    :ivar partial: why it is known to hold a part of the environment only; nothing is pruned then, either.
    """

    environment: str
    commit: str
    config_digest: str
    resources: Mapping[Key, Resource[Any]]
    apps: Mapping[str, AppState]
    changed: frozenset[Key] = frozenset()
    problems: tuple[Problem, ...] = ()
    partial: str = ""


@frozen
class Around:
    """What stands around a resource in the plan that is verified: all that git holds, with the outputs that
    are known, and what `Controller.provides` says of that, e.g. ``logGroup:/ecs/web``. What is provided need
    not be there yet."""

    resources: Mapping[Key, Resource[Any]] = field(factory=dict)
    provided: frozenset[str] = frozenset()

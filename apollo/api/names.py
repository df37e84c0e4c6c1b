"""What things are called: keys in git, identities in AWS, ownership tags."""

from __future__ import annotations

from functools import total_ordering
from typing import Final

from attrs import frozen

__all__ = ["API_VERSION", "HASH_TAG", "OWNER_TAG", "PRUNE_TAG", "Env", "Identity", "Key"]

API_VERSION: Final = 1
"""Raised when a published plugin would have to change."""

OWNER_TAG: Final = "apollo:owner"
HASH_TAG: Final = "apollo:hash"
PRUNE_TAG: Final = "apollo:prune"


@frozen(cache_hash=True)
@total_ordering
class Key:
    """What a resource is called in git; equal keys are never reconciled at once."""

    kind: str
    environment: str
    name: str

    def __lt__(self, other: object) -> bool:
        # By hand: a plan of a thousand files compares keys some ten thousand times.
        if not isinstance(other, Key):
            return NotImplemented
        mine = (self.kind, self.environment, self.name)
        return mine < (other.kind, other.environment, other.name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def of_owner(cls, owner: str | None) -> Key | None:
        """The key in an ownership tag, of whatever installation and environment; None when it is none.

        What is to be deleted has no manifest any more: its tag says whose it was.
        """
        parts = (owner or "").split("/", 3)
        return cls(parts[2], parts[1], parts[3]) if len(parts) == 4 else None


@frozen(order=True, cache_hash=True)
class Identity:
    """Where an object lives in AWS, within its account and region: ``Identity("ecs:service", "green/web")``.

    Two resources with one identity are both refused before any call.
    """

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@frozen
class Env:
    """What a controller may know of its environment.

    :ivar account: None where nothing was asked of AWS, as in ``apollo validate``.
    """

    name: str
    installation: str = "apollo"
    region: str = ""
    account: str | None = None
    cluster: str | None = None

    def owner(self, key: Key) -> str:
        """The value of the ownership tag: ``<installation>/<environment>/<Kind>/<name>``."""
        return f"{self.installation}/{key.environment}/{key.kind}/{key.name}"

    def key_of(self, owner: str) -> Key | None:
        """The key an ownership tag names, or None when it is of another environment."""
        parts = owner.split("/", 3)
        if len(parts) != 4 or parts[0] != self.installation or parts[1] != self.name:
            return None
        return Key(parts[2], parts[1], parts[3])

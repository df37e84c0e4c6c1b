"""What the engine likes to remember, and works without: it words a plan, and never decides one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from attrs import define, field

from apollo.api import Key

__all__ = ["Forgetful", "Memory"]


class Memory(Protocol):
    """Kept by the operator over a store; reads are answered from memory."""

    def applied(self, key: Key) -> str | None:
        """The generation that was last made true in AWS; "" while another one is on its way; None when
        nothing remembers."""
        ...

    def approved(self) -> Collection[str]:
        """Digests of held items that a person let through."""
        ...

    async def used(self, digest: str) -> None:
        """An approval was used up: it lets one plan through once."""
        ...

    def suspended(self, key: Key, app: str) -> str | None:
        """Why a person suspended the resource, its app or its environment; None when nobody did."""
        ...

    async def record_applied(self, key: Key, generation: str, commit: str) -> None:
        """AWS equals this generation now; "" when it equals none any more."""
        ...


@define
class Forgetful:
    """Memory for the life of the process only."""

    _applied: dict[Key, str] = field(factory=dict, init=False)

    def applied(self, key: Key) -> str | None:
        return self._applied.get(key)

    def approved(self) -> Collection[str]:
        return ()

    async def used(self, digest: str) -> None:
        pass

    def suspended(self, key: Key, app: str) -> str | None:
        return None

    async def record_applied(self, key: Key, generation: str, commit: str) -> None:
        self._applied[key] = generation

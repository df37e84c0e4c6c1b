"""Listing what is ours while git is still being read: AWS's answers take their time, and so do files."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, Protocol, runtime_checkable

import anyio

from apollo.api import Context, Kinds, Owned, Resource

__all__ = ["ReadsAhead", "read_ahead"]

_log = logging.getLogger("apollo.engine")


@runtime_checkable
class ReadsAhead(Protocol):
    """A kind most of whose list is the same whatever git asks for."""

    async def ahead(self, ctx: Context) -> Any:
        """What `owned_beside` needs of AWS and can know before git is read."""
        ...

    def owned_beside(self, ctx: Context, want: Collection[Resource[Any]], read: Any) -> AsyncIterator[Owned]:
        """`apollo.api.Controller.owned`, where ``read`` was read a moment ago."""
        ...


async def read_ahead(kinds: Kinds, lent: Callable[[], Context]) -> dict[str, Any]:
    """What kinds could read ahead, by their names. Kinds ask at once: reads that they have in common are made
    once. What fails is left out: it is asked again, and said, when its turn comes."""
    found: dict[str, Any] = {}

    async def of(kind: str) -> None:
        try:
            controller = kinds.get(kind)
            if isinstance(controller, ReadsAhead):
                found[kind] = await controller.ahead(lent())
        except Exception:
            _log.debug("nothing of kind %s was read ahead", kind, exc_info=True)

    async with anyio.create_task_group() as tasks:
        for kind in sorted(kinds.names()):
            tasks.start_soon(of, kind)
    return found

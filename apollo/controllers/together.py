"""Several reads at once, so that a loader can put them into one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

__all__ = ["together"]

A = TypeVar("A")
B = TypeVar("B")


async def together(read: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """``read`` of every item, in order.

    :raises Exception: the first error, bare: it is the read that failed, not the crowd.
    """
    import anyio  # late: checking manifests needs no event loop

    wanted = list(items)
    found: dict[int, B] = {}

    async def one(index: int) -> None:
        found[index] = await read(wanted[index])

    try:
        async with anyio.create_task_group() as tasks:
            for index in range(len(wanted)):
                tasks.start_soon(one, index)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None
    return [found[index] for index in range(len(wanted))]

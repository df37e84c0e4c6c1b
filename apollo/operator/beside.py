"""Running something beside the environments, such as a web server, in the operator's own task group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from apollo.operator.operator import Operator

__all__ = ["running_beside"]


@asynccontextmanager
async def running_beside(
    operator: Operator, services: Sequence[Callable[[Operator], Awaitable[None]]]
) -> AsyncIterator[None]:
    """Run the services inside, and cancel them at the end: they are there before the first look at AWS, and
    until the last call was answered. One that fails ends what runs inside."""
    if not services:
        yield
        return
    raised: Exception | None = None

    async def run(service: Callable[[Operator], Awaitable[None]]) -> None:
        await service(operator)

    async with anyio.create_task_group() as tasks:
        for service in services:
            tasks.start_soon(run, service)
        try:
            yield
        except Exception as error:  # the group would wrap it
            raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised

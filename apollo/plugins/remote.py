"""A plugin's way to AWS: from its own thread, through the loop that owns the connections."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import define, field

from apollo.api import Call, Context, Env, Loader
from apollo.plugins.cell import Cell, submit

__all__ = ["Lent"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_QUIET = 8
"""Turns of the plugin's loop without another key: everybody who could ask has asked."""


@define(eq=False)
class _Asked:
    """Keys that cross together, so that they still share calls."""

    answers: dict[tuple[int, Hashable], asyncio.Future[Any]] = field(factory=dict)
    contexts: dict[tuple[int, Hashable], Context] = field(factory=dict)


@define(eq=False)
class Lent:
    """`apollo.api.Context` in a plugin's thread.

    :ivar owner: the loop that the real one belongs to.
    :ivar asked: what waits to cross, shared by all contexts of one plugin.
    """

    real: Context
    owner: asyncio.AbstractEventLoop
    cell: Cell
    asked: dict[str, _Asked]

    @property
    def env(self) -> Env:
        return self.real.env

    @property
    def thorough(self) -> bool:
        return self.real.thorough

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        async def read() -> Mapping[str, Any]:
            return await self.real.read(service, operation, **params)

        return await asyncio.wrap_future(submit(self.owner, read))

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        async def write() -> Mapping[str, Any]:
            return await self.real.write(call)

        return await asyncio.wrap_future(submit(self.owner, write))

    def remember(self, loader: Loader[K, V], key: K, value: V, /) -> None:
        far = _FarLoader(loader, self.owner, self.cell, self.asked)
        self.owner.call_soon_threadsafe(self.real.remember, far, key, value)

    async def load(self, loader: Loader[K, V], key: K, /) -> V | None:
        asked = self.asked.get(loader.name)
        if asked is None:
            asked = self.asked[loader.name] = _Asked()
            task = asyncio.get_running_loop().create_task(self._cross(loader, asked))
            task.add_done_callback(lambda over: over.cancelled() or over.exception())
        place = (id(self.real), key)
        if place not in asked.answers:
            asked.answers[place] = asyncio.get_running_loop().create_future()
            asked.contexts[place] = self.real
        found: V | None = await asyncio.shield(asked.answers[place])
        return found

    async def _cross(self, loader: Loader[Any, Any], asked: _Asked) -> None:
        quiet, known = 0, len(asked.answers)
        while quiet < _QUIET:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(asked.answers) == known else 0
            known = len(asked.answers)
        del self.asked[loader.name]
        far = _FarLoader(loader, self.owner, self.cell, self.asked)
        places = list(asked.answers)

        async def load_all() -> list[Any]:
            loads = [asked.contexts[place].load(far, place[1]) for place in places]
            return list(await asyncio.gather(*loads, return_exceptions=True))

        try:
            found = await asyncio.wrap_future(submit(self.owner, load_all))
        except BaseException as error:
            found = [error] * len(places)
        for place, value in zip(places, found, strict=True):
            answer = asked.answers[place]
            if answer.done():
                continue
            if isinstance(value, BaseException):
                answer.set_exception(value)
                answer.exception()  # perhaps nobody waits for it any more
            else:
                answer.set_result(value)


class _FarLoader(Loader[Any, Any]):
    """A plugin's loader, for the loop that batches: its code runs in the plugin's own thread."""

    def __init__(
        self,
        near: Loader[Any, Any],
        owner: asyncio.AbstractEventLoop,
        cell: Cell,
        asked: dict[str, _Asked],
    ) -> None:
        self._near, self._owner, self._cell, self._asked = near, owner, cell, asked
        self.name = near.name
        self.batch = near.batch

    def scope(self, key: Any) -> Hashable:
        return self._cell.call(f"{self.name}.scope", self._near.scope, key)

    def immutable(self, key: Any, value: Any) -> bool:
        return bool(self._cell.call(f"{self.name}.immutable", self._near.immutable, key, value))

    async def fetch(self, ctx: Context, keys: Sequence[Any]) -> Mapping[Any, Any]:
        lent = Lent(ctx, self._owner, self._cell, self._asked)
        return await self._cell.run(f"{self.name}.fetch", lambda: _coroutine(self._near, lent, keys))


async def _coroutine(loader: Loader[Any, Any], ctx: Context, keys: Sequence[Any]) -> Mapping[Any, Any]:
    return await loader.fetch(ctx, keys)

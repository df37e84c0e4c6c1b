"""A controller whose calls are noted, so that they can be held against the permissions that it declares."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import define

from apollo.api import Call, Context, Controller, Env, Loader
from apollo.plugins.cell import Cell
from apollo.plugins.isolated import Isolated
from apollo.plugins.remote import Lent

__all__ = ["Noted"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Noted(Isolated):
    """Runs a controller as `apollo.plugins.isolated` does.

    :ivar calls: what it asked of AWS: service, operation, and whether it was a write.
    """

    def __init__(self, controller: Controller[Any, Any]) -> None:
        super().__init__(controller, "the kind that is checked", Cell(f"check of {controller.kind}"))
        self.calls: set[tuple[str, str, bool]] = set()

    def _lent(self, ctx: Context) -> Lent:
        return super()._lent(_Noting(ctx, self.calls))


@define(eq=False)
class _Noting:
    """`apollo.api.Context`, with a note of each call."""

    real: Context
    calls: set[tuple[str, str, bool]]

    @property
    def env(self) -> Env:
        return self.real.env

    @property
    def thorough(self) -> bool:
        return self.real.thorough

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.calls.add((service, operation, False))
        return await self.real.read(service, operation, **params)

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        self.calls.add((call.service, call.operation, True))
        return await self.real.write(call)

    async def load(self, loader: Loader[K, V], key: K, /) -> V | None:
        return await self.real.load(_NotingLoader(loader, self.calls), key)

    def remember(self, loader: Loader[K, V], key: K, value: V, /) -> None:
        self.real.remember(loader, key, value)


class _NotingLoader(Loader[Any, Any]):
    def __init__(self, near: Loader[Any, Any], calls: set[tuple[str, str, bool]]) -> None:
        self._near, self._calls = near, calls
        self.name, self.batch = near.name, near.batch

    def scope(self, key: Any) -> Hashable:
        return self._near.scope(key)

    def immutable(self, key: Any, value: Any) -> bool:
        return self._near.immutable(key, value)

    async def fetch(self, ctx: Context, keys: Sequence[Any]) -> Mapping[Any, Any]:
        return await self._near.fetch(_Noting(ctx, self._calls), keys)

"""Reading many objects in one call: keys that are asked for at the same time travel together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

import anyio
import anyio.lowlevel
from attrs import define, field, frozen

from apollo.api import Context, Loader
from apollo.aws.buckets import LANES, Lane
from apollo.errors import AwsError

__all__ = ["Batches", "Memory"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_QUIET: Final = 8  # turns of the event loop without a new key: everybody who could run has run
_OF_ONE_KEY: Final = frozenset({"access-denied", "invalid", "not-found"})
_MISSING: Final = object()


class Memory:
    """Values that never change, such as task definition revisions; the least recently used goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, loader: Loader[Any, Any], key: Hashable) -> Any:
        found = self._values.get((loader.name, key), _MISSING)
        if found is not _MISSING:
            self._values.move_to_end((loader.name, key))
        return found

    def put(self, loader: Loader[Any, Any], key: Hashable, value: Any) -> None:
        if not loader.immutable(key, value):
            return
        self._values[(loader.name, key)] = value
        self._values.move_to_end((loader.name, key))
        while len(self._values) > self._size:
            self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)


@frozen
class _Failed:
    error: Exception


@define(eq=False)
class _Batch:
    lane: Lane
    keys: dict[Hashable, None] = field(factory=dict)
    answers: Mapping[Hashable, Any] | None = None
    full: bool = False
    led: bool = False
    waiting: int = 0
    event: anyio.Event = field(factory=anyio.Event)


class Batches:
    """The loads of one account and region under one set of credentials.

    One of the waiters makes the call for all; when it is cancelled, another one takes over.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._open: dict[Hashable, _Batch] = {}

    async def load(
        self, lend: Callable[[Lane], Context], lane: Lane, loader: Loader[K, V], key: K
    ) -> V | None:
        """The value of ``key``, or None when it does not exist.

        :param lend: makes the context the loader reads with, in the most urgent lane of all who wait.
        :raises Exception: what the loader raised. What AWS refuses for one key's sake is found by halving,
            and the other keys get their values; any other error is that of all keys.
        """
        found = self._memory.get(loader, key)
        if found is not _MISSING:
            return found  # type: ignore[no-any-return]
        where = (loader.name, loader.scope(key))
        batch = self._open.get(where)
        if batch is None:
            batch = self._open[where] = _Batch(lane)
        batch.keys[key] = None
        batch.lane = min(batch.lane, lane, key=LANES.index)
        if len(batch.keys) >= loader.batch:
            self._close(where, batch)
        batch.waiting += 1
        try:
            while batch.answers is None:
                if batch.led:
                    await batch.event.wait()
                else:
                    await self._lead(where, batch, loader, lend)
        finally:
            batch.waiting -= 1
            if not batch.waiting:
                self._close(where, batch)
        answer = batch.answers.get(key)
        if isinstance(answer, _Failed):
            raise answer.error.with_traceback(None)
        return answer

    def _close(self, where: Hashable, batch: _Batch) -> None:
        batch.full = True
        if self._open.get(where) is batch:
            del self._open[where]

    async def _lead(
        self, where: Hashable, batch: _Batch, loader: Loader[Any, Any], lend: Callable[[Lane], Context]
    ) -> None:
        """Make the call for everybody. When this task is cancelled on the way, another one leads."""
        batch.led, batch.event = True, anyio.Event()
        try:
            await self._gather(batch)
            self._close(where, batch)
            batch.answers = await self._fetch(loader, lend(batch.lane), tuple(batch.keys))
        finally:
            batch.led = False
            batch.event.set()

    async def _gather(self, batch: _Batch) -> None:
        """Return when the batch is full, or when nobody is left who could add to it now."""
        quiet, known = 0, len(batch.keys)
        while not batch.full and quiet < _QUIET:
            await anyio.lowlevel.checkpoint()
            quiet = quiet + 1 if len(batch.keys) == known else 0
            known = len(batch.keys)

    async def _fetch(
        self, loader: Loader[Any, Any], ctx: Context, keys: Sequence[Hashable]
    ) -> dict[Hashable, Any]:
        try:
            found = await loader.fetch(ctx, keys)
            for key, value in found.items():
                self._memory.put(loader, key, value)
            return dict(found)
        except Exception as raised:
            failure = raised
        if isinstance(failure, AwsError) and failure.category in _OF_ONE_KEY and len(keys) > 1:
            half = len(keys) // 2
            answers = await self._fetch(loader, ctx, keys[:half])
            answers.update(await self._fetch(loader, ctx, keys[half:]))
            return answers
        return dict.fromkeys(keys, _Failed(failure))

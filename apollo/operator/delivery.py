"""Bringing events to the functions that asked for them, without waiting for any of them."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from attrs import define, field

from apollo.clock import Clock
from apollo.engine.events import Event
from apollo.operator.handlers import Handlers, Hook, Told

if TYPE_CHECKING:
    from apollo.operator.operator import Operator

__all__ = ["Delivery"]

_log = logging.getLogger("apollo.operator")

_WAITING = 1_000
"""Events that wait for one function at most; then the oldest go."""
_LAST = 5.0
"""Seconds that functions have at the end for what waits, and for cleaning up."""


@define
class _Box:
    """What waits for one function."""

    told: Told
    events: deque[Event] = field(factory=deque)
    wake: anyio.Event = field(factory=anyio.Event)
    lost: int = 0

    def put(self, event: Event) -> None:
        if len(self.events) >= _WAITING:
            self.events.popleft()
            self.lost += 1
            if self.lost == 1:
                _log.error("%s is too slow: events are lost", _called(self.told.function))
        self.events.append(event)
        self.wake.set()

    async def run(self, ending: anyio.Event) -> None:
        while True:
            while self.events:
                await _call(self.told.function, self.events.popleft())
            self.lost = 0
            if ending.is_set():
                return
            self.wake = anyio.Event()
            await self.wake.wait()


@define
class Delivery:
    """The functions of one operator, while it works."""

    operator: Operator
    handlers: tuple[Handlers, ...]
    clock: Clock
    _boxes: list[_Box] = field(factory=list, init=False)
    _working: bool = field(default=False, init=False)

    @property
    def gates(self) -> tuple[Hook, ...]:
        """What may refuse a change."""
        return tuple(hook for one in self.handlers for hook in one.gates)

    def put(self, event: Event) -> None:
        """Hand an event on; returns at once. Nobody hears of it while nothing is `working`."""
        for box in self._boxes:
            if box.told.wants(event):
                box.put(event)

    @asynccontextmanager
    async def working(self, *, whole: bool) -> AsyncIterator[None]:
        """Deliver events inside, and what waits at the end, for some seconds. Inside of another one it does
        nothing: that delivers already.

        :param whole: also run what is to run first and last, and the timers.
        :raises Exception: what one of those raises that are to run first.
        """
        if self._working:
            yield
            return
        self._working = True
        try:
            if whole:
                for one in self.handlers:
                    for function in one.starting:
                        await _run(function, self.operator)
            async with self._delivering(whole):
                yield
        finally:
            self._working = False
            if whole:
                await self._clean()

    @asynccontextmanager
    async def _delivering(self, timers: bool) -> AsyncIterator[None]:
        raised: Exception | None = None
        ending = anyio.Event()
        self._boxes = [_Box(told) for one in self.handlers for told in one.told]
        try:
            async with anyio.create_task_group() as tasks:
                for box in self._boxes:
                    tasks.start_soon(box.run, ending)
                async with anyio.create_task_group() as ticking:
                    for one in self.handlers if timers else ():
                        for timer in one.timers:
                            ticking.start_soon(self._every, timer.seconds, timer.function)
                    try:
                        yield
                    except Exception as error:  # a task group would wrap it
                        raised = error
                    ticking.cancel_scope.cancel()
                tasks.cancel_scope.deadline = anyio.current_time() + _LAST
                ending.set()
                for box in self._boxes:
                    box.wake.set()
        finally:
            self._boxes = []
        if raised is not None:
            raise raised

    async def _clean(self) -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_LAST) as scope:
            for one in self.handlers:
                for function in one.ending:
                    await _call(function, self.operator)
        if scope.cancelled_caught:
            _log.error("cleaning up was not over after %.0f s", _LAST)

    async def _every(self, seconds: float, function: Callable[[Any], Any]) -> None:
        while True:
            await self.clock.sleep(seconds)
            await _call(function, self.operator)


async def _call(function: Callable[[Any], Any], argument: object) -> None:
    """Call a function; what it raises is logged and stops nothing."""
    try:
        await _run(function, argument)
    except Exception:
        _log.exception("%s failed", _called(function))


async def _run(function: Callable[[Any], Any], argument: object) -> None:
    if inspect.iscoroutinefunction(function):
        await _apart(function(argument))
        return
    answer = await to_thread.run_sync(_plainly, function, argument, abandon_on_cancel=True)
    if inspect.isawaitable(answer):  # a partial, or an object with an async __call__
        await _apart(answer)


def _plainly(function: Callable[[Any], Any], argument: object) -> object:
    try:
        answer: object = function(argument)
    except (SystemExit, KeyboardInterrupt) as error:  # in a thread it is no Ctrl-C
        raise RuntimeError(f"it raised {type(error).__name__}") from error
    return answer


async def _apart(work: Awaitable[Any]) -> None:
    """Await it in a task of its own: a cancellation that it brings upon itself, such as by awaiting something
    that was cancelled, would end everything else with it."""

    async def guarded() -> None:
        try:
            await work
        except SystemExit as error:
            raise RuntimeError("it raised SystemExit") from error

    task = asyncio.get_running_loop().create_task(guarded())
    try:
        await asyncio.wait({task})
    finally:
        with anyio.CancelScope(shield=True):
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.1)
    if task.cancelled():
        raise RuntimeError("it raised CancelledError")
    task.result()


def _called(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"

"""A thread of its own, with an event loop, for the code of one package: when it blocks, it blocks itself."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from apollo.errors import Transient

__all__ = ["Cell", "submit"]

_log = logging.getLogger("apollo.plugins")

PATIENCE: Final = 0.25
"""Seconds that the caller of a plain function stands still at most; its own loop waits with it."""
FIRST: Final = 3.0
"""The same when the function runs for the first time: it may import something."""
_ASYNC: Final = 5.0
"""Seconds without any movement of the package's loop, after which whoever awaits something of it gives up."""

T = TypeVar("T")


def submit(
    loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]]
) -> concurrent.futures.Future[T]:
    """Run a coroutine in another thread's loop, with the context variables of the caller. Cancelling the
    answer cancels the coroutine."""
    answer: concurrent.futures.Future[T] = concurrent.futures.Future()
    context = contextvars.copy_context()

    def begin() -> None:
        if answer.cancelled():
            return
        task = loop.create_task(_guarded(make), context=context)
        task.add_done_callback(end)
        answer.add_done_callback(
            lambda over: loop.call_soon_threadsafe(task.cancel) if over.cancelled() else None
        )

    def end(task: asyncio.Task[T]) -> None:
        if answer.cancelled():
            return
        if task.cancelled():  # nobody asked for that
            answer.set_exception(RuntimeError("it raised CancelledError"))
        else:
            error = task.exception()
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(task.result())

    loop.call_soon_threadsafe(begin)
    return answer


async def _guarded(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return await make()
    except (SystemExit, KeyboardInterrupt) as error:  # would end the loop of the thread
        raise RuntimeError(f"it raised {type(error).__name__}") from error


class Cell:
    """Runs the functions of one package.

    :param name: of the package, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._doing: tuple[str, float] | None = None
        """What is being done, and until when it may take."""
        self._done_before: set[str] = set()
        self._told = 0.0

    def call(self, what: str, function: Callable[..., T], *arguments: Any) -> T:
        """Call a plain function and wait, for a moment.

        :raises Transient: reason ``PluginHangs`` when it does not answer; nothing is called before it has.
        :raises Exception: what it raises.
        """
        self._refuse_when_stuck()
        patience = PATIENCE if what in self._done_before else FIRST
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def work() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            self._doing = (what, time.monotonic() + patience)
            try:
                result = function(*arguments)
            except (SystemExit, KeyboardInterrupt) as error:
                answer.set_exception(RuntimeError(f"it raised {type(error).__name__}"))
            except BaseException as error:
                answer.set_exception(error)
            else:
                answer.set_result(result)
            finally:
                self._doing = None

        self._running_loop().call_soon_threadsafe(work)
        try:
            answer.exception(patience)
        except concurrent.futures.TimeoutError:
            answer.cancel()
            raise self._hangs(what) from None
        self._done_before.add(what)
        return answer.result()

    async def run(self, what: str, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in the package's own loop.

        :raises Transient: reason ``PluginHangs`` when that loop stands still.
        :raises Exception: what it raises.
        """
        self._refuse_when_stuck()
        loop = self._running_loop()
        answer = submit(loop, make)
        awaited = asyncio.wrap_future(answer)
        try:
            while True:
                beat = asyncio.wrap_future(submit(loop, _nothing))
                both: set[asyncio.Future[Any]] = {awaited, beat}
                await asyncio.wait(both, timeout=_ASYNC, return_when=asyncio.FIRST_COMPLETED)
                if awaited.done():
                    return awaited.result()
                if not beat.done():
                    raise self._hangs(what)
                await asyncio.wait({awaited}, timeout=1.0)
                if awaited.done():
                    return awaited.result()
        finally:
            answer.cancel()

    def close(self) -> None:
        """End the thread as soon as it can. A later call begins another one."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(_end, loop)

    def _refuse_when_stuck(self) -> None:
        doing = self._doing
        if doing is not None and time.monotonic() > doing[1]:
            raise self._hangs(doing[0])

    def _hangs(self, what: str) -> Transient:
        doing = self._doing
        if doing is not None:
            what = doing[0]
        message = f"{self.name} does not answer in {what}"
        now = time.monotonic()
        if now - self._told > 60:
            self._told = now
            _log.error("%s; what it is responsible for is left alone meanwhile", message)
        return Transient(
            message,
            code="APO-PLUGIN-012",
            hint="nothing else waits for it; report it to the author of the kind",
            reason="PluginHangs",
        )

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = loop = asyncio.new_event_loop()
                thread = threading.Thread(
                    target=_serve, args=(loop,), name=f"apollo-plugin {self.name}", daemon=True
                )
                thread.start()
            return self._loop


_ending: Final[set[asyncio.AbstractEventLoop]] = set()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    _ending.add(loop)
    loop.stop()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    while loop not in _ending:  # a package may stop the loop that it finds running
        loop.run_forever()
    _ending.discard(loop)
    with contextlib.suppress(RuntimeError):  # what it left running is nobody's any more
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()


async def _nothing() -> None:
    return None

"""Noticing that a ref may have moved: the file system's word within milliseconds, a cheap poll as the net.

Many environments may wait on one repository. The first that waits does the watching for all; when it is
done, another one takes over. So nothing runs in the background, and nothing has to be closed.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel

from apollo.clock import Clock

__all__ = ["Watcher"]

_POLL: Final = 1.0
"""Seconds between two looks at the ref file. Notices are lost on network mounts and by overflowing queues."""

_log = logging.getLogger(__name__)


class Watcher:
    """Watches the files of one repository for all that wait on it.

    :param paths: what to watch; asked anew each time watching begins, since git replaces files.
    """

    def __init__(self, paths: Callable[[], Iterable[Path]], clock: Clock) -> None:
        self._paths = paths
        self._clock = clock
        self._tick = anyio.Event()
        self._looked = anyio.Event()
        self._led = False
        self.started = 0

    def poke(self) -> None:
        """Let everybody look."""
        tick, self._tick = self._tick, anyio.Event()
        tick.set()

    async def until(self, moved: Callable[[], Awaitable[bool]]) -> None:
        """Return when ``moved()`` holds. It is asked at once, and whenever something happened."""
        while True:
            tick = self._tick
            if await moved():
                return
            if tick.is_set():
                continue
            if self._led:
                await tick.wait()
            elif await self._lead(moved):
                return

    async def _lead(self, moved: Callable[[], Awaitable[bool]]) -> bool:
        self._led = True
        stop = anyio.Event()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_set_at_the_end, stop)
                group.start_soon(self._listen, stop)
                group.start_soon(self._poll)
                # Two turns of the loop: whatever the order of tasks, the listener has begun to listen, and
                # what happens after this look is heard.
                await anyio.lowlevel.checkpoint()
                await anyio.lowlevel.checkpoint()
                while True:
                    tick = self._tick
                    if await moved():
                        group.cancel_scope.cancel()
                        return True
                    looked, self._looked = self._looked, anyio.Event()
                    looked.set()
                    await tick.wait()
        finally:
            self._led = False
            self.poke()  # whoever waits takes over
        return False

    async def _poll(self) -> None:
        while True:
            await self._clock.sleep(_POLL)
            self.poke()

    async def _listen(self, stop: anyio.Event) -> None:
        try:
            from watchfiles import awatch

            # The default filter leaves out everything below .git.
            self.started += 1
            # A notice comes one to two steps after the move; 200 steps a second took a hundredth of a core.
            stream = awatch(*self._paths(), watch_filter=None, debounce=50, step=8, stop_event=stop)
            async with aclosing(stream):
                async for _ in stream:
                    # Do not listen on before the leader has looked: when it leaves, a listening thread would
                    # have to be waited for.
                    looked = self._looked
                    self.poke()
                    await looked.wait()
        except (OSError, RuntimeError) as error:
            _log.warning("refs are only polled: the file system gives no notice: %s", error)


async def _set_at_the_end(stop: anyio.Event) -> None:
    """A listening thread cannot be cancelled; it looks at this event every few milliseconds."""
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()

"""Signals: the first asks for an orderly end, the second ends at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio

from apollo.cli.boundary import INTERRUPTED
from apollo.cli.text import tell

__all__ = ["DRAIN", "Interrupts", "heard"]

DRAIN = 20.0
"""Seconds for the calls in flight. Fargate kills 30 s after SIGTERM; the process is gone after 25."""
_HARD = 4.5


@contextmanager
def heard() -> Iterator[None]:
    """Ctrl-C raises at once, as it does outside of an event loop, which would only make a note of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Interrupts:
    """Hears SIGTERM and SIGINT while a command works.

    :ivar received: the first signal, or None.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.received: signal.Signals | None = None
        self._stop = stop

    def code(self, otherwise: int) -> int:
        """The exit code: SIGTERM is how an operator is told to end, so a drained one is done (0)."""
        if self.received is None:
            return otherwise
        return INTERRUPTED if self.received == signal.SIGINT else 0

    async def watch(self, scope: anyio.CancelScope) -> None:
        """Call ``stop`` at the first signal; cancel ``scope`` when the work has not ended in time."""
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with anyio.create_task_group() as group:
                async for number in signals:
                    if self.received is not None:
                        os._exit(INTERRUPTED)
                    self.received = signal.Signals(number)
                    tell(
                        "stopping: calls in flight are finished, no new one is started (again: stop at once)"
                    )
                    self._stop()
                    group.start_soon(self._patience, scope)

    async def _patience(self, scope: anyio.CancelScope) -> None:
        await anyio.sleep(DRAIN)
        # A call that hangs in a thread cannot be cancelled: the process ends without it.
        hard = threading.Timer(_HARD, os._exit, (1,))
        hard.daemon = True
        hard.start()
        scope.cancel()

"""Signals: the first asks for an orderly end, the second ends at once; SIGHUP may ask to read again."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

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
    if threading.current_thread() is not threading.main_thread():  # signals are none of its business
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _heard() -> list[signal.Signals]:
    signals = [signal.SIGTERM, signal.SIGINT]
    hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # nohup
        signals.append(hangup)
    return signals


class Interrupts:
    """Hears SIGTERM, SIGINT and SIGHUP while a command works.

    :param say: tells people. :param reload: what SIGHUP asks for, where no terminal could have gone away;
        without it SIGHUP is as SIGTERM.
    :ivar received: the first signal that asked for an end, or None.
    """

    def __init__(
        self,
        stop: Callable[[], None],
        *,
        say: Callable[[str], None] = tell,
        reload: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self.received: signal.Signals | None = None
        self._stop = stop
        self._say = say
        self._reload = None if sys.stderr.isatty() else reload

    def code(self, otherwise: int) -> int:
        """The exit code: SIGTERM is how an operator is told to end, so a drained one is done (0)."""
        if self.received is None:
            return otherwise
        return INTERRUPTED if self.received == signal.SIGINT else 0

    async def watch(self, scope: anyio.CancelScope) -> None:
        """Call ``stop`` at the first signal; cancel ``scope`` when the work has not ended in time."""
        with anyio.open_signal_receiver(*_heard()) as signals:
            async with anyio.create_task_group() as group:
                async for number in signals:
                    if self._reload is not None and number == signal.SIGHUP:
                        if self.received is None:
                            group.start_soon(self._reload)
                        continue
                    if self.received is not None:
                        os._exit(INTERRUPTED)
                    self.received = signal.Signals(number)
                    self._say(
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

"""The ``apollo`` command of the pages: a process of its own as everywhere, with a clock that runs faster.

A rollout of minutes passes in a moment beside the pages; to look at it every five seconds of the reader's
would only be waiting.

``apollo_command.py SPEED ARGUMENT…``
"""

from __future__ import annotations

import sys
import time

from apollo.__main__ import main
from apollo.clock import SystemClock


def hasten(speed: float) -> None:
    """Let the clock of this process run ``speed`` times as fast. The time of day stays the reader's own."""

    async def sleep(self: SystemClock, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds / speed)

    SystemClock.monotonic = lambda self: time.monotonic() * speed  # type: ignore[method-assign]
    SystemClock.sleep = sleep  # type: ignore[method-assign]


if __name__ == "__main__":
    hasten(float(sys.argv.pop(1)))
    sys.exit(main())

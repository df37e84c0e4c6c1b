"""The ``apollo`` command of the pages: a process of its own as everywhere, in which time passes faster.

A rollout of minutes takes seconds beside the pages; to look at it every five seconds of the reader's would be
nothing but waiting. So the clocks of both sides, apollo's and that of ``apollo simulate``, run faster alike.

``apollo_command.py SPEED ARGUMENT…``
"""

from __future__ import annotations

import sys
import time

from apollo.__main__ import main
from apollo.clock import SystemClock


def hasten(speed: float) -> None:
    """Let time pass ``speed`` times as fast in this process. The time of day stays the reader's."""

    def monotonic(self: SystemClock | None = None) -> float:
        return time.monotonic() * speed

    async def sleep(self: SystemClock, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds / speed)

    SystemClock.monotonic = monotonic  # type: ignore[method-assign]
    SystemClock.sleep = sleep  # type: ignore[method-assign]
    if sys.argv[1:2] == ["simulate"]:
        from apollo.testing import VirtualClock

        make = VirtualClock.__init__
        VirtualClock.__init__ = (  # type: ignore[method-assign]
            lambda self, speed=0.0, start=None: make(self, speed, start, monotonic)
        )


if __name__ == "__main__":
    hasten(float(sys.argv.pop(1)))
    sys.exit(main())

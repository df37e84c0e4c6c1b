"""One clock for everything the local AWS does."""

import time
from collections.abc import Callable

MANUAL_START = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where a clock that only moves by hand begins, so that two runs are equal."""


class VirtualClock:
    """Time as `base + speed x elapsed wall time`.

    Speed 0 stands still until `advance` (tests), 1 is real time, N runs N times faster. Nothing ever waits
    for this clock: state is brought up to `now()` when somebody looks at it.
    """

    def __init__(
        self,
        speed: float = 0.0,
        start: float | None = None,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        if speed < 0:
            raise ValueError("speed must not be negative")
        self._wall = wall
        self._speed = speed
        self._mark = wall()
        self._base = start if start is not None else (time.time() if speed else MANUAL_START)

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> float:
        """Seconds since the epoch, in virtual time."""
        if not self._speed:
            return self._base
        return self._base + (self._wall() - self._mark) * self._speed

    def advance(self, seconds: float) -> float:
        """Jump forward; time never goes back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._base += seconds
        return self.now()

    def set_speed(self, speed: float) -> None:
        """Change the pace from this moment on."""
        if speed < 0:
            raise ValueError("speed must not be negative")
        self._base = self.now()
        self._mark = self._wall()
        self._speed = speed

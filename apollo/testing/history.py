"""The world as it was some time ago, for reads whose answers are out of date."""

import bisect
import copy
from typing import TYPE_CHECKING

from apollo.testing.clock import VirtualClock

if TYPE_CHECKING:
    from apollo.testing.world import World


class History:
    """Copies of a world at its changes, from `begin` on. They cost as much as the world is large."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._span: float | None = None
        self._times: list[float] = []
        self._copies: list[World] = []

    def begin(self, seconds: float) -> None:
        """From now on the world of so many seconds ago, or fewer, will be asked for."""
        with self._world.lock:
            self._span = max(self._span or 0.0, seconds)
            if not self._times:
                self._world.catch_up()
                self.note()

    def end(self) -> None:
        with self._world.lock:
            self._span = None
            self._times.clear()
            self._copies.clear()

    def note(self, moment: float | None = None) -> None:
        """Something has just changed. What happens with time alone needs no note: the copies live it."""
        if self._span is None:
            return
        now = self._world.clock.now()
        self._times.append(now if moment is None else moment)
        self._copies.append(_copy(self._world, self._times[-1]))
        old = bisect.bisect_right(self._times, now - self._span) - 1
        if old > 0:
            del self._times[:old], self._copies[:old]

    def at(self, moment: float) -> "World":
        """The world as it was then; at the earliest as it was at the beginning. To be looked at once."""
        found = max(0, bisect.bisect_right(self._times, moment) - 1)
        return _copy(self._copies[found], max(moment, self._times[found]))


def _copy(world: "World", moment: float) -> "World":
    twin = type(world)(world.seed, VirtualClock(0.0, moment), world.timings, world.registry)
    # What belongs together is copied together; whatever points to the world points to its twin.
    twin.backends, twin.ids, twin.shuffle, twin.scenarios = copy.deepcopy(
        (world.backends, world.ids, world.shuffle, world.scenarios), {id(world): twin}
    )
    return twin

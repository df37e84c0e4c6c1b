"""How long to leave a key alone after a failure: 1 s to 5 min, doubling, with jitter; forgotten when the
desired state moves, for a new generation is a new chance."""

from __future__ import annotations

import random
from collections.abc import Hashable

from attrs import define, field

__all__ = ["Backoff"]


@define
class Backoff:
    """Failures in a row per key and generation.

    :param base: seconds after the first failure. :param most: the longest delay in seconds.
    :param jitter: each delay is drawn from ``[1 - jitter, 1] × delay``, so that keys which failed together
        do not come back together.
    """

    base: float = 1.0
    most: float = 300.0
    jitter: float = 0.3
    random: random.Random = field(factory=random.Random)
    _failures: dict[Hashable, tuple[str, int]] = field(factory=dict, init=False)

    def delay(self, key: Hashable, generation: str) -> float:
        """Count one more failure and say how many seconds to wait."""
        seen, count = self._failures.get(key, (generation, 0))
        count = count + 1 if seen == generation else 1
        self._failures[key] = (generation, count)
        delay: float = min(self.most, self.base * 2 ** min(count - 1, 30))
        return delay * (1 - self.jitter * self.random.random())

    def failures(self, key: Hashable) -> int:
        """Failures in a row."""
        return self._failures.get(key, ("", 0))[1]

    def forget(self, key: Hashable) -> None:
        """The key succeeded, or is gone."""
        self._failures.pop(key, None)

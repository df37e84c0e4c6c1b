"""Nobody is fought for ever: the same call for the same resource at most three times in a quarter of an hour,
and never twice at once.

Three cases end here. AWS does not show yet what it has done; that passes. Somebody or something keeps undoing
what Apollo does; or a difference does not go away by the call that should settle it. These want a person.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque

from attrs import define, field

from apollo.api import Key, Step

__all__ = ["Guard"]

_UNSEEN = {"create": 120.0}
"""Seconds for which AWS may not show yet what it has answered for; Terraform, too, looks for a new service
for two minutes."""
_UNSEEN_ELSE = 30.0


@define
class Guard:
    """Counts identical calls per resource. ``now`` is a monotonic time in seconds."""

    most: int = 3
    window: float = 900.0
    _sent: dict[Key, deque[tuple[float, str]]] = field(factory=dict, init=False)
    _answered: dict[Key, tuple[float, str]] = field(factory=dict, init=False)

    def sent(self, step: Step, now: float, *, answered: bool = True) -> None:
        """A step was done, or, where the answer was lost, may have been."""
        line = self._sent.setdefault(step.target, deque(maxlen=32))
        line.append((now, _digest(step)))
        if answered:
            self._answered[step.target] = line[-1]

    def unseen(self, step: Step, now: float) -> float:
        """Seconds for which this step, which AWS has only just answered for, may still look undone."""
        if step.target not in self._answered:
            return 0.0
        at, digest = self._answered[step.target]
        left = at + _UNSEEN.get(step.verb, _UNSEEN_ELSE) - now
        return left if left > 0 and digest == _digest(step) else 0.0

    def tired(self, step: Step, now: float) -> bool:
        """Whether sending this step again would be once too often."""
        return self.count(step, now) >= self.most

    def count(self, step: Step, now: float) -> int:
        """How often this very step was sent within the window."""
        line = self._sent.get(step.target)
        if line is None:
            return 0
        while line and now - line[0][0] > self.window:
            line.popleft()
        digest = _digest(step)
        return sum(1 for _, sent in line if sent == digest)

    def forget(self, key: Key) -> None:
        """Git moved: a new chance."""
        self._sent.pop(key, None)
        self._answered.pop(key, None)


def _digest(step: Step) -> str:
    params = {name: value for name, value in step.call.params.items() if name != "clientToken"}
    text = json.dumps([step.call.service, step.call.operation, params], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()

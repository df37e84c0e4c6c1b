"""Label values that come from outside must not be without end: each costs a time series for ever."""

from __future__ import annotations

from typing import Final

from attrs import define, field

__all__ = ["OTHERS", "Bounded"]

OTHERS: Final = "(others)"


@define
class Bounded:
    """Lets the first ``most`` values of each scope through; the rest are one."""

    most: int = 200
    _seen: dict[str, set[str]] = field(factory=dict, init=False)

    def __call__(self, scope: str, value: str) -> str:
        seen = self._seen.setdefault(scope, set())
        if value in seen:
            return value
        if len(seen) >= self.most:
            return OTHERS
        seen.add(value)
        return value

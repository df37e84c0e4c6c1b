"""One of AWS's rate buckets as we see it: calls wait here, in order of urgency, rather than be throttled."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final, Literal

import anyio
from attrs import define, field, frozen

from apollo.aws.operations import Limit
from apollo.clock import Clock

__all__ = ["LANES", "Bucket", "BucketState", "Lane"]

Lane = Literal["act", "wait", "changed", "sweep"]
"""Why a call is made, from urgent to patient: changing something, following a rollout, looking at what a
commit touched, looking at everything once more."""
LANES: Final[tuple[Lane, ...]] = ("act", "wait", "changed", "sweep")

_BACKGROUND: Final = frozenset({"changed", "sweep"})
_PATIENCE: Final = 5.0  # seconds after which a call may jump the lanes …
_TURN: Final = 4  # … but only every fourth token goes that way, so urgent calls lose at most a quarter
_RECOVERY: Final = 60.0  # seconds from nothing to the full rate after AWS stopped throttling
_SLOWEST: Final = 1 / 16
_NAP: Final = 1.0
_ENOUGH: Final = 1 - 1e-9  # a token, but for rounding


@frozen
class BucketState:
    """A look at one bucket, for metrics.

    :ivar rate: calls per second at this moment, ``factor`` × what AWS grants.
    :ivar factor: 1 unless AWS throttled us lately.
    :ivar waiting: how many calls wait, by lane.
    """

    account: str
    region: str
    name: str
    burst: float
    rate: float
    factor: float
    tokens: float
    waiting: Mapping[str, int]
    granted: int
    throttled: int


@define(eq=False)
class _Waiter:
    lane: Lane
    since: float
    granted: bool = False
    event: anyio.Event = field(factory=anyio.Event)

    def waits(self) -> bool:
        return not self.granted


class Bucket:
    """A token bucket with lanes.

    Urgent lanes go first; who waited longer than a few seconds in a lower lane gets every fourth token, so
    none starves. ``changed`` and ``sweep`` together draw at most ``share`` of the rate: the account's other
    clients live from the rest. When AWS throttles, the rate is halved, and grows back in a minute.

    There is no background task: the waiters themselves take turns in sleeping until the next token.
    """

    def __init__(self, limit: Limit, clock: Clock, *, share: float = 1.0) -> None:
        self._limit = limit
        self._clock = clock
        self._share = share
        self._tokens = limit.burst
        self._spare_burst = max(1.0, limit.burst * share)
        self._spare = self._spare_burst
        self._factor = 1.0
        self._at = self._halved_at = clock.monotonic()
        self._queues: dict[Lane, deque[_Waiter]] = {lane: deque() for lane in LANES}
        self._leader: _Waiter | None = None
        self._due = 0.0
        self._stir: anyio.Event | None = None
        self._turn = 0
        self._granted = 0
        self._throttled = 0

    async def take(self, lane: Lane) -> None:
        """Return when one call may be made.

        A cancelled waiter leaves no trace.
        """
        waiter = _Waiter(lane, self._clock.monotonic())
        self._queues[lane].append(waiter)
        self._grant()
        if not waiter.waits():
            return
        if self._stir is not None and self._clock.monotonic() + self._delay() < self._due - 1e-9:
            self._stir.set()
        try:
            while waiter.waits():
                if self._leader is None:
                    self._leader = waiter
                    await self._nap()
                    self._grant()
                    self._leader = None
                else:
                    await waiter.event.wait()
                    if waiter.waits():
                        waiter.event = anyio.Event()
        except BaseException:
            if not waiter.waits():
                self._tokens += 1
                if lane in _BACKGROUND:
                    self._spare += 1
            else:
                self._queues[lane].remove(waiter)
            raise
        finally:
            if self._leader is waiter:
                self._leader = None
            if self._leader is None:
                self._call_leader()

    def give_back(self, lane: Lane) -> None:
        """A call that was to be made is not made."""
        self._refill()
        self._tokens = min(self._limit.burst, self._tokens + 1)
        if lane in _BACKGROUND:
            self._spare = min(self._spare_burst, self._spare + 1)
        self._granted -= 1
        self._grant()

    def throttled(self) -> None:
        """AWS refused a call for its rate: slow down. Refusals within a second count once."""
        self._throttled += 1
        self._refill()
        now = self._clock.monotonic()
        if self._throttled == 1 or now - self._halved_at >= 1.0:
            self._factor = max(_SLOWEST, self._factor / 2)
            self._halved_at = now
        self._tokens = min(self._tokens, 0.0)

    def state(self, account: str, region: str, name: str) -> BucketState:
        self._refill()
        return BucketState(
            account=account,
            region=region,
            name=name,
            burst=self._limit.burst,
            rate=self._limit.rate * self._factor,
            factor=self._factor,
            tokens=self._tokens,
            waiting={lane: len(queue) for lane, queue in self._queues.items() if queue},
            granted=self._granted,
            throttled=self._throttled,
        )

    def _refill(self) -> None:
        now = self._clock.monotonic()
        passed = max(0.0, now - self._at)
        self._at = now
        new = passed * self._limit.rate * self._factor
        self._tokens = min(self._limit.burst, self._tokens + new)
        self._spare = min(self._spare_burst, self._spare + new * self._share)
        self._factor = min(1.0, self._factor + passed / _RECOVERY)

    def _grant(self) -> None:
        """Give every token there is to who comes next."""
        self._refill()
        while self._tokens >= _ENOUGH:
            waiter = self._next()
            if waiter is None:
                return
            self._queues[waiter.lane].popleft()
            self._tokens -= 1
            if waiter.lane in _BACKGROUND:
                self._spare -= 1
            self._turn += 1
            self._granted += 1
            waiter.granted = True
            if waiter is self._leader and self._stir is not None:
                self._stir.set()
            waiter.event.set()

    def _next(self) -> _Waiter | None:
        heads = [
            queue[0]
            for lane, queue in self._queues.items()
            if queue and (lane not in _BACKGROUND or self._spare >= _ENOUGH)
        ]
        if not heads:
            return None
        if len(heads) > 1 and self._turn % _TURN == _TURN - 1:
            oldest = min(heads[1:], key=lambda waiter: waiter.since)
            if self._at - oldest.since >= _PATIENCE:
                return oldest
        return heads[0]

    def _delay(self) -> float:
        """Seconds until somebody who waits here may go; looked at again at least once a second, since the
        rate changes."""
        rate = self._limit.rate * self._factor
        missing = max(0.0, 1 - self._tokens) / rate
        if not any(queue for lane, queue in self._queues.items() if lane not in _BACKGROUND):
            missing = max(missing, max(0.0, 1 - self._spare) / (rate * self._share))
        return min(max(missing, 1e-4), _NAP)

    async def _nap(self) -> None:
        delay = self._delay()
        self._due = self._clock.monotonic() + delay
        self._stir = stir = anyio.Event()

        async def alarm() -> None:
            await self._clock.sleep(delay)
            stir.set()

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(alarm)
                await stir.wait()
                tasks.cancel_scope.cancel()
        finally:
            self._stir = None

    def _call_leader(self) -> None:
        for lane in LANES:
            if self._queues[lane]:
                self._queues[lane][0].event.set()
                return

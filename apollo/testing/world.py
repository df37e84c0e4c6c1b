"""Everything behind one endpoint: the clock, the randomness, and each account's and region's services."""

import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any, ClassVar, Protocol

from apollo.testing.clock import VirtualClock
from apollo.testing.faults import Faults
from apollo.testing.history import History
from apollo.testing.ids import Ids
from apollo.testing.log import RequestLog
from apollo.testing.others.engine import Moto
from apollo.testing.scenarios import Scenarios
from apollo.testing.timings import Timings

Json = dict[str, Any]
Tags = dict[str, str]

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "eu-west-1"


@dataclass(slots=True, frozen=True)
class Identity:
    """Who calls: resolved from the access key id."""

    account: str
    arn: str
    user_id: str


@dataclass(slots=True)
class Call:
    """One operation being carried out."""

    service: str
    operation: str
    params: Json
    account: str
    region: str
    identity: Identity
    now: float
    user_agent: str = ""


Handler = Callable[[Any, Call], Json]


class Backend(Protocol):
    """One AWS service in one account and region."""

    model: ClassVar[str]
    """botocore's name of the service; it is also the name in the request log."""
    validation_code: ClassVar[str]
    """The error code with which the service refuses malformed input."""
    operations: ClassVar[Mapping[str, Handler]]

    def __init__(self, world: "World", account: str, region: str) -> None: ...

    def snapshot(self) -> Json:
        """Canonical state: no identifiers that AWS draws, no timestamps."""
        ...

    def next_event(self) -> float | None:
        """When something will happen by itself next; None when everything is at rest."""
        ...

    def step(self) -> None:
        """Bring everything up to the clock's now."""
        ...

    def tagged_resources(self) -> Iterator[tuple[str, str, Tags]]:
        """What can have tags: its ARN, its type such as `ecs:service`, its tags; for the tagging API.

        A service that has any also says in `services/tagging/writes.py` how tags are added and removed.
        """
        return iter(())


class Listener(Protocol):
    """Who wants to hear of what happens."""

    on: bool
    """Somebody listens: time then passes from event to event."""

    def start(self) -> None: ...

    def look(self) -> None:
        """Tell what has happened since the last look."""
        ...

    def clear(self) -> None: ...


class Silence:
    """Nobody does: in a world of which only the past is wanted."""

    on = False

    def start(self) -> None:
        return None

    look = clear = start


class World:
    """The state behind one endpoint. Every access from outside the server's thread holds `lock`."""

    def __init__(
        self, seed: int, clock: VirtualClock, timings: Timings, registry: Mapping[str, type[Backend]]
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.timings = timings
        self.registry = registry
        self.lock = RLock()
        self.history = History(self)
        self.faults = Faults(seed, self.history)
        self.scenarios = Scenarios(seed)
        self.log = RequestLog()
        self.ids = Ids(seed)
        self.shuffle = random.Random(f"shuffle:{seed}")
        self.backends: dict[tuple[str, str, str], Backend] = {}
        self.sessions: dict[str, Identity] = {}
        """Temporary credentials that were handed out: access key id -> identity."""
        self.moto = Moto(seed, clock.now)
        """Whatever is not in the registry."""
        self.schedules: dict[Any, int] = {}
        """How often each schedule of EventBridge was written, so that what was planned before is void."""
        self.news: Listener = Silence()
        self._coming: list[tuple[float, int, Callable[[float], None]]] = []
        self._planned = 0
        self.version = 0
        """Grows with whatever may change something, but for what happens by itself with time."""

    def at(self, moment: float, happen: Callable[[float], None]) -> None:
        """Have something happen at a moment, before anybody looks at what came after it."""
        self._planned += 1
        heapq.heappush(self._coming, (moment, self._planned, happen))

    def catch_up(self) -> None:
        """Let everything happen that was planned for a moment until now, in order."""
        now = self.clock.now()
        while self._coming and self._coming[0][0] <= now:
            moment, _, happen = heapq.heappop(self._coming)
            self.version += 1
            happen(moment)
            self.history.note(moment)

    def next_event(self) -> float | None:
        """Live up to now, and say when something will happen by itself next; None: never."""
        self.catch_up()
        coming = []
        for backend in list(self.backends.values()):
            backend.step()
            at = backend.next_event()
            if at is not None:
                coming.append(at)
        self.news.look()
        return min(coming, default=None)

    def _next_of_all(self) -> float | None:
        """Also of what was planned, such as schedules, which may never end."""
        coming = [at for at in (self.next_event(),) if at is not None]
        coming += [self._coming[0][0]] if self._coming else []
        return min(coming, default=None)

    def advance(self, seconds: float) -> float:
        """Let virtual time pass; whoever listens to the news hears them one after another."""
        if seconds < 0:
            raise ValueError("time does not go back")
        end = self.clock.now() + seconds
        while self.news.on and (at := self._next_of_all()) is not None and at < end:
            self.clock.advance(max(0.0, at - self.clock.now()))
        now = self.clock.advance(max(0.0, end - self.clock.now()))
        self.catch_up()
        self.news.look()
        return now

    def backend(self, service: str, account: str, region: str) -> Backend:
        key = (service, account, region)
        found = self.backends.get(key)
        if found is None:
            found = self.backends[key] = self.registry[service](self, account, region)
        return found

    def changed(self, account: str, region: str) -> None:
        """A call may have changed something there."""
        self.history.note()
        if self.timings.tagging_lag:
            self.backend("resourcegroupstaggingapi", account, region).step()

    def identify(self, access_key: str) -> Identity:
        """A 12-digit access key id is an account; handed-out credentials carry their role."""
        session = self.sessions.get(access_key)
        if session is not None:
            return session
        account = access_key if len(access_key) == 12 and access_key.isdigit() else DEFAULT_ACCOUNT
        return Identity(account, f"arn:aws:iam::{account}:user/local", "AIDALOCALLOCALLOCAL0")

    def reset(self) -> None:
        """Forget all state, faults, scenarios and the log; the clock goes on."""
        self.version += 1
        self.backends.clear()
        self._coming.clear()
        self.schedules.clear()
        self.sessions.clear()
        self.faults.clear()
        self.scenarios.clear()
        self.log.clear()
        self.moto.reset()
        self.news.clear()
        self.ids = Ids(self.seed)
        self.shuffle = random.Random(f"shuffle:{self.seed}")

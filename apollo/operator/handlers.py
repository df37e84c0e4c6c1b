"""Functions of an embedding program that hear of events, run at intervals, or may refuse a change.

A program hangs its functions on a `Handlers` and hands that to an operator::

    handlers = Handlers()

    @handlers.on.rollout_failed(kind="Service", environment="prod")
    async def page(event: Event) -> None:
        ...

    async with Operator(settings, handlers=[handlers]) as operator:
        await operator.run()

What hears of events hears of them afterwards: each function has a queue of its own, in which events wait in
their order while it is busy. It holds up nobody, and what it raises is logged. A plain function runs in a
thread, so it may block; an ``async`` one must not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from attrs import define, field, frozen

from apollo.api import Allowed, Denied, Proposal, Resource, Verdict
from apollo.engine.events import Event, EventType

if TYPE_CHECKING:
    from apollo.operator.operator import Operator

__all__ = ["Handlers", "Hook", "On", "Timer", "Told", "Which"]

OnEvent = Callable[[Event], Awaitable[None] | None]
OnOperator = Callable[["Operator"], Awaitable[None] | None]
OnResource = Callable[[Resource[Any]], "str | Denied | None"]

E = TypeVar("E", bound=OnEvent)
H = TypeVar("H", bound=OnOperator)
R = TypeVar("R", bound=OnResource)

Names = str | Collection[str] | None


def _names(names: Names) -> frozenset[str] | None:
    return None if names is None else frozenset([names] if isinstance(names, str) else names)


@frozen
class Which:
    """Which resources a function is about; None: all."""

    environment: frozenset[str] | None = None
    kind: frozenset[str] | None = None
    name: frozenset[str] | None = None
    app: frozenset[str] | None = None

    @classmethod
    def of(
        cls, environment: Names = None, kind: Names = None, name: Names = None, app: Names = None
    ) -> Which:
        return cls(_names(environment), _names(kind), _names(name), _names(app))

    def has(self, environment: str, kind: str, name: str, app: str) -> bool:
        pairs = (
            (self.environment, environment),
            (self.kind, kind),
            (self.name, name),
            (self.app, app),
        )
        return all(wanted is None or value in wanted for wanted, value in pairs)


@frozen
class Told:
    """A function that hears of events of some types; of all types when there are none."""

    function: OnEvent
    types: frozenset[EventType]
    which: Which

    def wants(self, event: Event) -> bool:
        kind, name = (event.key.kind, event.key.name) if event.key else ("", "")
        return (not self.types or event.type in self.types) and self.which.has(
            event.environment, kind, name, event.app
        )


@frozen
class Timer:
    """A function that runs every so many seconds, never twice at once."""

    function: OnOperator
    seconds: float


@define
class Hook:
    """May refuse a change: a gate over one function."""

    name: str
    function: OnResource
    which: Which

    def check(self, proposal: Proposal) -> Verdict:
        want = proposal.want
        if want is None or not self.which.has(want.env.name, want.key.kind, want.key.name, want.app):
            return Allowed()
        try:
            answer: object = self.function(want)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # What was meant to protect must not let through by breaking, nor end the operator.
            why = f"{type(error).__name__}: {error}"
            return Denied("ValidatorFailed", f"{self.name} could not judge {want.key}: {why}")
        if answer is None:
            return Allowed()
        if isinstance(answer, Denied):
            return answer
        if isinstance(answer, str):
            return Denied("Refused", answer, hint=f"refused by {self.name}")
        said = f"{self.name} answered {type(answer).__name__}; a text refuses, and None lets through"
        return Denied("ValidatorFailed", said)


@define
class _Decorator:
    """``@on.synced`` and ``@on.synced(kind="Service")``."""

    types: frozenset[EventType]
    add: Callable[[Told], None]

    @overload
    def __call__(self, function: E, /) -> E: ...

    @overload
    def __call__(
        self,
        /,
        *,
        environment: Names = None,
        kind: Names = None,
        name: Names = None,
        app: Names = None,
    ) -> Callable[[E], E]: ...

    def __call__(self, function: E | None = None, /, **which: Names) -> E | Callable[[E], E]:
        """Hang a function on these events.

        :param which: ``environment``, ``kind``, ``name`` and ``app``: one name, or several.
        """
        chosen = Which.of(**which)

        def hang(given: E) -> E:
            self.add(Told(given, self.types, chosen))
            return given

        return hang if function is None else hang(function)


class On:
    """The events a function can be hung on, each as a decorator with or without ``environment``, ``kind``,
    ``name`` and ``app``."""

    def __init__(self, add: Callable[[Told], None]) -> None:
        def at(*types: EventType) -> _Decorator:
            return _Decorator(frozenset(types), add)

        self.synced: Final = at("Synced")
        """AWS equals git, and is healthy."""
        self.drifted: Final = at("Drifted")
        """AWS was changed behind Apollo's back."""
        self.rollout_started: Final = at("RolloutStarted")
        self.rollout_finished: Final = at("RolloutFinished")
        """``event.seconds`` says how long it took."""
        self.rollout_failed: Final = at("RolloutFailed")
        """AWS went back, or it is not over in time."""
        self.pruned: Final = at("Deleted")
        """Gone from git, and deleted from AWS."""
        self.held: Final = at("Held")
        """A gate stops a change."""
        self.degraded: Final = at("Degraded")
        """Equal to git, but unhealthy."""
        self.failed: Final = at("Failed", "SourceFailed")
        """A look, a call, or reading git failed."""
        self.snapshot: Final = at("Snapshot")
        """A new commit is in force."""
        self.acted: Final = at("Acted")
        """A mutating call was answered; ``event.call`` names it."""
        self.event: Final = at()
        """Every event."""


@define
class Handlers:
    """What an embedding program wants to hear and to decide. May serve several operators."""

    told: list[Told] = field(factory=list, init=False)
    timers: list[Timer] = field(factory=list, init=False)
    starting: list[OnOperator] = field(factory=list, init=False)
    ending: list[OnOperator] = field(factory=list, init=False)
    gates: list[Hook] = field(factory=list, init=False)
    on: On = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.on = On(self.told.append)

    def timer(self, seconds: float) -> Callable[[H], H]:
        """Run a function every so many seconds of the operator's clock while it runs, the first time after
        that long. What it raises is logged, and it runs again.

        :raises ValueError: for less than 0.1 seconds.
        """
        if seconds < 0.1:
            raise ValueError("a timer's interval is at least 0.1 seconds")

        def hang(function: H) -> H:
            self.timers.append(Timer(function, seconds))
            return function

        return hang

    def startup(self, function: H) -> H:
        """Run a function before the first look at git. What it raises stops the start."""
        self.starting.append(function)
        return function

    def cleanup(self, function: H) -> H:
        """Run a function after the last call was answered, also when `Operator.run` is cancelled."""
        self.ending.append(function)
        return function

    @overload
    def validate(self, function: R, /) -> R: ...

    @overload
    def validate(
        self,
        /,
        *,
        environment: Names = None,
        kind: Names = None,
        name: Names = None,
        app: Names = None,
    ) -> Callable[[R], R]: ...

    def validate(self, function: R | None = None, /, **which: Names) -> R | Callable[[R], R]:
        """Let a function judge every resource that is about to be changed: None lets it through, a text (or
        an `apollo.api.Denied`) refuses it and stands in the plan. It must be pure and quick. One that raises
        refuses."""
        chosen = Which.of(**which)

        def hang(given: R) -> R:
            self.gates.append(Hook(getattr(given, "__name__", "validate"), given, chosen))
            return given

        return hang if function is None else hang(function)

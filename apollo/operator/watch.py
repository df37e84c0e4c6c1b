"""Watching one environment at work: does its loop move, how long does it take, when is a commit healthy?

The loop knows nothing of this: its scheduler's work is wrapped.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

from attrs import define, field, frozen

from apollo import telemetry
from apollo.api import Key
from apollo.aws import CallRecord
from apollo.clock import Clock
from apollo.engine.engine import is_applied
from apollo.engine.loop import SWEEP, Loop
from apollo.engine.queue import Priority, Work
from apollo.engine.scheduler import Again
from apollo.operator.tracing import NoTracer, Span, Tracer, current, inside
from apollo.source import Commit

__all__ = ["ALIVE", "CommitHealthy", "Fetched", "Measure", "Reconciled", "Watch", "trace_call"]

ALIVE = 120.0
"""Seconds without any movement after which a loop counts as dead. Every answer of AWS is a movement, also a
failed one, and none takes half as long: AWS's outage is no reason to restart Apollo."""
BEAT = "@beat"
"""The queue's entry that shows, while nothing else is to be done, that entries are worked on."""
_BEAT_SECONDS = 20.0


@frozen
class Reconciled:
    """One entry of the queue was worked on.

    :ivar kind: the resources' kind; ``sweep`` for the look at everything.
    :ivar result: ``waiting`` when AWS or a dependency is not there yet; ``error`` also when
        it is tried again.
    :ivar seconds: how long it took. :ivar waited: seconds between being due and being begun.
    :ivar again: why it is looked at again by itself, such as ``retry``; empty when it is not.
    """

    environment: str
    kind: str
    priority: str
    result: str
    seconds: float
    waited: float
    again: str = ""


@frozen
class Fetched:
    """git was asked where the branch is."""

    environment: str
    seconds: float
    failed: bool


@frozen
class CommitHealthy:
    """Everything of a commit is in AWS and healthy.

    :ivar seconds: since it was pushed. That is not known exactly: it is taken to be the commit's own time,
        but not before the last look at the branch that did not show it yet.
    """

    environment: str
    commit: str
    seconds: float


Measure = Reconciled | Fetched | CommitHealthy


@define
class _Pending:
    """A commit that is on its way into AWS, and the resources that are still to be looked at for it."""

    commit: str
    pushed: datetime | None
    span: Span
    left: Iterator[Key] = field(factory=lambda: iter(()))
    at: Key | None = None


@define
class Watch:
    """What is measured of one environment."""

    loop: Loop
    clock: Clock
    tell: Callable[[Measure], None]
    tracer: Tracer = field(factory=NoTracer)
    running: dict[str, float] = field(factory=dict, init=False)
    """What is worked on, since when (monotonic)."""
    unanswered: str = field(default="", init=False)
    """Why the last request got no answer that is worth anything: ``unavailable`` or ``credentials``."""
    _asked: datetime | None = field(default=None, init=False)
    _pending: _Pending | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        scheduler = self.loop.scheduler
        work = scheduler.work

        async def watched(one: Work) -> Again | None:
            return await self._watched(one, work)

        scheduler.work = watched

    # ── does it move? ────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """The loop is about to run."""
        self.moved()
        self.loop.scheduler.add(BEAT, reasons=("beat",), priority=Priority.SWEEP, after=_BEAT_SECONDS)

    def moved(self) -> None:
        """Something was done."""
        self.loop.beat = self.clock.monotonic()

    @property
    def stuck(self) -> float:
        """Seconds since the loop moved last; 0 before it runs: the first look at git may take long."""
        return self.clock.monotonic() - self.loop.beat if self.loop.beat else 0.0

    @property
    def alive(self) -> bool:
        """Whether the loop moves, or has not begun."""
        return self.stuck < ALIVE

    @property
    def why_not_ready(self) -> str:
        """Why AWS cannot be kept equal to git now; empty when it can."""
        if not self.loop.engine.snapshot.commit:
            return self.loop.message or "git was not read yet"
        if self.unanswered == "credentials":
            return "AWS refuses the credentials"
        return "AWS does not answer" if self.unanswered else ""

    def called(self, record: CallRecord) -> None:
        """A request of this environment was answered, or not."""
        self.unanswered = record.category if record.category in ("unavailable", "credentials") else ""
        self.moved()

    # ── one reconcile ────────────────────────────────────────────────────────────────────────────────────

    async def _watched(self, work: Work, run: Callable[[Work], Awaitable[Again | None]]) -> Again | None:
        self.moved()
        if work.key == BEAT:
            return Again(_BEAT_SECONDS, "beat", Priority.SWEEP)
        name = self.loop.engine.env.name
        began = self.running[work.key] = self.clock.monotonic()
        kind = self._kind(work.key)
        parent = self._pending.span if self._pending is not None else None
        about = {
            "apollo.environment": name,
            "apollo.group": work.key,
            "apollo.kind": kind,
            "apollo.commit": self.loop.engine.snapshot.commit,
        }
        span = self.tracer.begin("reconcile", about, parent)
        telemetry.answered("")
        result = "error"
        try:
            with telemetry.bind(environment=name, reconcile=secrets.token_hex(4)), inside(span):
                again: Again | None = await run(work)
            result = self._result(work.key, again)
        finally:
            del self.running[work.key]
            span.end("" if result != "error" else "error")
            self.moved()
        seconds = self.clock.monotonic() - began
        why = again.reason if again is not None else ""
        priority = work.priority.name.lower()
        self.tell(Reconciled(name, kind, priority, result, seconds, max(0.0, began - work.ready_at), why))
        self._look_at_commit()
        return again

    def _kind(self, group: str) -> str:
        if group == SWEEP:
            return "sweep"
        members = self.loop.engine.graph.groups.get(group)
        return next(iter(members)).kind if members else "gone"

    def _result(self, group: str, again: Again | None) -> str:
        keys = self.loop.engine.graph.groups.get(group, ())
        items = [item for item in map(self.loop.items.get, keys) if item is not None]
        if any(item.failure is not None for item in items) or (again is not None and again.reason == "retry"):
            return "error"
        waiting = any(item.wait is not None or item.blocked_by for item in items)
        return "waiting" if waiting or (again is not None and again.reason == "dependency") else "success"

    # ── from commit to healthy ───────────────────────────────────────────────────────────────────────────

    def fetched(self, seconds: float, *, failed: bool) -> None:
        """git was asked."""
        self.tell(Fetched(self.loop.engine.env.name, seconds, failed))

    def asked(self, commit: Commit | None) -> None:
        """git answered; with a ``commit``, that one is in force from now on."""
        before, self._asked = self._asked, self.clock.now()
        if commit is None:
            return
        if self._pending is not None:
            self._pending.span.end("Superseded")
        # What is in force when Apollo starts may be in AWS for weeks: only its trace is of interest.
        pushed = min(max(before, commit.time), self._asked) if before is not None else None
        about = {"apollo.environment": self.loop.engine.env.name, "apollo.commit": commit.sha}
        self._pending = _Pending(commit.sha, pushed, self.tracer.begin("commit", about, None))

    def ended(self) -> None:
        """The loop has ended."""
        if self._pending is not None:
            self._pending.span.end("Stopped")
            self._pending = None

    def _look_at_commit(self) -> None:
        """Whether all of the commit is healthy. Goes on where it stopped last, so that it costs no more than
        two looks at each resource."""
        pending = self._pending
        if pending is None or pending.commit != self.loop.engine.snapshot.commit:
            return
        while True:
            if pending.at is not None and not self._healthy(pending.at):
                return
            pending.at = next(pending.left, None)
            if pending.at is None:
                pending.left = iter(list(self.loop.engine.graph.resources))
                pending.at = next((key for key in pending.left if not self._healthy(key)), None)
                if pending.at is None:
                    break
        self._pending = None
        pending.span.end()
        if pending.pushed is not None:
            seconds = (self.clock.now() - pending.pushed).total_seconds()
            self.tell(CommitHealthy(self.loop.engine.env.name, pending.commit, max(0.0, seconds)))

    def _healthy(self, key: Key) -> bool:
        resource = self.loop.engine.graph.resources.get(key)
        if resource is None:
            return True
        item = self.loop.items.get(key)
        return (
            item is not None
            and item.generation == resource.generation
            and is_applied(item)
            and item.health.status in ("Healthy", "Suspended")
        )


def trace_call(tracer: Tracer, record: CallRecord) -> None:
    """A request as a span of the reconcile that sent it."""
    about = {
        "rpc.system": "aws-api",
        "rpc.service": record.service,
        "rpc.method": record.operation,
        "aws.request_id": record.request_id,
        "cloud.region": record.region,
        "apollo.environment": record.env,
        "apollo.commit": record.commit,
    }
    name = f"{record.service}:{record.operation}"
    tracer.done(name, record.duration, about, current(), record.code)

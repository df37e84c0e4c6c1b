"""The operator's loop for one environment: every change of git, of AWS or of a dependency ends as one entry
of the keyed queue, and every entry as a look and, where allowed, an act."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from apollo.api import Health, Key, Resource, Snapshot
from apollo.engine.approvals import Approvals
from apollo.engine.backoff import Backoff
from apollo.engine.engine import Engine, apps_of, is_applied
from apollo.engine.events import Event
from apollo.engine.last import Last, Leaving
from apollo.engine.plan import Failure, ResourcePlan
from apollo.engine.queue import Priority, Work
from apollo.engine.rollouts import Rollouts
from apollo.engine.scheduler import Again, Scheduler
from apollo.engine.seen import Member
from apollo.engine.status import EnvironmentStatus, environment_status, resource_status
from apollo.engine.sweeping import Sweeper
from apollo.engine.telling import Telling

__all__ = ["Loop"]

_log = logging.getLogger("apollo.engine")

SWEEP = "@sweep"
"""The queue's entry for looking at everything, and at what is ours and not in git any more."""
_SLOW = 300.0
"""Seconds between looks at what only a person can mend in AWS (a permission, a quota)."""
_NET = 5.0
"""Seconds after which something that was left for later is looked at in any case."""
_LANES = {
    Priority.MANUAL: "changed",
    Priority.COMMIT: "changed",
    Priority.DEPENDENCY: "changed",
    Priority.RETRY: "wait",
    Priority.SWEEP: "sweep",
}
_SLOWLY = frozenset({"AccessDenied", "Credentials", "Limit"})


@frozen
class _Progress:
    generation: str
    since: float


@frozen
class _Refused:
    """A call that AWS refused for good. It is not tried again at this generation before ``until``."""

    generation: str
    until: float
    failure: Failure


@define
class Loop:
    """Keeps one environment's AWS equal to git until it is stopped.

    :ivar engine: what looks and acts. :ivar dry_run: look and say, and send nothing.
    :ivar least: seconds between two sweeps at least, where ``resync`` is ``auto``.
    :ivar calls_per_second: the share of AWS's rate a sweep may take; a large environment is swept less often.
    :ivar process: shared by the environments of one process: none sends anything while it is being replaced.
    """

    engine: Engine
    dry_run: bool = False
    workers: int = 64
    least: float = 60.0
    calls_per_second: float = 5.0
    transition: Callable[[Key, tuple[str, ...]], datetime | None] = lambda key, state: None
    process: Leaving = field(factory=Leaving)
    scheduler: Scheduler = field(init=False)
    items: dict[Key, ResourcePlan] = field(factory=dict, init=False)
    message: str = field(default="", init=False)
    swept: float = field(default=-1.0, init=False)
    beat: float = field(default=0.0, init=False)
    _backoff: Backoff = field(factory=Backoff, init=False)
    _refused: dict[Key, _Refused] = field(factory=dict, init=False)
    _progress: dict[Key, _Progress] = field(factory=dict, init=False)
    _rollouts: Rollouts = field(init=False)
    _last: Last = field(init=False)
    _telling: Telling = field(init=False)
    _sweeper: Sweeper = field(init=False)
    _approvals: Approvals = field(init=False)
    _random: random.Random = field(factory=random.Random, init=False)

    def __attrs_post_init__(self) -> None:
        self.scheduler = Scheduler(self.engine.clock, self._work, workers=self.workers)
        self._telling = Telling(self.engine)
        self._sweeper = Sweeper(
            self.engine,
            self.scheduler,
            self._telling,
            self.items,
            self._settle,
            lambda: self.only_looks,
        )
        self._approvals = Approvals(self.engine, lambda: (*self.items.values(), *self.gone.values()))
        tell = self.engine.actor.emit

        def emit(event: Event) -> None:
            if event.key is not None and event.type == "Acting":
                self._telling.anew(event.key)
            elif event.key is not None and event.type == "Acted":
                self._last.sent(event.key)
            tell(event)

        self.engine.actor.emit = emit
        self._last = Last(self.engine.graph, self.scheduler.queue, self.process)
        self._rollouts = Rollouts(
            self.engine.clock, self.engine.memory.applied, self.engine.looker.commit_of, self.engine.emit
        )

    # ── what makes work ──────────────────────────────────────────────────────────────────────────────────

    def take(self, snapshot: Snapshot) -> None:
        """A new snapshot: queue what it changed, and what hangs on that."""
        first = not self.engine.snapshot.commit
        graph = self.engine.graph
        groups = {
            graph.group_of[key]
            for key in snapshot.changed - snapshot.resources.keys() & graph.group_of.keys()
        }
        affected = self.engine.take(snapshot)
        self._sweeper.unlisted |= groups & graph.groups.keys()
        # So many are looked at together: a look at each would take a call for nearly each.
        together = first and len(self.engine.graph.groups) > self.workers
        removed = False
        for key in affected:
            group = self.engine.graph.group_of.get(key)
            if group is None:
                removed = True
                self.items.pop(key, None)
                self._backoff.forget(key)
                continue
            refused = self._refused.get(key)
            if refused is not None and refused.generation != self.engine.graph.resources[key].generation:
                del self._refused[key]
            if together:
                continue
            self.scheduler.add(group, reasons=("commit",), priority=Priority.COMMIT)
        self._telling.tell(
            "Snapshot", None, message=f"{len(affected)} resources concerned", commit=snapshot.commit
        )
        if together:
            self.scheduler.add(SWEEP, reasons=("start",), priority=Priority.COMMIT)
        elif first:
            # The first looks are on their way already; what git does not hold can wait for them.
            self.scheduler.add(SWEEP, reasons=("start",), priority=Priority.SWEEP, after=1.0)
        elif removed:
            self.scheduler.add(SWEEP, reasons=("removed",), priority=Priority.COMMIT)

    def look(self, keys: Iterable[Key] = (), reason: str = "manual") -> None:
        """Look now, at some or at all."""
        graph = self.engine.graph
        groups = {graph.group_of[key] for key in keys if key in graph.group_of}
        if not groups:
            # Of very much, what was as git says is looked at together.
            together = len(graph.groups) > self.workers
            groups = {name for name, its in graph.groups.items() if not (together and self._rests(its))}
            groups.add(SWEEP)
        for group in groups:
            self.scheduler.add(group, reasons=(reason,), priority=Priority.MANUAL)

    def _rests(self, keys: Iterable[Key]) -> bool:
        items = [self.items.get(key) for key in keys]
        return all(item is not None and is_applied(item) for item in items)

    async def approve(self) -> None:
        """Look for what a person let through as one plan. To be asked now and then; mostly costs nothing."""
        if await self._approvals.let_through():
            self.look(reason="approval")

    async def run(self) -> None:
        """Work until `stop`."""
        await self.scheduler.run()

    def stop(self) -> None:
        """Finish the calls in flight, start none."""
        self.engine.stop()
        self.scheduler.stop()

    @property
    def gone(self) -> Mapping[Key, ResourcePlan]:
        """What is ours and not in git any more, as it was seen last."""
        return self._sweeper.gone

    @property
    def interval(self) -> float:
        """Seconds between two sweeps: what is configured, or as often as the share of AWS's rate allows."""
        resync = self.engine.settings.spec.sync.resync
        calls = len(self.engine.graph.resources) / 5 + 10
        floor = calls / self.calls_per_second
        return max(self.least if resync == "auto" else resync, floor)

    @property
    def only_looks(self) -> bool:
        """Whether nothing is sent now: a dry run, or the successor of this process is on its way."""
        return self.dry_run or self._last.leaving(self.engine.clock.monotonic())

    # ── working ──────────────────────────────────────────────────────────────────────────────────────────

    async def _work(self, work: Work) -> Again | None:
        self.beat = self.engine.clock.monotonic()
        try:
            if work.key == SWEEP:
                return await self._sweep(_LANES[work.priority])
            return await self._group(work)
        except Exception as error:  # the loop outlives everything
            _log.exception("working on %s failed", work.key)
            self._telling.tell(
                "Failed", None, reason="Internal", message=f"{work.key}: {type(error).__name__}"
            )
            return Again(self._backoff.delay(work.key, ""))

    async def _group(self, work: Work) -> Again | None:
        members = self.engine.graph.groups.get(work.key)
        if not members:
            return None
        if work.key in self._sweeper.unlisted:
            return Again(_NET, "list", Priority.COMMIT)  # woken earlier, as a rule
        keys = sorted(members)
        if self._comes_first(work.key, keys):
            return Again(_NET, "dependency", Priority.DEPENDENCY)  # woken earlier, as a rule
        if self._last.waits(work.key, keys, self.engine.clock.monotonic()):
            return Again(_NET, "dependency", work.priority)
        before = {key: self.engine.looker.known.get(key) for key in keys}
        lane = _LANES[work.priority]
        if self.only_looks:
            seen = await self.engine.looker.group(keys, lane)
        else:
            async with self._sweeper.turn(work.key):
                seen = await self.engine.actor.group(keys, lane, frozen=self._frozen(keys))
        self._last.seen(seen, self.engine.clock.monotonic())
        for member in seen:
            await self._settle(member)
        for key in keys:
            self._wake_users(key, moved=self.engine.looker.known.get(key) != before[key])
        again = [self._next(member) for member in seen]
        return min((one for one in again if one is not None), key=lambda one: one.after, default=None)

    def _frozen(self, keys: Iterable[Key]) -> set[Key]:
        """What AWS refused for good at this generation: looked at, and not tried again."""
        now = self.engine.clock.monotonic()
        resources = self.engine.graph.resources
        return {
            key
            for key in keys
            if (refused := self._refused.get(key)) is not None
            and refused.generation == resources[key].generation
            and now < refused.until
        }

    def _comes_first(self, group: str, keys: Iterable[Key]) -> bool:
        """Whether something that a group needs is about to be looked at in its new generation. The group is
        woken after that; looking at it now would only be done again."""
        engine, queue, now = self.engine, self.scheduler.queue, self.engine.clock.monotonic()
        graph = engine.graph
        for need in {need for key in keys for need in graph.needs(key) | graph.after(key)}:
            other = engine.graph.group_of.get(need)
            if other is None or other == group or need in engine.graph.cycles:
                continue
            known = engine.looker.known.get(need)
            same = known is not None and known.generation == graph.resources[need].generation
            # What is referred to shows in the outputs; what is only required has to be there.
            if same and known is not None and (known.complete or any(need in graph.needs(k) for k in keys)):
                continue
            due = queue.due(other)
            if other in queue.running or (due is not None and due <= now):
                return True
        return False

    def _wake_users(self, key: Key, *, moved: bool) -> None:
        """Queue what needs a resource: when what is known of it moved, or it was not looked at since."""
        graph = self.engine.graph
        resources = graph.resources
        users = graph.users(key)
        for user in users | graph.before(key):
            item = self.items.get(user)
            if (moved and user in users) or item is None or item.generation != resources[user].generation:
                group = graph.group_of[user]
                self.scheduler.add(group, reasons=(f"{key} changed",), priority=Priority.DEPENDENCY)

    def _next(self, member: Member) -> Again | None:
        """When a resource is worth another look."""
        key, plan = member.key, member.plan if member.absent else self.items[member.key]
        failure = plan.failure
        if failure is None:
            blocked = plan.wait is not None and plan.wait.blocking
            if plan.sendable and not blocked and self._last.leaving(self.engine.clock.monotonic()):
                return Again(_NET, "dependency", Priority.RETRY)
            if plan.sendable and not blocked and not self.dry_run:
                # No look was fresh enough to act on: this machine, or AWS, is slow just now.
                return Again(self._backoff.delay(key, plan.generation), "retry")
            self._backoff.forget(key)
            if plan.wait is not None:
                late = plan.health.reason == "ProgressDeadlineExceeded"
                return Again(60.0 if late else plan.wait.after, "progress")
            return None
        if not failure.terminal:
            return Again(self._backoff.delay(key, plan.generation), "retry")
        slow, now = failure.reason in _SLOWLY, self.engine.clock.monotonic()
        refused = self._refused.get(key)
        if refused is None or refused.failure is not failure or refused.until <= now:
            refused = _Refused(plan.generation, now + (_SLOW if slow else float("inf")), failure)
            if member.want is not None:
                self._refused[key] = refused
        # A look in between puts nothing off: it is tried when it was to be tried.
        return Again(refused.until - now, "retry", Priority.SWEEP) if slow else None

    async def _settle(self, member: Member) -> None:
        """Take in what was seen of one resource: deadline, memory, events."""
        if member.absent:
            self._sweeper.went(member)
            return
        plan = self._overdue(member.plan)
        refused = self._refused.get(member.key)
        if refused is not None and plan.sendable and refused.generation == plan.generation:
            plan = evolve(plan, failure=refused.failure)
        self.items[member.key] = plan
        memory = self.engine.memory
        self._rollouts.saw(plan)
        if is_applied(plan) and memory.applied(member.key) != plan.intent:
            commit = member.want.commit if member.want is not None else ""
            await memory.record_applied(member.key, plan.intent, commit)
        row = resource_status(plan)
        self.transition(plan.key, (row.sync, row.health.status, row.reason))
        self._telling.announce(plan)

    def _overdue(self, plan: ResourcePlan) -> ResourcePlan:
        if plan.wait is None or plan.failure is not None:
            self._progress.pop(plan.key, None)
            return plan
        now = self.engine.clock.monotonic()
        progress = self._progress.get(plan.key)
        if progress is None or progress.generation != plan.generation:
            progress = self._progress[plan.key] = _Progress(plan.generation, now)
        limit = self.engine.settings.spec.sync.progressDeadline
        if now - progress.since < limit:
            return plan
        message = f"not over after {limit:.0f} s: {plan.wait.message or plan.wait.reason}"
        return evolve(plan, health=Health("Degraded", "ProgressDeadlineExceeded", message))

    async def _sweep(self, lane: str) -> Again:
        if not await self._sweeper.sweep(lane):
            return Again(0.0, "sweep", Priority.COMMIT)
        self.swept = self.engine.clock.monotonic()
        jitter = 1 + 0.1 * (2 * self._random.random() - 1)
        return Again(self.interval * jitter, "sweep", Priority.SWEEP)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────

    def status(self) -> EnvironmentStatus:
        """Everything as it was seen last."""
        engine = self.engine
        rows = []
        now_monotonic, now = engine.clock.monotonic(), engine.clock.now()
        for key in {**engine.graph.resources, **self.gone}:
            item = self.items.get(key) or self.gone.get(key) or _unseen(engine.graph.resources[key])
            row = resource_status(item)
            group = engine.graph.group_of.get(key)
            due = self.scheduler.queue.due(group) if group is not None else None
            if due is None:
                due = self.scheduler.queue.due(SWEEP)
            since = self.transition(key, (row.sync, row.health.status, row.reason))
            next_try = now + timedelta(seconds=due - now_monotonic) if due is not None else None
            rows.append(evolve(row, since=since, next_try=next_try))
        return environment_status(
            engine.env.name,
            engine.snapshot.commit,
            engine.snapshot.config_digest,
            sorted(rows, key=lambda row: row.key),
            apps_of(engine.snapshot.apps),
            engine.snapshot.problems,
            self.message,
        )


def _unseen(resource: Resource[Any]) -> ResourcePlan:
    """A resource of a commit that has just come in."""
    failure = Failure("NotLooked", "not looked at yet")
    return ResourcePlan(resource.key, resource.app, resource.generation, failure=failure)

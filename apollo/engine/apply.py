"""Carrying out one plan: in its order, and then following the rollouts to their end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import Any

import anyio
from attrs import define, evolve, field, frozen

from apollo.api import Key
from apollo.engine.backoff import Backoff
from apollo.engine.engine import Engine, is_applied
from apollo.engine.events import Event, EventType
from apollo.engine.orphans import Orphan, find
from apollo.engine.plan import Plan, ResourcePlan
from apollo.engine.rollouts import Rollouts
from apollo.engine.seen import Member
from apollo.engine.status import Outcome, OutcomeName

__all__ = ["Application", "Result", "apply"]

_PASSING = frozenset({"Throttled", "Unavailable", "LostAnswer", "NotReady", "Conflict"})
_TRIES = 4
"""How often one apply tries a call again that failed in passing; an operator never gives up."""
_TRIES_TO_DELETE = 8
"""The same for what git does not hold any more, two minutes in all: what used it was deleted just before, and
AWS may take a while to be done with that (reason ``InUse``)."""

_ENDS: Mapping[str, EventType] = {"Failed": "Failed", "RolledBack": "RolledBack"}


@frozen
class Result:
    """What became of a plan.

    :ivar outcomes: one per resource of the plan, in its order; none when nothing was tried.
    :ivar timed_out: a rollout was not over at the deadline.
    :ivar interrupted: a signal came before the last step.
    :ivar degraded: AWS equals git, and something is unhealthy. :ivar failed: a call or a look failed.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    timed_out: bool = False
    interrupted: bool = False
    degraded: bool = False
    failed: bool = False

    @property
    def exit_code(self) -> int:
        """0 done · 1 error · 3 held or denied · 4 timed out · 5 finished but unhealthy · 130 interrupted."""
        states = {outcome.outcome for outcome in self.outcomes}
        if self.interrupted:
            return 130
        if self.failed or self.plan.failed:
            return 1
        if "RolledBack" in states or self.degraded:
            return 5
        if self.timed_out:
            return 4
        if "Failed" in states:
            return 1
        return 3 if self.plan.stopped else 0

    def to_dict(self) -> dict[str, Any]:
        data = self.plan.to_dict("Result")
        # A key may stand there twice: what moved is made in one place and deleted in another.
        for row, outcome in zip(data["resources"], self.outcomes, strict=False):
            row |= {"outcome": outcome.outcome, "message": outcome.message}
        data["timedOut"] = self.timed_out
        return data


async def apply(
    engine: Engine, plan: Plan, *, wait: bool = True, timeout: float | None = None, exact: bool = False
) -> Result:
    """Carry out a plan that ``engine`` just made.

    :param wait: follow rollouts to their end. :param timeout: seconds until they are given up on; default the
        environment's ``progressDeadline``.
    :param exact: send nothing but the planned calls; a resource that moved meanwhile fails instead.
    """
    if timeout is None:
        timeout = engine.settings.spec.sync.progressDeadline
    return await Application(engine, plan, engine.clock.monotonic() + timeout, wait, exact).run()


@define
class Application:
    """One carrying out of one plan.

    :ivar deadline: monotonic time at which rollouts are given up on.
    :ivar exact: send nothing but the planned calls; a resource that moved meanwhile fails instead.
    """

    engine: Engine
    plan: Plan
    deadline: float
    wait: bool = True
    exact: bool = False
    last: dict[Key, ResourcePlan] = field(factory=dict, init=False)
    gone: dict[tuple[Key, str], ResourcePlan] = field(factory=dict, init=False)
    moved: set[Key] = field(factory=set, init=False)
    halted: set[Key] = field(factory=set, init=False)
    """What was planned together with something that moved."""
    _tended: set[str] = field(factory=set, init=False)
    """Groups that were not to be changed by the plan, and were."""
    _planned: Mapping[tuple[Key, str], Sequence[tuple[str, str]]] = field(init=False)
    _rollouts: Rollouts = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._planned = {(item.key, item.place): [_name(step) for step in item.steps] for item in self.plan}
        self._rollouts = Rollouts(
            self.engine.clock, self.engine.memory.applied, self.engine.looker.commit_of, self.engine.emit
        )

    async def run(self) -> Result:
        """Do it."""
        engine = self.engine
        self.last = {item.key: item for item in self.plan if not item.absent}
        self.gone = {(item.key, item.place): item for item in self.plan if item.absent}
        for name in [name for level in engine.graph.group_order() for name in level]:
            keys = sorted(engine.graph.groups[name])
            if self._stopping:
                break
            if any(self.last[key].sendable for key in keys if key in self.last):
                for member in await self._group(name, keys):
                    self._take_in(member)
        await self._delete(moved=False)
        timed_out = False
        if self.wait and not self._stopping:
            timed_out = await self._follow()
        await self._delete(moved=True)
        for key, item in self.last.items():
            if is_applied(item) and engine.memory.applied(key) != item.intent:
                await engine.memory.record_applied(key, item.intent, engine.snapshot.commit)
        if self.plan.digest in engine.memory.approved():
            await engine.memory.used(self.plan.digest)
        outcomes = tuple(self._outcome(item) for item in self.plan)
        for item, outcome in zip(self.plan, outcomes, strict=True):
            if item.sendable:
                self._tell(item, outcome)
        now = [*self.last.values(), *self.gone.values()]
        degraded = self.wait and any(
            item.health.status == "Degraded" and not item.failure and not item.findings for item in now
        )
        return Result(
            self.plan,
            outcomes,
            timed_out,
            interrupted=self._stopping,
            degraded=degraded,
            failed=any(item.failure is not None for item in now),
        )

    @property
    def _stopping(self) -> bool:
        return self.engine.actor.stopping

    async def _group(self, name: str, keys: Sequence[Key]) -> list[Member]:
        engine = self.engine
        leaving = {place for place, item in self.gone.items() if item.group == name and item.sendable}
        backoff = Backoff(random=Random(0), jitter=0.0)
        while True:
            members = await engine.looker.group(keys, "act", together=bool(leaving))
            if self.exact:
                self._compare(members)
            unasked = {m.key for m in members if m.absent and (m.key, m.plan.place) not in leaving}
            frozen = self.moved | self.halted | unasked
            members = await engine.actor.group(
                keys, "act", members=members, frozen=frozen, together=bool(leaving)
            )
            if await self._unforeseen(name, members):
                continue
            after = self._again(members, backoff)
            if after is None or self._stopping or engine.clock.monotonic() + after > self.deadline:
                await self._missing(name, leaving - {(m.key, m.plan.place) for m in members})
                return members
            for needed in {need for member in members for need in member.plan.blocked_by}:
                if needed in engine.graph.group_of:
                    group = engine.graph.groups[engine.graph.group_of[needed]]
                    await engine.looker.group(sorted(group), "wait")
            await engine.clock.sleep(after)

    async def _unforeseen(self, name: str, members: Iterable[Member]) -> bool:
        """Bring about what the members need and what a closer look has shown to be missing only now, such as
        a revision that somebody deregistered. Once for each; returns whether anything was done."""
        engine, known = self.engine, self.engine.looker.known
        if self.exact or self._stopping:
            return False
        needs = {need for member in members for need in member.plan.blocked_by}
        wanted = {need for need in needs if need in known and known[need].pending}
        groups = {engine.graph.group_of[need] for need in wanted if need in engine.graph.group_of}
        groups -= {name, *self._tended}
        self._tended |= groups
        for group in sorted(groups):
            for member in await self._group(group, sorted(engine.graph.groups[group])):
                self._take_in(member)
        return bool(groups)

    async def _missing(self, group: str, places: Collection[tuple[Key, str]]) -> None:
        """Look closely at what was to be deleted with its group and did not show there any more."""
        looker = self.engine.looker
        for what in looker.leaving.get(group, ()):
            for owned in what.objects:
                if (place := (what.key, str(owned.identity))) in places:
                    self.gone[place] = (await looker.orphan(owned, what.scope, "act", closely=True)).plan

    def _compare(self, members: Sequence[Member]) -> None:
        """Find what moved since the plan. The calls of a group depend on each other: none of it is sent."""
        for member in members:
            now = [_name(step) for step in member.plan.steps]
            before = self._planned.get((member.key, member.plan.place), [])
            if now and now != before[len(before) - len(now) :]:
                self.moved.add(member.key)
        if any(member.key in self.moved for member in members):
            self.halted |= {member.key for member in members if member.plan.settling}

    def _again(self, members: Iterable[Member], backoff: Backoff) -> float | None:
        """Seconds until a group with steps left is worth another look, or None when nothing will change."""
        delays = []
        for member in members:
            plan = member.plan
            if plan.failure is not None:
                if plan.failure.reason in _PASSING and backoff.failures(member.key) < _TRIES:
                    delays.append(backoff.delay(member.key, plan.generation))
                continue
            if plan.findings or not plan.steps:
                continue
            if plan.wait is not None and plan.wait.blocking:
                delays.append(plan.wait.after)
            elif plan.blocked_by and all(self._may_come(need) for need in plan.blocked_by):
                delays.append(2.0)
        return min(delays, default=None)

    def _may_come(self, key: Key) -> bool:
        known = self.engine.looker.known.get(key)
        return known is not None and known.complete and not known.healthy

    async def _delete(self, *, moved: bool) -> None:
        """Delete what git does not hold, but what goes with its group; what moved goes last, once the new
        object is healthy."""
        asked = {place for place, item in self.gone.items() if item.sendable and not item.group}
        if not asked or self._stopping:
            return
        engine = self.engine
        for orphan in find(engine.looker, await engine.sweep("act"), engine.snapshot, engine.last_app):
            owned = orphan.owned
            place = (owned.key, str(owned.identity))
            if orphan.moved == moved and orphan.ready and place in asked:
                self.gone[place] = await self._orphan(orphan)

    async def _orphan(self, orphan: Orphan) -> ResourcePlan:
        engine = self.engine
        backoff = Backoff(random=Random(0), jitter=0.0)
        while True:
            plan = (await engine.actor.orphan(orphan.owned, orphan.scope)).plan
            failure = plan.failure
            if failure is None or failure.reason not in {*_PASSING, "InUse"} or failure.terminal:
                return plan
            after = backoff.delay(plan.key, "")
            last = backoff.failures(plan.key) == _TRIES_TO_DELETE
            if last or not self.wait or self._stopping or engine.clock.monotonic() + after > self.deadline:
                return plan
            engine.emit(_progress(plan, failure.reason, failure.message))
            await engine.clock.sleep(after)

    async def _follow(self) -> bool:
        """Look at what converges until it has settled. Returns whether the deadline came first."""
        engine = self.engine
        said: dict[Key, str] = {}
        while not self._stopping:
            waiting = [item for item in self.last.values() if item.wait is not None and item.failure is None]
            for item in waiting:
                assert item.wait is not None
                if said.get(item.key) != item.wait.message:
                    said[item.key] = item.wait.message
                    engine.emit(_progress(item, item.wait.reason, item.wait.message))
            if not waiting:
                return False
            now = engine.clock.monotonic()
            if now >= self.deadline:
                return True
            rest = max(0.1, self.deadline - now)
            await engine.clock.sleep(min(rest, *(item.wait.after for item in waiting if item.wait)))
            async with anyio.create_task_group() as tasks:
                for name in {engine.graph.group_of[item.key] for item in waiting}:
                    tasks.start_soon(self._look, sorted(engine.graph.groups[name]))
        return False

    async def _look(self, keys: Sequence[Key]) -> None:
        for member in await self.engine.looker.group(keys, "wait"):
            if not member.absent:
                self._take_in(member)

    def _take_in(self, member: Member) -> None:
        if member.absent:
            place = (member.key, member.plan.place)
            if place in self.gone:
                self.gone[place] = member.plan
            return
        self.last[member.key] = member.plan
        self._rollouts.saw(member.plan)

    def _outcome(self, planned: ResourcePlan) -> Outcome:
        if planned.absent:
            now = self.gone[planned.key, planned.place]
            waits = now.failure is None and not now.findings and not now.blocked_by
            if planned.sendable and now.steps and waits and not planned.group:
                return Outcome(planned.key, "Skipped", "stays until what takes its place is healthy")
        else:
            now = self.last[planned.key]
        if now.failure is not None:
            failure = now.failure
            return Outcome(planned.key, "Failed", failure.message, failure.code, failure.hint)
        if now.rejected is not None:
            return Outcome(planned.key, "RolledBack", now.rejected)
        if now.findings:
            said = "; ".join(finding.message for finding in now.findings)
            hints = dict.fromkeys(one.hint for one in now.findings if one.decision != "skip" and one.hint)
            return Outcome(planned.key, "Skipped", said, hint="; ".join(hints))
        if planned.key in self.moved:
            return Outcome(planned.key, "Failed", "it was changed after the plan was made; plan again")
        if planned.key in self.halted:
            names = ", ".join(sorted(str(key) for key in self.moved))
            said = f"planned together with {names}, which changed after the plan was made; plan again"
            return Outcome(planned.key, "Failed", said)
        if now.blocked_by:
            # Planned, and then stopped by what moved under it.
            return Outcome(planned.key, "Failed" if self.exact and planned.sendable else "Skipped", now.why)
        if now.steps and (freed := _freed(planned, now)):
            return Outcome(planned.key, "Succeeded", f"done; {freed} is git's again: the next apply sets it")
        if now.steps:
            name: OutcomeName = "Skipped" if self._stopping else "Failed"
            return Outcome(planned.key, name, "the difference is still there: " + now.why)
        if now.health.status == "Degraded":
            return Outcome(planned.key, "Failed", now.health.message or now.health.reason)
        if now.wait is not None:
            said = now.wait.message or now.wait.reason
            if self.wait:
                return Outcome(planned.key, "Failed", "not over at the deadline: " + said)
            return Outcome(planned.key, "Succeeded", said)
        if not planned.steps:
            return Outcome(planned.key, "Succeeded", "unchanged")
        return Outcome(planned.key, "Succeeded", now.health.message or "done")

    def _tell(self, planned: ResourcePlan, outcome: Outcome) -> None:
        """How it ended, for the journal. What is not over, or was not begun, has no end."""
        now = self.gone[planned.key, planned.place] if planned.absent else self.last[planned.key]
        type_ = _ENDS.get(outcome.outcome)
        reason = now.failure.reason if now.failure is not None else outcome.outcome
        if outcome.outcome == "Succeeded":
            if not planned.absent and not is_applied(now):
                return
            type_, reason = ("Deleted" if planned.absent else "Synced"), ""
        if type_ is not None:
            event = Event(type_, planned.key.environment, planned.key, planned.app, reason, outcome.message)
            commit = self.engine.looker.commits.get(planned.app, "")
            self.engine.emit(evolve(event, commit=commit, generation=planned.generation))


def _freed(planned: ResourcePlan, now: ResourcePlan) -> str:
    """What was left alone when this was planned, and is all that is to be done now: its owner is gone."""
    paths = {change.path for change in now.changes}
    return ", ".join(sorted(paths)) if paths <= {one.path for one in planned.ignored} else ""


def _name(step: Any) -> tuple[str, str]:
    return step.call.service, step.call.operation


def _progress(item: ResourcePlan, reason: str, message: str) -> Event:
    event = Event("Progress", item.key.environment, item.key, item.app)
    return evolve(event, reason=reason, message=message, generation=item.generation)

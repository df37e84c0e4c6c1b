"""One environment: a plan of all of it, and carrying that plan out once. The operator's loop stands on the
same looks and acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import anyio
from attrs import define, evolve, field, frozen

from apollo.api import AppState, Env, Gate, Key, Kinds, Snapshot
from apollo.clock import Clock
from apollo.engine.act import Actor
from apollo.engine.backoff import Backoff
from apollo.engine.events import Event
from apollo.engine.graph import Graph
from apollo.engine.guard import Guard
from apollo.engine.look import Contexts, Looker, Member
from apollo.engine.memory import Memory
from apollo.engine.orphans import orphans, scopes, sweep
from apollo.engine.plan import Plan, ResourcePlan
from apollo.engine.status import (
    EnvironmentStatus,
    Outcome,
    OutcomeName,
    environment_status,
    resource_status,
)
from apollo.settings import Environment

__all__ = ["Engine", "Result"]

_PASSING = frozenset({"Throttled", "Unavailable", "LostAnswer", "NotReady", "Conflict"})
_TRIES = 4
"""How often one apply tries a call again that failed in passing; an operator never gives up."""


@frozen
class Result:
    """What became of a plan.

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
        said = {str(outcome.key): outcome for outcome in self.outcomes}
        for row in data["resources"]:
            outcome = said.get(row["key"])
            if outcome is not None:
                row |= {"outcome": outcome.outcome, "message": outcome.message}
        data["timedOut"] = self.timed_out
        return data


@define
class Engine:
    """Plans and acts for one environment.

    :ivar prune: overrides the environment's ``sync.prune`` where a person says so.
    """

    env: Env
    settings: Environment
    kinds: Kinds
    gates: Sequence[Gate]
    contexts: Contexts
    memory: Memory
    clock: Clock
    emit: Callable[[Event], None] = lambda event: None
    manual: bool = False
    snapshot: Snapshot = field(init=False)
    graph: Graph = field(init=False)
    looker: Looker = field(init=False)
    actor: Actor = field(init=False)
    last_app: dict[Key, str] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.snapshot = Snapshot(self.env.name, "", "", {}, {})
        self.graph = Graph(self.kinds)
        self.looker = Looker(
            self.env,
            self.settings,
            self.kinds,
            self.gates,
            self.contexts,
            self.memory,
            self.clock,
            self.graph,
            manual=self.manual,
            guard=Guard(),
        )
        self.actor = Actor(self.looker, self.emit)

    def take(self, snapshot: Snapshot) -> frozenset[Key]:
        """Make a snapshot the desired state. Returns every key whose generation or existence changed."""
        for key in snapshot.changed:
            gone = self.snapshot.resources.get(key)
            if gone is not None:
                self.last_app[key] = gone.app
        self.snapshot = snapshot
        affected = self.graph.update(snapshot.resources, snapshot.changed)
        for key in affected:
            self.looker.guard.forget(key)
            if key not in self.graph.resources:
                self.looker.known.pop(key, None)
        return affected

    def stop(self) -> None:
        """Finish the call in flight, start none."""
        self.actor.stopping = True

    # ── plan ─────────────────────────────────────────────────────────────────────────────────────────────

    async def plan(self, lane: str = "changed") -> Plan:
        """Look at everything. Reads only."""
        members: dict[Key, Member] = {}
        gone: list[Member] = []
        async with anyio.create_task_group() as tasks:

            async def deletions() -> None:
                gone.extend(await self._orphans(lane))

            tasks.start_soon(deletions)

            def pending(key: Key) -> bool:
                member = members.get(key)
                return member is not None and _will_be(member.plan)

            for level in self.graph.group_order():
                async with anyio.create_task_group() as group:

                    async def one(keys: Sequence[Key]) -> None:
                        for member in await self.looker.group(keys, lane, pending=pending):
                            members[member.key] = member

                    for name in level:
                        group.start_soon(one, list(self.graph.groups[name]))
        items = [members[key].plan for key in self._sequence() if key in members]
        return self._as_plan([*items, *(member.plan for member in gone)])

    def _sequence(self) -> Iterable[Key]:
        for level in self.graph.group_order():
            for name in level:
                yield from sorted(self.graph.groups[name])

    async def _orphans(self, lane: str) -> list[Member]:
        swept = await sweep(self.looker, lane)
        going = orphans(swept, self.graph.resources)
        scope = scopes(swept, going, self.snapshot, self.last_app)
        members = [await self.looker.orphan(owned, scope[owned.key], lane) for owned in going]
        rank = {kind: self.kinds.get(kind).rank for kind in {owned.key.kind for owned in going}}
        return sorted(members, key=lambda member: (rank[member.key.kind], member.key))

    def _as_plan(self, items: Iterable[ResourcePlan]) -> Plan:
        problems = (
            *self.snapshot.problems,
            *(problem for app in self.snapshot.apps.values() for problem in app.problems),
        )
        return Plan(self.env.name, self.snapshot.commit, self.snapshot.config_digest, tuple(items), problems)

    # ── act once ─────────────────────────────────────────────────────────────────────────────────────────

    async def apply(
        self,
        plan: Plan,
        *,
        wait: bool = True,
        timeout: float | None = None,
        exact: bool = False,
    ) -> Result:
        """Carry out a plan that was just made, in its order, and follow the rollouts to their end.

        :param timeout: seconds until rollouts are given up on; default the environment's progressDeadline.
        :param exact: send nothing but the planned calls; a resource that moved meanwhile fails instead.
        """
        if timeout is None:
            timeout = self.settings.spec.sync.progressDeadline
        deadline = self.clock.monotonic() + timeout
        last: dict[Key, ResourcePlan] = {item.key: item for item in plan}
        moved: set[Key] = set()
        for name in [name for level in self.graph.group_order() for name in level]:
            keys = sorted(self.graph.groups[name])
            if self.actor.stopping:
                break
            if not any(last[key].sendable for key in keys if key in last):
                continue
            for member in await self._group(keys, plan, deadline, exact, moved):
                last[member.key] = member.plan
        for item in plan:
            if item.absent and item.sendable and not self.actor.stopping:
                last[item.key] = await self._delete(item)
        timed_out = False
        if wait and not self.actor.stopping:
            timed_out = await self._follow(plan, last, deadline)
        for key, item in last.items():
            await self._remember(key, item)
        outcomes = tuple(_outcome(item, last[item.key], waited=wait) for item in plan)
        degraded = wait and any(
            item.health.status == "Degraded" and not item.failure and not item.findings
            for item in last.values()
        )
        failed = any(item.failure is not None for item in last.values())
        return Result(plan, outcomes, timed_out, self.actor.stopping, degraded, failed)

    async def _group(
        self, keys: Sequence[Key], plan: Plan, deadline: float, exact: bool, moved: set[Key]
    ) -> list[Member]:
        planned = {item.key: [_name(step) for step in item.steps] for item in plan}
        backoff = Backoff(random=Random(0), jitter=0.0)
        while True:
            members = await self.looker.group(keys, "act")
            if exact:
                for member in members:
                    now = [_name(step) for step in member.plan.steps]
                    before = planned.get(member.key, [])
                    if now and now != before[len(before) - len(now) :]:
                        moved.add(member.key)
            members = await self.actor.group(keys, "act", members=members, frozen=moved)
            after = self._again(members, backoff)
            if after is None or self.actor.stopping or self.clock.monotonic() + after > deadline:
                return members
            for needed in {need for member in members for need in member.plan.blocked_by}:
                if needed in self.graph.group_of:
                    await self.looker.group(list(self.graph.groups[self.graph.group_of[needed]]), "wait")
            await self.clock.sleep(after)

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
        known = self.looker.known.get(key)
        return known is not None and known.complete and not known.healthy

    async def _delete(self, item: ResourcePlan) -> ResourcePlan:
        for member in await self._orphans("act"):
            if member.key == item.key:
                done = await self.actor.orphan(member)
                return done.plan
        return evolve(item, steps=())

    async def _follow(self, plan: Plan, last: dict[Key, ResourcePlan], deadline: float) -> bool:
        """Look at what converges until it has settled. Returns whether the deadline came first."""
        said: dict[Key, str] = {}
        while not self.actor.stopping:
            waiting = [
                item
                for item in last.values()
                if item.wait is not None and item.failure is None and not item.absent
            ]
            for item in waiting:
                assert item.wait is not None
                if said.get(item.key) != item.wait.message:
                    said[item.key] = item.wait.message
                    self.emit(_event("Progress", item, item.wait.reason, item.wait.message))
            if not waiting:
                return False
            now = self.clock.monotonic()
            if now >= deadline:
                return True
            await self.clock.sleep(
                min(max(0.1, deadline - now), *(item.wait.after for item in waiting if item.wait))
            )
            async with anyio.create_task_group() as tasks:

                async def one(keys: Sequence[Key]) -> None:
                    for member in await self.looker.group(keys, "wait"):
                        last[member.key] = member.plan

                for name in {self.graph.group_of[item.key] for item in waiting}:
                    tasks.start_soon(one, list(self.graph.groups[name]))
        return False

    async def _remember(self, key: Key, item: ResourcePlan) -> None:
        if is_applied(item) and self.memory.applied(key) != item.generation:
            await self.memory.record_applied(key, item.generation, self.snapshot.commit)

    # ── status ───────────────────────────────────────────────────────────────────────────────────────────

    def status(
        self,
        items: Iterable[ResourcePlan],
        message: str = "",
        since: Callable[[Key, tuple[str, ...]], datetime] | None = None,
    ) -> EnvironmentStatus:
        """The roll-up of resources as they were seen last."""
        rows = [resource_status(item) for item in items]
        if since is not None:
            rows = [
                evolve(row, since=since(row.key, (row.sync, row.health.status, row.reason))) for row in rows
            ]
        return environment_status(
            self.env.name,
            self.snapshot.commit,
            self.snapshot.config_digest,
            rows,
            apps_of(self.snapshot.apps),
            self.snapshot.problems,
            message,
        )


def apps_of(apps: Mapping[str, AppState]) -> dict[str, tuple[str, tuple[Any, ...]]]:
    return {name: (app.commit, app.problems) for name, app in apps.items()}


def is_applied(item: ResourcePlan) -> bool:
    """Whether AWS equals git and has settled."""
    return (
        not item.absent
        and item.failure is None
        and not item.steps
        and not item.blocked_by
        and item.wait is None
        and item.rejected is None
    )


def _will_be(item: ResourcePlan) -> bool:
    """Whether carrying out the plan brings this resource about."""
    if item.failure is not None or item.findings or item.blocked_by:
        return False
    return bool(item.steps) or item.wait is not None or item.health.status == "Progressing"


def _name(step: Any) -> tuple[str, str]:
    return step.call.service, step.call.operation


def _event(type_: Any, item: ResourcePlan, reason: str, message: str) -> Event:
    return Event(type_, item.key.environment, item.key, item.app, reason, message, generation=item.generation)


def _outcome(planned: ResourcePlan, now: ResourcePlan, *, waited: bool) -> Outcome:
    name: OutcomeName = "Succeeded"
    message = "unchanged" if not planned.steps else "done"
    if now.failure is not None:
        name, message = "Failed", now.failure.message
    elif now.rejected is not None:
        name, message = "RolledBack", now.rejected
    elif now.findings:
        name, message = "Skipped", "; ".join(finding.message for finding in now.findings)
    elif now.blocked_by:
        name, message = "Skipped", now.why
    elif now.steps and not now.absent:
        name, message = "Failed", "the difference is still there: " + now.why
    elif now.health.status == "Degraded":
        name, message = "Failed", now.health.message or now.health.reason
    elif now.wait is not None and waited:
        name, message = "Failed", "not over at the deadline: " + (now.wait.message or now.wait.reason)
    elif now.wait is not None:
        message = now.wait.message or now.wait.reason
    elif now.health.message and planned.steps:
        message = now.health.message
    return Outcome(planned.key, name, message)

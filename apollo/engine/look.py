"""Looking at resources: observe them in AWS, and have them judged. Changes nothing in AWS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import anyio
import anyio.lowlevel
from attrs import define, evolve, field

from apollo.api import (
    Context,
    Env,
    Gate,
    Health,
    Identity,
    Key,
    Kinds,
    Owned,
    PruneScope,
    Resource,
    is_unknown,
)
from apollo.clock import Clock
from apollo.engine.circles import CODE, HINT
from apollo.engine.circles import told as told_circle
from apollo.engine.forecast import foreseen
from apollo.engine.graph import Graph
from apollo.engine.guard import Guard
from apollo.engine.judge import Judge
from apollo.engine.memory import Memory
from apollo.engine.plan import Failure, ResourcePlan
from apollo.engine.seen import Known, Leaving, Member, failure_of, learned, resolve
from apollo.errors import Transient
from apollo.settings import Environment

__all__ = ["Contexts", "Looker"]


class Contexts(Protocol):
    """Makes the contexts that controllers are lent. Lanes: ``act``, ``wait``, ``changed``, ``sweep``."""

    def __call__(self, lane: str, *, writable: bool = False, commit: str = "") -> Context: ...


@define
class Looker:
    """Looks at the resources of one environment.

    :ivar known: outputs per resource, filled by looking and acting.
    :ivar leaving: per group what git does not hold any more of it, as the last complete sweep found it.
    """

    env: Env
    settings: Environment
    kinds: Kinds
    gates: Sequence[Gate]
    contexts: Contexts
    memory: Memory
    clock: Clock
    graph: Graph
    manual: bool = False
    guard: Guard = field(factory=Guard)
    judge: Judge = field(init=False)
    known: dict[Key, Known] = field(factory=dict, init=False)
    leaving: Mapping[str, Collection[Leaving]] = field(factory=dict, init=False)
    commits: dict[str, str] = field(factory=dict, init=False)
    """Per app the commit in force: the one that asks for what is done now."""
    commit: str = field(default="", init=False)
    """The newest commit of the environment."""

    def __attrs_post_init__(self) -> None:
        self.judge = Judge(
            self.env,
            self.settings,
            self.kinds,
            self.gates,
            self.memory,
            self.clock,
            self.graph,
            self.guard,
            self.manual,
        )

    def commit_of(self, app: str) -> str:
        """The commit at which an app is. One that git does not hold any more has none of its own."""
        return self.commits.get(app) or self.commit

    async def group(
        self,
        keys: Sequence[Key],
        lane: str,
        *,
        pending: Callable[[Key], bool] = lambda key: False,
        told: Mapping[Key, Any] | None = None,
        together: bool = False,
    ) -> list[Member]:
        """Look at a group.

        What git does not hold any more of it, and may go, is a member of it as long as something else is to
        be done there: the calls of both depend on each other. Where nothing else is, it goes with what has
        left git elsewhere, in the order of kinds.

        :param pending: whether the plan at hand will bring about what a resource waits for; its unknown
            outputs then stay markers instead of blocking.
        :param told: objects that need no observing, since the answer of a call told all of them.
        :param together: what is leaving stays a member even when nothing else is left to do.
        """
        told = told or {}
        members: dict[Key, Member] = {}
        going: dict[Key, Member] = {}
        # What left git since the keys were collected is not looked at.
        there = {key: self.graph.resources[key] for key in keys if key in self.graph.resources}
        name = next((self.graph.group_of[key] for key in there), "")
        leaving = self.leaving.get(name, ())
        listed = lane != "act" and all(key in told for key in there)

        async def one(resource: Resource[Any]) -> None:
            members[resource.key] = await self._observe(resource, lane, pending, told)

        async def leaver(what: Leaving) -> None:
            found = await self._departure(what, name, lane, listed)
            if found is not None:
                going[what.key] = found

        if len(there) == 1 and not leaving:  # as nearly always: nothing to do at once
            await one(next(iter(there.values())))
        else:
            async with anyio.create_task_group() as tasks:
                for resource in there.values():
                    tasks.start_soon(one, resource)
                for what in leaving:
                    tasks.start_soon(leaver, what)
        found = [members[key] for key in there]
        judged = self.judge.group([*found, *(going[what.key] for what in leaving if what.key in going)])
        if going and not together and not any(map(_busy, judged)):
            judged = [member for member in judged if not member.absent]
        for member in judged:
            self._learn(member, lane)
        return judged

    async def orphan(self, owned: Owned, scope: PruneScope, lane: str, *, closely: bool = False) -> Member:
        """Look at something of ours that git does not hold any more.

        :param closely: read it again, whatever the list of our objects told.
        """
        plan = ResourcePlan(owned.key, owned.app, absent=True, place=str(owned.identity))
        try:
            controller = self.kinds.get(owned.key.kind)
            seen = owned.seen
            # What moved does not equal git: it was listed as what its key is elsewhere.
            if closely or not owned.complete or owned.key in self.graph.resources:
                seen = await controller.observe(self.contexts(lane), owned.identity, None)
            steps = tuple(controller.diff(None, seen)) if seen is not None else ()
            owner = controller.owner(seen) if seen is not None else None
        except Exception as error:
            return Member(owned.key, None, None, owned.identity, evolve(plan, failure=failure_of(error)))
        plan = evolve(plan, steps=steps, reason="PendingChange", health=Health("Healthy"))
        plan = evolve(plan, forecast=foreseen(controller, None, seen, steps))
        plan = self.judge.departure(plan, seen, owned.identity, owner, scope, owned.prune)
        return Member(owned.key, None, seen, owned.identity, plan, self.clock.monotonic())

    def identity(self, key: Key) -> Identity | None:
        """Where a resource lives, as far as it is known."""
        resource, controller = self.graph.resources[key], self.kinds.get(key.kind)
        found = controller.identity(resource.spec, self.env)
        if not resource.references or (found is not None and not is_unknown(found.id)):
            return found  # no output of another resource matters to it
        return controller.identity(self.wanted(key).spec, self.env)

    def wanted(self, key: Key) -> Resource[Any]:
        """A resource with every output in place that is known so far."""
        return self._resolve(self.graph.resources[key], lambda need: True)[0]

    # ── observe ──────────────────────────────────────────────────────────────────────────────────────────

    async def _observe(
        self, resource: Resource[Any], lane: str, pending: Callable[[Key], bool], told: Mapping[Key, Any]
    ) -> Member:
        key = resource.key
        plan = ResourcePlan(
            key, resource.app, resource.generation, resource.intent, origin=str(resource.origin)
        )
        cycle = self.graph.cycles.get(key)
        if cycle:
            where = str(resource.origin)
            message = f"{where}: {told_circle(cycle)}" if where else told_circle(cycle)
            failure = Failure("DependencyCycle", message, CODE, HINT, terminal=True)
            return Member(key, resource, None, None, evolve(plan, failure=failure))
        want, blocked = self._resolve(resource, pending)
        if blocked:
            plan = evolve(plan, blocked_by=blocked)
        try:
            controller = self.kinds.get(key.kind)
            identity = controller.identity(want.spec, self.env)
            if identity is not None and is_unknown(identity.id):
                seen = None  # it lives in something that does not exist yet
            elif key in told:
                await anyio.lowlevel.checkpoint()  # others are to have their turn between thousands of these
                seen = told[key]
            else:
                seen = await controller.observe(self.contexts(lane), identity, want)
        except Exception as error:  # a controller may raise anything; only its resource suffers
            missing = error.missing if isinstance(error, Transient) else ""
            if not any(map(pending, self.graph.providers(missing))):
                return Member(key, want, None, None, evolve(plan, failure=failure_of(error)))
            seen = None  # it lives in something that this plan makes
        return Member(key, want, seen, identity, plan, self.clock.monotonic())

    async def _departure(self, what: Leaving, group: str, lane: str, listed: bool) -> Member | None:
        """What may go of a group; None where there is nothing, or a gate keeps it: then it is told of as
        everything else that has left git.

        :param listed: whether what the list of our objects told is good enough.
        """
        first = what.objects[0]
        plan = ResourcePlan(
            what.key,
            first.app,
            reason="PendingChange",
            health=Health("Healthy"),
            group=group,
            absent=True,
            place=str(first.identity),
        )
        objects = []
        try:
            controller = self.kinds.get(what.key.kind)
            for owned in what.objects:
                seen = owned.seen if listed and owned.complete else None
                if seen is None:
                    seen = await controller.observe(self.contexts(lane), owned.identity, None)
                steps = tuple(controller.diff(None, seen)) if seen is not None else ()
                if not steps:
                    continue
                owner = controller.owner(seen)
                alone = evolve(plan, steps=steps)
                if self.judge.departure(alone, seen, owned.identity, owner, what.scope, what.prune).findings:
                    return None
                objects.append((seen, steps))
        except Exception:  # it says so where it is told of
            return None
        if not objects:
            return None
        plan = evolve(plan, steps=tuple(step for _, steps in objects for step in steps))
        seens = tuple(seen for seen, _ in objects)
        return Member(what.key, None, seens, first.identity, plan, self.clock.monotonic())

    def _resolve(
        self, resource: Resource[Any], pending: Callable[[Key], bool]
    ) -> tuple[Resource[Any], tuple[Key, ...]]:
        return resolve(self.graph, self.kinds, self.known, resource, pending)

    def _learn(self, member: Member, lane: str) -> None:
        if member.want is None:
            return
        if member.plan.failure is not None:
            self.known.pop(member.key, None)
            return
        before = self.known.get(member.key)
        self.known[member.key] = learned(self.kinds, member, member.want, lane, before)


def _busy(member: Member) -> bool:
    """Whether something is to be done about a resource that git holds."""
    plan = member.plan
    if member.absent:
        return False
    shared = any(step.target != member.key for step in plan.shared)
    return plan.sendable or shared or bool(plan.blocked_by) or plan.failure is not None

"""Looking at resources: observe them in AWS, compare with git, ask the gates. Changes nothing in AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import anyio
from attrs import define, evolve, field, frozen

from apollo.api import (
    Allowed,
    Context,
    Controller,
    Denied,
    Env,
    Gate,
    Health,
    Held,
    Identity,
    Ignored,
    Key,
    Kinds,
    Owned,
    Proposal,
    PruneScope,
    Ref,
    Resource,
    Step,
    Wait,
    is_unknown,
    substitute,
)
from apollo.clock import Clock
from apollo.engine.forecast import foreseen
from apollo.engine.graph import Graph
from apollo.engine.guard import Guard
from apollo.engine.memory import Memory
from apollo.engine.plan import Decision, Failure, Finding, Reason, ResourcePlan
from apollo.errors import ApolloError, AwsError, Terminal, Transient
from apollo.settings import Environment

__all__ = ["Contexts", "Known", "Looker", "Member", "failure_of"]


class Contexts(Protocol):
    """Makes the contexts that controllers are lent. Lanes: ``act``, ``wait``, ``changed``, ``sweep``."""

    def __call__(self, lane: str, *, writable: bool = False, commit: str = "") -> Context: ...


@frozen
class Known:
    """The outputs of a resource as last seen.

    :ivar complete: whether AWS equals ``generation``; if not, only stable outputs are here.
    """

    generation: str
    outputs: Mapping[str, str]
    complete: bool
    healthy: bool = False
    thorough: bool = False
    """Whether it was seen well enough to write on the strength of it."""
    pending: bool = False
    """Whether steps are still to be sent."""


@frozen
class Member:
    """One resource of a group as a look found it."""

    key: Key
    want: Resource[Any] | None
    """Desired, with every known output in its place."""
    seen: Any
    identity: Identity | None
    plan: ResourcePlan
    at: float = 0.0


@define
class Looker:
    """Looks at the resources of one environment.

    :ivar known: outputs per resource, filled by looking and acting.
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
    known: dict[Key, Known] = field(factory=dict, init=False)
    commits: dict[str, str] = field(factory=dict, init=False)
    """Per app the commit in force: the one that asks for what is done now."""
    commit: str = field(default="", init=False)
    """The newest commit of the environment."""
    approved: set[str] = field(factory=set, init=False)
    """Digests of held items whose plan was approved as a whole."""
    passing: set[Key] = field(factory=set, init=False)
    """Resources whose approved steps are being sent: the rest of an approved plan is approved."""

    async def group(
        self,
        keys: Sequence[Key],
        lane: str,
        *,
        pending: Callable[[Key], bool] = lambda key: False,
        told: Mapping[Key, Any] | None = None,
    ) -> list[Member]:
        """Look at a group.

        :param pending: whether the plan at hand will bring about what a resource waits for; its unknown
            outputs then stay markers instead of blocking.
        :param told: objects that need no observing, since the answer of a call told all of them.
        """
        members: dict[Key, Member] = {}
        # What left git since the keys were collected is not looked at.
        there = {key: self.graph.resources[key] for key in keys if key in self.graph.resources}
        async with anyio.create_task_group() as tasks:

            async def one(resource: Resource[Any]) -> None:
                members[resource.key] = await self._observe(resource, lane, pending, told or {})

            for resource in there.values():
                tasks.start_soon(one, resource)
        judged = self.judge([members[key] for key in there])
        for member in judged:
            self._learn(member, lane)
        return judged

    async def orphan(self, owned: Owned, scope: PruneScope, lane: str) -> Member:
        """Look at something of ours that git does not hold any more."""
        plan = ResourcePlan(owned.key, owned.app, absent=True, place=str(owned.identity))
        try:
            controller = self.kinds.get(owned.key.kind)
            seen = owned.seen
            # What moved does not equal git: it was listed as what its key is elsewhere.
            if not owned.complete or owned.key in self.graph.resources:
                seen = await controller.observe(self.contexts(lane), owned.identity, None)
            steps = tuple(controller.diff(None, seen)) if seen is not None else ()
            owner = controller.owner(seen) if seen is not None else None
        except Exception as error:
            return Member(owned.key, None, None, owned.identity, evolve(plan, failure=failure_of(error)))
        plan = evolve(plan, steps=steps, reason="PendingChange", health=Health("Healthy"))
        plan = evolve(plan, forecast=foreseen(controller, None, seen, steps))
        proposal = self._proposal(plan, None, seen, owned.identity, owner)
        proposal = evolve(proposal, prune=scope, live_prune=owned.prune)
        plan = evolve(plan, findings=self._ask(proposal))
        return Member(owned.key, None, seen, owned.identity, plan, self.clock.monotonic())

    def is_approved(self, plan: ResourcePlan) -> bool:
        """Whether a person let exactly these steps through."""
        digest = plan.digest
        return plan.key in self.passing or digest in self.approved or digest in self.memory.approved()

    def identity(self, key: Key) -> Identity | None:
        """Where a resource lives, as far as it is known."""
        want, _ = self._resolve(self.graph.resources[key], lambda need: True)
        return self.kinds.get(key.kind).identity(want.spec, self.env)

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
            names = " → ".join(map(str, (*cycle, cycle[0])))
            failure = Failure(
                "DependencyCycle",
                f"{names}: these resources wait for each other",
                "APO-PLAN-001",
                "remove one of the references or dependsOn entries",
                terminal=True,
            )
            return Member(key, resource, None, None, evolve(plan, failure=failure))
        want, blocked = self._resolve(resource, pending)
        plan = evolve(plan, blocked_by=blocked)
        try:
            controller = self.kinds.get(key.kind)
            identity = controller.identity(want.spec, self.env)
            if identity is not None and is_unknown(identity.id):
                seen = None  # it lives in something that does not exist yet
            elif key in told:
                seen = told[key]
            else:
                seen = await controller.observe(self.contexts(lane), identity, want)
        except Exception as error:  # a controller may raise anything; only its resource suffers
            return Member(key, want, None, None, evolve(plan, failure=failure_of(error)))
        return Member(key, want, seen, identity, plan, self.clock.monotonic())

    def _resolve(
        self, resource: Resource[Any], pending: Callable[[Key], bool]
    ) -> tuple[Resource[Any], tuple[Key, ...]]:
        """The resource with known outputs in place, and what it has to wait for."""
        values: dict[Ref, str] = {}
        blocked: dict[Key, None] = {}
        environment = resource.key.environment
        for ref in resource.references:
            target = ref.key(environment)
            known = self.known.get(target)
            current = self.graph.resources.get(target)
            if known is not None and current is not None:
                same = known.generation == current.generation
                stable = ref.output in self.kinds.get(target.kind).stable_outputs
                if ref.output in known.outputs and (same or stable):
                    values[ref] = known.outputs[ref.output]
                    continue
                if not ref.output and known.complete and same:
                    continue
            if not pending(target):
                blocked[target] = None
        for ref in resource.lifecycle.depends_on:
            target = ref.key(environment)
            known, current = self.known.get(target), self.graph.resources.get(target)
            ready = (
                known is not None
                and current is not None
                and known.complete
                and known.healthy
                and known.generation == current.generation
            )
            if not ready and not pending(target):
                blocked[target] = None
        users = tuple(self.graph.resources[user] for user in sorted(self.graph.users(resource.key)))
        group = self.graph.groups.get(self.graph.group_of.get(resource.key, ""), {})
        peers = frozenset(group.keys() - {resource.key})
        spec = substitute(resource.spec, values) if values else resource.spec
        return evolve(resource, spec=spec, users=users, peers=peers), tuple(blocked)

    # ── compare and ask ──────────────────────────────────────────────────────────────────────────────────

    def judge(self, members: list[Member]) -> list[Member]:
        """Diff the group; members that have failed or that a gate stops are taken out, and the rest is
        compared again, since in a group one call may settle several."""
        whole = [m for m in members if m.plan.failure is None]
        if not whole:
            return members
        judged: dict[Key, Member] = {}
        active = whole
        while active:
            try:
                controller = self.kinds.get(active[0].key.kind)
                pairs = [(m.want, m.seen) for m in active]
                steps = controller.diff_group(pairs)
                denied = controller.conflicts(pairs)
                round_ = {m.key: self._details(controller, m, steps, denied.get(m.key)) for m in active}
            except Exception as error:
                failure = failure_of(error)
                for m in active:
                    judged[m.key] = evolve(m, plan=evolve(m.plan, failure=failure))
                break
            stopped = [m for m in active if round_[m.key].plan.findings or round_[m.key].plan.blocked_by]
            if not stopped or len(active) == 1 or len(stopped) == len(active):
                judged |= round_
                break
            for m in stopped:
                judged[m.key] = round_[m.key]
            active = [m for m in active if m.key not in judged]
        return [judged.get(m.key, m) for m in members]

    def _details(
        self,
        controller: Controller[Any, Any],
        member: Member,
        all_steps: Sequence[Step],
        denied: Denied | None = None,
    ) -> Member:
        want, seen = member.want, member.seen
        assert want is not None
        turns = tuple(turn for turn, step in enumerate(all_steps) if step.target == member.key)
        steps = tuple(all_steps[turn] for turn in turns)
        shared = tuple(step for step in all_steps if member.key in step.also)
        applied = self.memory.applied(member.key)
        reason: Reason = ""
        if steps or shared:
            reason = "Differs"
            if applied is not None and applied != want.intent:
                reason = "PendingChange"
            elif applied is not None and not member.plan.blocked_by:
                # With an output still unknown, the difference may be nothing but that.
                reason = "Drifted"
        rejected = controller.rejected(want, seen)
        plan = evolve(
            member.plan,
            steps=steps,
            turns=turns,
            shared=shared,
            group=self.graph.group_of.get(member.key, ""),
            reason=reason,
            health=controller.health(want, seen),
            # What AWS has refused it has seen.
            wait=(self._unseen(steps) if rejected is None else None) or controller.settled(want, seen),
            rejected=rejected,
            ignored=tuple(controller.ignored(want, seen)),
            outputs=controller.outputs(seen) if seen is not None else {},
            spec=want.spec if any(step.verb == "create" for step in steps) else None,
            forecast=foreseen(controller, want, seen, steps),
        )
        owner = controller.owner(seen) if seen is not None else None
        proposal = self._proposal(plan, want, seen, member.identity, owner)
        findings = self._ask(proposal)
        kept = next((finding for finding in findings if finding.parts), None)
        if kept is not None:
            plan = _without_parts(plan, kept)
            proposal = self._proposal(plan, want, seen, member.identity, owner)
            findings = tuple(finding for finding in self._ask(proposal) if not finding.parts)
        if denied is not None:
            said = Finding("ownership", "deny", member.key, denied.reason, denied.message, hint=denied.hint)
            findings = (said, *findings)
        return evolve(member, plan=evolve(plan, findings=findings))

    def _unseen(self, steps: Sequence[Step]) -> Wait | None:
        """What was only just done is not done again because AWS does not show it yet."""
        left = self.guard.unseen(steps[0], self.clock.monotonic()) if steps else 0.0
        if not left:
            return None
        text = f"{steps[0].call.operation} is done, and AWS does not show it yet"
        return Wait("NotVisibleYet", text, after=min(left, 5.0), blocking=True)

    def _proposal(
        self,
        plan: ResourcePlan,
        want: Resource[Any] | None,
        seen: Any,
        identity: Identity | None,
        owner: str | None,
    ) -> Proposal:
        digest = plan.digest
        return Proposal(
            key=plan.key,
            app=plan.app,
            env=self.env,
            sync=self.settings.spec.sync,
            allow=self.settings.spec.allow,
            steps=plan.settling,
            want=want,
            seen=seen,
            identity=identity,
            owner=owner,
            rejected=plan.rejected,
            drifted=plan.reason == "Drifted",
            approved=self.is_approved(plan),
            manual=self.manual,
            digest=digest,
            suspended=self.memory.suspended(plan.key, plan.app) or "",
        )

    def _ask(self, proposal: Proposal) -> tuple[Finding, ...]:
        findings = []
        key = proposal.key
        now = self.clock.monotonic()
        if any(self.guard.tired(step, now) for step in proposal.steps):
            findings.append(
                Finding(
                    "stalled",
                    "hold",
                    key,
                    "Stalled",
                    "the same change was made three times within 15 minutes and does not last: something "
                    "else changes it back, or the call does not settle it",
                    "a new commit, or 15 minutes",
                )
            )
        for gate in self.gates:
            try:
                verdict = gate.check(proposal)
            except Exception as error:  # a broken gate holds; it never lets pass
                verdict = Held("GateFailed", f"gate {gate.name} failed: {type(error).__name__}: {error}")
            match verdict:
                case Held(reason, message, until, quiet, parts):
                    decision: Decision = "skip" if quiet else "hold"
                    findings.append(Finding(gate.name, decision, key, reason, message, until, parts=parts))
                case Denied(reason, message, hint):
                    findings.append(Finding(gate.name, "deny", key, reason, message, hint=hint))
                case Allowed():
                    pass
        return tuple(findings)

    # ── learn ────────────────────────────────────────────────────────────────────────────────────────────

    def _learn(self, member: Member, lane: str) -> None:
        plan, want = member.plan, member.want
        if want is None:
            return
        if plan.failure is not None:
            self.known.pop(member.key, None)
            return
        complete = member.seen is not None and not plan.settling and not plan.blocked_by
        outputs: Mapping[str, str] = {}
        if member.seen is not None:
            outputs = dict(self.kinds.get(member.key.kind).lasting(member.seen, plan.settling))
        healthy = complete and plan.health.status == "Healthy" and not plan.wait
        thorough = lane == "act"
        before = self.known.get(member.key)
        if before is not None and before.generation == want.generation and before.outputs == outputs:
            thorough = thorough or before.thorough
        pending = plan.sendable or any(step.target != member.key for step in plan.shared)
        self.known[member.key] = Known(want.generation, outputs, complete, healthy, thorough, pending)


def _without_parts(plan: ResourcePlan, kept: Finding) -> ResourcePlan:
    """The plan without the steps that prune parts: what they would delete is told as ignored."""
    pairs = [pair for pair in zip(plan.steps, plan.turns, strict=True) if not pair[0].prunes]
    left = tuple(Ignored(change.path, kept.message) for s in plan.steps if s.prunes for change in s.changes)
    steps = tuple(step for step, _ in pairs)
    return evolve(
        plan,
        steps=steps,
        turns=tuple(turn for _, turn in pairs),
        reason=plan.reason if steps or plan.shared else "",
        ignored=(*plan.ignored, *left),
    )


def failure_of(error: BaseException) -> Failure:
    """An exception as the status tells it. What nobody declared counts as passing."""
    if isinstance(error, BaseExceptionGroup) and error.exceptions:
        return failure_of(error.exceptions[0])
    if isinstance(error, AwsError | Terminal | Transient):
        return Failure(
            error.reason, error.message, error.code, error.hint, terminal=isinstance(error, Terminal)
        )
    if isinstance(error, ApolloError):
        return Failure("Failed", error.message, error.code, error.hint)
    message = f"the controller failed: {type(error).__name__}: {error}"
    return Failure("ControllerError", message, "APO-PLUGIN-010", "report this to the author of the kind")

"""Comparing what was seen with git, and asking the gates. Pure but for the clock: changes nothing in AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, evolve, field

from apollo.api import (
    Allowed,
    Controller,
    Denied,
    Env,
    Gate,
    Held,
    Identity,
    Ignored,
    Key,
    Kinds,
    Proposal,
    PruneScope,
    Resource,
    Step,
    Wait,
)
from apollo.clock import Clock
from apollo.engine.forecast import foreseen
from apollo.engine.graph import Graph
from apollo.engine.guard import Guard
from apollo.engine.memory import Memory
from apollo.engine.plan import Decision, Finding, Reason, ResourcePlan
from apollo.engine.seen import Member, failure_of
from apollo.settings import Environment

__all__ = ["Judge"]


@define
class Judge:
    """Says what is to be done about what was seen, and whether it may be.

    :ivar manual: a person asked, so what only automation must not do is allowed.
    """

    env: Env
    settings: Environment
    kinds: Kinds
    gates: Sequence[Gate]
    memory: Memory
    clock: Clock
    graph: Graph
    guard: Guard
    manual: bool = False
    own: Callable[[Identity], bool] | None = field(default=None, init=False)
    approved: set[str] = field(factory=set, init=False)
    """Digests of held items whose plan was approved as a whole."""
    passing: set[Key] = field(factory=set, init=False)
    """Resources whose approved steps are being sent: the rest of an approved plan is approved."""

    def group(self, members: Sequence[Member]) -> list[Member]:
        """Diff a group; members that have failed or that a gate stops are taken out, and the rest is compared
        again, since in a group one call may settle several.

        What is leaving is compared with the others, so that it goes when nobody needs it any more. Nothing of
        it goes while another member waits for something, or could not be seen: that one may take its place.
        """
        wanted = [m for m in members if not m.absent]
        going = [m for m in members if m.absent and m.plan.failure is None]
        active = [m for m in wanted if m.plan.failure is None]
        waiting = tuple(m.key for m in wanted if m.plan.failure is not None or m.plan.blocked_by)
        leaving = [] if waiting else going
        judged: dict[Key, Member] = {m.key: self._kept(m, waiting) for m in going} if waiting else {}
        while active or leaving:
            pairs = [(m.want, m.seen) for m in active]
            pairs += [(None, seen) for m in leaving for seen in m.seen]
            try:
                controller = self.kinds.get((active or leaving)[0].key.kind)
                steps = controller.diff_group(pairs)
                denied = controller.conflicts(pairs)
                round_ = {m.key: self._details(controller, m, steps, denied.get(m.key)) for m in active}
                round_ |= {m.key: self._going(m, steps) for m in leaving}
            except Exception as error:
                failure = failure_of(error)
                for m in (*active, *leaving):
                    judged[m.key] = evolve(m, plan=evolve(m.plan, failure=failure))
                break
            stopped = [m for m in active if round_[m.key].plan.findings or round_[m.key].plan.blocked_by]
            if not stopped or (len(stopped) == len(active) and not leaving):
                judged |= round_
                break
            for m in stopped:
                judged[m.key] = round_[m.key]
            active = [m for m in active if m.key not in judged]
        return [judged.get(m.key, m) for m in members]

    def departure(
        self,
        plan: ResourcePlan,
        seen: Any,
        identity: Identity | None,
        owner: str | None,
        scope: PruneScope,
        prune: str,
    ) -> ResourcePlan:
        """The plan of a deletion with what the gates say about it.

        :param owner: the live ownership tag. :param prune: the live ``apollo:prune`` tag.
        """
        proposal = self._proposal(plan, None, seen, identity, owner)
        return evolve(plan, findings=self._ask(evolve(proposal, prune=scope, live_prune=prune)))

    def is_approved(self, plan: ResourcePlan) -> bool:
        """Whether a person let exactly these steps through."""
        if plan.key in self.passing:
            return True
        approved = self.memory.approved()
        if not approved and not self.approved:
            return False  # without the digest, which costs more than all the rest
        digest = plan.digest
        return digest in self.approved or digest in approved

    # ── compare ──────────────────────────────────────────────────────────────────────────────────────────

    def _details(
        self,
        controller: Controller[Any, Any],
        member: Member,
        all_steps: Sequence[Step],
        denied: Denied | None = None,
    ) -> Member:
        want, seen = member.want, member.seen
        assert want is not None
        plan = _share(member.plan, all_steps)
        applied = self.memory.applied(member.key)
        reason: Reason = ""
        if plan.settling:
            reason = "Differs"
            if applied is not None and applied != want.intent:
                reason = "PendingChange"
            elif applied is not None and not plan.blocked_by:
                # With an output still unknown, the difference may be nothing but that.
                reason = "Drifted"
        rejected = controller.rejected(want, seen)
        plan = evolve(
            plan,
            group=self.graph.group_of.get(member.key, ""),
            reason=reason,
            health=controller.health(want, seen),
            # What AWS has refused it has seen.
            wait=(self._unseen(plan.steps) if rejected is None else None) or controller.settled(want, seen),
            rejected=rejected,
            ignored=tuple(controller.ignored(want, seen)),
            outputs=controller.outputs(seen) if seen is not None else {},
            spec=want.spec,
            forecast=foreseen(controller, want, seen, plan.steps),
        )
        owner = controller.owner(seen) if seen is not None else None
        findings = self._ask(self._proposal(plan, want, seen, member.identity, owner))
        if not findings and denied is None:
            return evolve(member, plan=plan)
        kept = next((finding for finding in findings if finding.parts), None)
        if kept is not None:
            plan = _without_parts(plan, kept)
            proposal = self._proposal(plan, want, seen, member.identity, owner)
            findings = tuple(finding for finding in self._ask(proposal) if not finding.parts)
        if denied is not None:
            said = Finding("ownership", "deny", member.key, denied.reason, denied.message, hint=denied.hint)
            findings = (said, *findings)
        return evolve(member, plan=evolve(plan, findings=findings))

    def _going(self, member: Member, all_steps: Sequence[Step]) -> Member:
        plan = _share(evolve(member.plan, blocked_by=()), all_steps)
        return evolve(member, plan=evolve(plan, wait=self._unseen(plan.steps)))

    def _kept(self, member: Member, waiting: tuple[Key, ...]) -> Member:
        return evolve(member, plan=evolve(member.plan, blocked_by=waiting))

    def _unseen(self, steps: Sequence[Step]) -> Wait | None:
        """What was only just done is not done again because AWS does not show it yet."""
        left = self.guard.unseen(steps[0], self.clock.monotonic()) if steps else 0.0
        if not left:
            return None
        text = f"{steps[0].call.operation} is done, and AWS does not show it yet"
        return Wait("NotVisibleYet", text, after=min(left, 5.0), blocking=True)

    # ── ask ──────────────────────────────────────────────────────────────────────────────────────────────

    def _proposal(
        self,
        plan: ResourcePlan,
        want: Resource[Any] | None,
        seen: Any,
        identity: Identity | None,
        owner: str | None,
    ) -> Proposal:
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
            digest=plan.digest if plan.settling else "",
            suspended=self.memory.suspended(plan.key, plan.app) or "",
            own=self.own is not None and identity is not None and self.own(identity),
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


def _share(plan: ResourcePlan, all_steps: Sequence[Step]) -> ResourcePlan:
    """The plan with its steps of those of its group."""
    if not all_steps:
        return evolve(plan, steps=(), turns=(), shared=()) if plan.settling else plan
    turns = tuple(turn for turn, step in enumerate(all_steps) if step.target == plan.key)
    steps = tuple(all_steps[turn] for turn in turns)
    shared = tuple(step for step in all_steps if plan.key in step.also)
    return evolve(plan, steps=steps, turns=turns, shared=shared)


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

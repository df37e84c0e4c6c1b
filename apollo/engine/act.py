"""Acting: send a step, look again, and go on while what remains is what was planned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, runtime_checkable

import anyio
from attrs import define, evolve, field, frozen

from apollo.api import Call, Context, Key, Owned, PruneScope, Step, is_unknown
from apollo.engine.events import Event
from apollo.engine.look import Looker
from apollo.engine.seen import Member, failure_of
from apollo.errors import AwsError, Transient

__all__ = ["Actor"]

_FRESH = 1.0
"""A write is preceded by an observation no older than this many seconds."""
_MOST = 8
"""Looks of one act at each member, beside one per planned step: a group that is not done by then is looked at
again later."""


@runtime_checkable
class Paced(Protocol):
    """A context whose writes wait for AWS's rate: the wait comes before the last look, and not after it."""

    async def reserve(self, call: Call, /) -> None:
        """Wait until the call may be made."""
        ...

    async def give_back(self) -> None:
        """Not made after all."""
        ...


@frozen
class _Turn:
    """A context in which one call may be made at once."""

    ctx: Context
    commit: str
    call: tuple[str, str]

    async def end(self) -> None:
        if isinstance(self.ctx, Paced):
            await self.ctx.give_back()


@define
class _Acted:
    """What became of a group so far.

    :ivar failed: members whose call failed. :ivar deleting: what has left git and was deleted.
    :ivar doubtful: whose answer was lost once. :ivar checked: what was looked at again on their behalf.
    """

    together: bool
    failed: dict[Key, Member] = field(factory=dict, init=False)
    deleting: dict[Key, Member] = field(factory=dict, init=False)
    doubtful: set[Key] = field(factory=set, init=False)
    checked: set[Key] = field(factory=set, init=False)

    def fail(self, member: Member, error: Exception) -> None:
        self.failed[member.key] = evolve(member, plan=evolve(member.plan, failure=failure_of(error)))


@define
class Actor:
    """Carries out what a look found, one call at a time.

    :ivar emit: hears of every call.
    :ivar stopping: once set, the call in flight is finished and none is started.
    """

    looker: Looker
    emit: Callable[[Event], None]
    stopping: bool = False

    async def group(
        self,
        keys: Sequence[Key],
        lane: str,
        *,
        members: list[Member] | None = None,
        frozen: Collection[Key] = (),
        together: bool = False,
    ) -> list[Member]:
        """Look at a group and send what may be sent.

        :param members: a look that was just made. :param frozen: members that are looked at only.
        :param together: see `Looker.group`.
        :return: the group as it was seen last; a failed call shows as the failure of its resource, and what
            was deleted as a member with nothing left to do.
        """
        if members is None:
            members = await self.looker.group(keys, lane, together=together)
        acted = _Acted(together)
        turn: _Turn | None = None
        try:
            for _ in range(_MOST * len(members) + sum(len(member.plan.steps) for member in members)):
                # What was planned together is done together, also when only deletions are left of it.
                acted.together = acted.together or any(member.absent for member in members)
                if acted.failed:  # what they were to do cannot be counted on
                    members = self.looker.judge.group([acted.failed.get(m.key, m) for m in members])
                found = self._next(members, {*frozen, *acted.failed})
                if found is None or self.stopping:
                    break
                member, step = found
                try:
                    turn = await self._turn(member, step, turn)
                except Exception as error:
                    acted.fail(member, error)
                    continue
                vague = self._vague(member, step) - acted.checked
                if vague:
                    acted.checked |= vague
                    for group in {self.looker.graph.group_of[need] for need in vague}:
                        await self.looker.group(sorted(self.looker.graph.groups.get(group, ())), "act")
                if vague or not self._current(member):
                    members = await self.looker.group(keys, "act", together=acted.together)
                    continue
                told = await self._try(member, step, turn, acted)
                if told is not None:
                    members = await self.looker.group(keys, "act", told=told, together=acted.together)
        finally:
            if turn is not None:
                await turn.end()
        there = {member.key for member in members}
        self.looker.judge.passing.difference_update(keys, acted.deleting)
        gone = [_done_with(one) for key, one in acted.deleting.items() if key not in there]
        return [*(acted.failed.get(m.key, m) for m in members), *gone]

    async def _try(self, member: Member, step: Step, turn: _Turn, acted: _Acted) -> dict[Key, Any] | None:
        """Send a step of a group. Returns what its answer told; None when it failed."""
        if member.absent:
            acted.deleting[member.key] = member
        try:
            seen = await self._send(member, step, turn)
        except Exception as error:  # one resource's call failed; the others of the group go on
            lost = isinstance(error, AwsError) and error.category == "lost-answer"
            if lost and member.key not in acted.doubtful:
                acted.doubtful.add(member.key)  # it may have been done: look, instead of doing it again
                return {}
            acted.fail(member, error)
            return None
        return {} if seen is None else {member.key: seen}

    async def orphan(
        self, owned: Owned, scope: PruneScope, current: Callable[[], bool] = lambda: True
    ) -> Member:
        """Delete what git does not hold any more, after a last look at it.

        :param current: whether git still is what it was when this was decided; if not, nothing is sent.
        :return: as it was seen last; ``seen`` is None when somebody else was faster.
        """

        async def look() -> Member:
            return await self.looker.orphan(owned, scope, "act", closely=True)

        member = await look()
        steps = member.plan.steps
        turn: _Turn | None = None
        try:
            for place, step in enumerate(steps):
                if place:
                    member = await look()
                if member.plan.sendable:
                    turn = await self._turn(member, step, turn)
                    if not self._fresh(member):
                        member = await look()
                if member.plan.steps != steps[place:]:
                    return member
                if turn is None or not member.plan.sendable or self.stopping or not current():
                    return member
                await self._send(member, step, turn)
        except Exception as error:
            return evolve(member, plan=evolve(member.plan, failure=failure_of(error)))
        finally:
            self.looker.judge.passing.discard(owned.key)
            if turn is not None:
                await turn.end()
        return _done_with(member) if steps else member

    async def _turn(self, member: Member, step: Step, before: _Turn | None) -> _Turn:
        """Where the step may be sent at once. It may take a while; the look comes after it."""
        # An app that git does not hold any more has no commit of its own.
        commit = self.looker.commits.get(member.plan.app) or self.looker.commit
        call = step.call.service, step.call.operation
        if before is not None and (before.commit, before.call) == (commit, call):
            turn = before
        else:
            if before is not None:
                await before.end()
            turn = _Turn(self.looker.contexts("act", writable=True, commit=commit), commit, call)
        if isinstance(turn.ctx, Paced) and not is_unknown(step.call.params):
            await turn.ctx.reserve(step.call)
        return turn

    def _fresh(self, member: Member) -> bool:
        return self.looker.clock.monotonic() - member.at <= _FRESH

    def _vague(self, member: Member, step: Step) -> set[Key]:
        """What a resource is made from and was seen through an index only, or may have moved since: whoever
        undid what was done here may have made the same anew (another operator, a person's apply)."""
        looker = self.looker
        needs = {need for need in looker.graph.needs(member.key) if need in looker.known}
        if member.plan.reason == "Drifted" or looker.guard.count(step, looker.clock.monotonic()):
            return needs
        return {need for need in needs if not looker.known[need].thorough}

    def _current(self, member: Member) -> bool:
        """Whether the look is fresh, and git still asks for what was looked at."""
        if not self._fresh(member):
            return False
        if member.absent:
            return any(one.key == member.key for one in self.looker.leaving.get(member.plan.group, ()))
        resource = self.looker.graph.resources.get(member.key)
        return resource is not None and resource.generation == member.plan.generation

    def _next(self, members: Sequence[Member], frozen: Collection[Key]) -> tuple[Member, Step] | None:
        """Whose turn it is: the steps of a group go out in their common order."""
        ready = [
            member
            for member in members
            if member.plan.sendable
            and member.key not in frozen
            and not (member.plan.wait is not None and member.plan.wait.blocking)
        ]
        if not ready:
            return None
        first = min(ready, key=lambda member: member.plan.turns[:1])
        return first, first.plan.steps[0]

    async def _send(self, member: Member, step: Step, turn: _Turn) -> Any:
        if is_unknown(step.call.params):
            raise Transient(
                f"{member.key} waits for an output that is not known yet", reason="DependencyNotReady"
            )
        commit = self.looker.commit_of(member.plan.app)
        generation = member.want.generation if member.want is not None else ""
        event = Event(
            "Acting",
            member.key.environment,
            member.key,
            member.plan.app,
            reason=step.verb,
            message=step.why,
            commit=commit,
            generation=generation,
            call=f"{step.call.service}:{step.call.operation}",
        )
        if member.plan.reason == "Drifted":
            paths = ", ".join(change.path for change in step.changes)
            self.emit(
                evolve(
                    event, type="Drifted", reason="Drifted", message=f"changed behind Apollo's back: {paths}"
                )
            )
        self.emit(event)
        judge = self.looker.judge
        if judge.is_approved(member.plan):
            judge.passing.add(member.key)
            judge.approved.discard(member.plan.digest)
            await self.looker.memory.used(member.plan.digest)
        await self._leaving(step, commit)
        controller = self.looker.kinds.get(member.key.kind)
        # A call that is on its way is never abandoned: its effect would be unknown.
        with anyio.CancelScope(shield=True):
            try:
                answer = await controller.act(turn.ctx, step)
            except AwsError as error:
                if error.category == "lost-answer":  # maybe done; what was refused or throttled was not
                    self.looker.guard.sent(step, self.looker.clock.monotonic(), answered=False)
                raise
        self.looker.guard.sent(step, self.looker.clock.monotonic())
        self.emit(evolve(event, type="Acted", message=_done(step)))
        return controller.acted(turn.ctx, step, answer)

    async def _leaving(self, step: Step, commit: str) -> None:
        """What was applied last is not what AWS holds any more. Were it remembered, then going back to it
        before the new state has settled would look like healing a drift."""
        memory = self.looker.memory
        for key in step.keys:
            resource = self.looker.graph.resources.get(key)
            if resource is not None and memory.applied(key) not in (None, "", resource.intent):
                await memory.record_applied(key, "", commit)


def _done_with(member: Member) -> Member:
    """What was deleted, with nothing left to do."""
    return evolve(member, plan=evolve(member.plan, steps=(), shared=(), turns=(), wait=None))


_PAST = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "adopt": "adopted",
    "delete": "deleted",
}


def _done(step: Step) -> str:
    """What a step did, for the journal: the paths, never the values."""
    paths = ", ".join(dict.fromkeys(change.path for change in step.changes))
    said = _PAST[step.verb]
    return f"{said} {paths}" if paths and step.verb == "update" else said

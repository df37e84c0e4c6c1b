"""When a rollout began, and how it ended: derived from how a resource looks, told once each."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen

from apollo.api import Key
from apollo.clock import Clock
from apollo.engine.events import Event, EventType
from apollo.engine.plan import ResourcePlan

__all__ = ["Rollouts"]


@frozen
class _Rollout:
    generation: str
    since: float


@define
class Rollouts:
    """Follows what converges in AWS.

    A rollout is what AWS does to bring about a generation that was not in force yet; an autoscaler that moves
    the number of tasks rolls nothing out. A newer generation takes the place of the one before.
    """

    clock: Clock
    applied: Callable[[Key], str | None]
    """What was in force last."""
    commit: Callable[[str], str]
    """At which commit an app is."""
    emit: Callable[[Event], None]
    _running: dict[Key, _Rollout] = field(factory=dict, init=False)

    def saw(self, plan: ResourcePlan) -> None:
        """Take in one look at a resource; call it before what is seen is remembered as applied."""
        running = self._running.get(plan.key)
        if plan.rejected is not None:
            self._end(plan, "RolloutFailed", "RolledBack", plan.rejected)
        elif plan.failure is not None or plan.settling or plan.blocked_by:
            return  # nothing is known of it, or the next call is about to supersede it
        elif plan.wait is None:
            bad = plan.health.status == "Degraded"
            type_: EventType = "RolloutFailed" if bad else "RolloutFinished"
            self._end(plan, type_, plan.health.reason if bad else "", plan.health.message)
        elif plan.health.status == "Degraded":
            self._end(plan, "RolloutFailed", plan.health.reason, plan.health.message)
        elif running is None or running.generation != plan.generation:
            if plan.wait.blocking or (running is None and self.applied(plan.key) == plan.intent):
                return
            self._running[plan.key] = _Rollout(plan.generation, self.clock.monotonic())
            self._tell("RolloutStarted", plan, "", plan.wait.message or plan.wait.reason, 0.0)

    def _end(self, plan: ResourcePlan, type_: EventType, reason: str, message: str) -> None:
        running = self._running.pop(plan.key, None)
        if running is not None and running.generation == plan.generation:
            self._tell(type_, plan, reason, message, self.clock.monotonic() - running.since)

    def _tell(self, type_: EventType, plan: ResourcePlan, reason: str, message: str, seconds: float) -> None:
        self.emit(
            Event(
                type_,
                plan.key.environment,
                plan.key,
                plan.app,
                reason,
                message,
                commit=self.commit(plan.app),
                generation=plan.generation,
                seconds=seconds,
            )
        )

"""What the loop says of resources: each transition once, never a condition again and again."""

from __future__ import annotations

from attrs import define, field

from apollo.api import Key
from apollo.engine.engine import Engine
from apollo.engine.events import Event, EventType
from apollo.engine.plan import ResourcePlan
from apollo.engine.status import resource_status

__all__ = ["Telling"]


@define
class Telling:
    """Emits the events of one environment."""

    engine: Engine
    _said: dict[Key, tuple[str, ...]] = field(factory=dict, init=False)

    def anew(self, key: Key) -> None:
        """What follows about a resource is news, even if it was said before."""
        self._said.pop(key, None)

    def announce(self, plan: ResourcePlan) -> None:
        """Tell how a resource fares, unless that was said last."""
        type_, reason, message = _headline(plan)
        state = (plan.generation, type_, reason, message)
        if self._said.get(plan.key) == state:
            return
        self._said[plan.key] = state
        self.tell(type_, plan, reason=reason, message=message)

    def tell(
        self,
        type_: EventType,
        plan: ResourcePlan | None,
        *,
        reason: str = "",
        message: str = "",
        commit: str = "",
    ) -> None:
        """Emit one event."""
        event = Event(
            type_,
            self.engine.env.name,
            plan.key if plan else None,
            plan.app if plan else "",
            reason,
            message,
            commit or self.engine.snapshot.commit,
            plan.generation if plan else "",
        )
        self.engine.emit(event)


def _headline(plan: ResourcePlan) -> tuple[EventType, str, str]:
    """The one thing to say about a resource now."""
    row = resource_status(plan)
    if plan.failure is not None:
        return "Failed", row.reason, row.message
    if plan.rejected is not None:
        return "RolledBack", "RolledBack", plan.rejected
    if any(finding.decision != "skip" for finding in plan.findings):
        return "Held", row.reason, row.message
    if plan.settling and plan.reason == "Drifted":
        return "Drifted", "Drifted", row.message
    if plan.settling or plan.blocked_by or plan.wait is not None:
        return "Progress", row.reason, row.message
    if plan.health.status == "Healthy":
        return "Synced", "", plan.health.message
    return "Degraded", plan.health.reason, plan.health.message

"""The plan: calls, the changes they make, and how an object fares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import frozen

from apollo.api.names import Identity, Key

__all__ = [
    "Call",
    "Change",
    "Forecast",
    "Health",
    "HealthStatus",
    "Ignored",
    "Owned",
    "Step",
    "Verb",
    "Wait",
]

Verb = Literal["create", "update", "replace", "adopt", "delete"]


@frozen
class Call:
    """One AWS request: boto3's service name (``ecs``), the operation (``UpdateService``), its parameters."""

    service: str
    operation: str
    params: Mapping[str, Any]


@frozen
class Change:
    """One difference of one field. ``path`` is a JSON pointer into the spec, members of named lists by name.

    Values may be secret; whoever prints them redacts by path and name first.
    """

    path: str
    before: Any = None
    after: Any = None


@frozen
class Ignored:
    """A difference that was seen and left alone, and why."""

    path: str
    why: str


@frozen
class Step:
    """Exactly one mutating call. The steps of a diff, in order, are the plan.

    :ivar changes: the differences this call settles.
    :ivar disruptive: whether running tasks are replaced or stopped.
    :ivar why: one sentence for the reader of the plan.
    """

    verb: Verb
    target: Key
    call: Call
    changes: tuple[Change, ...] = ()
    disruptive: bool = False
    why: str = ""
    also: tuple[Key, ...] = ()
    """Other resources of the group that the same call settles, e.g. the second rule of a priority swap."""
    also_changes: tuple[tuple[Key, Change], ...] = ()
    """What the call changes of those."""
    prunes: bool = False
    """Whether it deletes a part that git does not hold, such as a policy of a scalable target. Such a step
    waits for the permission to prune; the other steps of the resource do not wait for it."""
    restarts: tuple[str, ...] = ()
    """The pointers among ``changes`` for which running tasks are replaced or stopped."""

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.target, *self.also)


@frozen
class Forecast:
    """What carrying out the steps of a resource is expected to do to its tasks. Commentary: it decides
    nothing, and no digest covers it.

    :ivar tasks: how many tasks are replaced, started or stopped.
    :ivar strategy: AWS's name for how, e.g. ``ROLLING``; empty when there is no rollout.
    :ivar summary: one line, e.g. ``4 tasks replaced, 2 at a time``. :ivar steps: what happens, in order.
    :ivar warnings: what a reader must not miss, such as a rollout that cannot get anywhere.
    :ivar waves: in how many rounds tasks are started. :ivar least: how many tasks run at any time.
    :ivar most: how many run at once. :ivar bake: seconds that AWS waits in any case.
    :ivar took: seconds that the last rollouts of this service took, newest first, as AWS tells.
    """

    tasks: int
    strategy: str = ""
    summary: str = ""
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    waves: int = 0
    least: int | None = None
    most: int | None = None
    bake: float = 0.0
    took: tuple[float, ...] = ()


@frozen
class Wait:
    """AWS is still converging. Not an error.

    :ivar reason: CamelCase, e.g. ``Draining``. :ivar after: seconds until it is worth looking again.
    :ivar blocking: whether the next step must not be sent before this is over (a name that is still being
        freed). A rollout does not block: a newer generation supersedes it.
    """

    reason: str
    message: str = ""
    after: float = 5.0
    blocking: bool = False


HealthStatus = Literal["Healthy", "Progressing", "Suspended", "Missing", "Degraded", "Unknown"]


@frozen
class Health:
    """How an object fares. ``reason`` is CamelCase, e.g. ``RolledBack``; ``message`` is for people."""

    status: HealthStatus
    reason: str = ""
    message: str = ""


@frozen
class Owned:
    """An object in AWS that carries our ownership tag.

    :ivar complete: whether ``seen`` is all that `Controller.observe` would return of an object that equals
        git and has settled; of another one the engine looks closer.
    """

    key: Key
    identity: Identity
    seen: Any = None
    complete: bool = False
    prune: str = "auto"
    app: str = ""
    part_of: tuple[Identity, ...] = ()
    """What this object goes with, such as the service of a scaling target: it does not count as a deletion of
    its own where that goes, too."""
    group: str | None = None
    """The group that the object stands in, as `Controller.group` names it: it goes once nothing of that group
    is left to be done."""
    order: int = 0
    """Among objects of one kind that go, from low to high."""

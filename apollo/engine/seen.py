"""What a look found: the members of a group, what is known of them, and what of the group is to go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import evolve, frozen

from apollo.api import Identity, Key, Kinds, Owned, PruneScope, Ref, Resource
from apollo.engine.graph import Graph
from apollo.engine.plan import Failure, ResourcePlan
from apollo.engine.substitute import substitute
from apollo.errors import ApolloError, AwsError, Terminal, Transient

__all__ = ["Known", "Leaving", "Member", "failure_of", "learned", "resolve"]


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
    """Whether steps are still to be sent, now or once what it waits for is there."""


@frozen
class Leaving:
    """Something of ours that git does not hold any more, in a group that git still holds others of.

    :ivar objects: all objects of the key in this group, in the order in which they go: beside the object
        itself what was left of an earlier change of it.
    :ivar prune: the strictest of their live ``apollo:prune`` tags.
    """

    key: Key
    objects: tuple[Owned, ...]
    scope: PruneScope

    @property
    def prune(self) -> str:
        tags = {owned.prune for owned in self.objects}
        return next((tag for tag in ("never", "confirm") if tag in tags), "auto")


@frozen
class Member:
    """One resource of a group as a look found it.

    :ivar seen: of what is leaving a tuple, all its objects.
    """

    key: Key
    want: Resource[Any] | None
    """Desired, with every known output in its place."""
    seen: Any
    identity: Identity | None
    plan: ResourcePlan
    at: float = 0.0

    @property
    def absent(self) -> bool:
        """Whether git does not hold it."""
        return self.plan.absent


def resolve(
    graph: Graph,
    kinds: Kinds,
    known: Mapping[Key, Known],
    resource: Resource[Any],
    pending: Callable[[Key], bool],
) -> tuple[Resource[Any], tuple[Key, ...]]:
    """The resource with known outputs in place, and what it has to wait for.

    :param pending: whether the plan at hand will bring about what a resource waits for; its unknown outputs
        then stay markers instead of blocking.
    """
    values: dict[Ref, str] = {}
    blocked: dict[Key, None] = {}
    environment = resource.key.environment
    for ref in resource.references:
        target = ref.key(environment)
        found = known.get(target)
        current = graph.resources.get(target)
        if found is not None and current is not None:
            same = found.generation == current.generation
            stable = ref.output in kinds.get(target.kind).stable_outputs
            if ref.output in found.outputs and (same or stable):
                values[ref] = found.outputs[ref.output]
                continue
            if not ref.output and found.complete and same:
                continue
        if not pending(target):
            blocked[target] = None
    for ref in resource.lifecycle.depends_on:
        target = ref.key(environment)
        found, current = known.get(target), graph.resources.get(target)
        ready = (
            found is not None
            and current is not None
            and found.complete
            and found.healthy
            and found.generation == current.generation
        )
        if not ready and not pending(target):
            blocked[target] = None
    users = tuple(graph.resources[user] for user in sorted(graph.users(resource.key)))
    group: Collection[Key] = graph.groups.get(graph.group_of.get(resource.key, ""), {})
    peers = frozenset(group) - {resource.key} if len(group) > 1 else frozenset()
    spec = substitute(resource.spec, values) if values else resource.spec
    if users or peers or spec is not resource.spec or resource.users or resource.peers:
        resource = evolve(resource, spec=spec, users=users, peers=peers)
    return resource, tuple(blocked)


def learned(kinds: Kinds, member: Member, want: Resource[Any], lane: str, before: Known | None) -> Known:
    """What a look at a resource tells those that refer to it.

    :param before: what was known of it until now.
    """
    plan = member.plan
    complete = member.seen is not None and not plan.settling and not plan.blocked_by
    outputs: Mapping[str, str] = {}
    if member.seen is not None:
        outputs = dict(kinds.get(member.key.kind).lasting(member.seen, plan.settling))
    healthy = complete and plan.health.status == "Healthy" and not plan.wait
    thorough = lane == "act"
    if before is not None and before.generation == want.generation and before.outputs == outputs:
        thorough = thorough or before.thorough
    shared = any(step.target != member.key for step in plan.shared)
    pending = plan.sendable or shared or bool(plan.blocked_by)
    return Known(want.generation, outputs, complete, healthy, thorough, pending)


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

"""How a service is looked at: one call for ten services, more only while a rollout matters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from attrs import evolve, frozen

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    AwsError,
    Context,
    Identity,
    Key,
    Owned,
    Resource,
    Transient,
    is_unknown,
)
from apollo.controllers.running import these_run
from apollo.controllers.service.failure import FAILURES, FailedDeployment
from apollo.controllers.service.fields import desired_revision
from apollo.controllers.service.follow import in_force, rejected
from apollo.controllers.service.loaders import (
    DEPLOYMENTS,
    NEWEST,
    OURS,
    REVISIONS,
    SERVICES,
    Newest,
    Unknowable,
)
from apollo.controllers.service.places import cluster_name, identity_of
from apollo.controllers.service.seen import Deployment, ServiceSeen, seconds
from apollo.controllers.tagged import owned_arns
from apollo.reads import pages, together
from apollo.resources.service import ServiceSpec

__all__ = ["Listed", "ahead", "complete", "follow", "look", "matters", "owned"]

Want = Resource[ServiceSpec]


async def look(ctx: Context, at: Identity) -> ServiceSeen | None:
    """The service as DescribeServices tells it; None when it is not there.

    :raises Transient: when AWS does not say whether it is there, or its cluster is missing.
    """
    cluster, _, name = at.id.partition("/")
    found = await ctx.load(SERVICES, (cluster, name))
    return _told(found, cluster, name)


def _told(found: ServiceSeen | Unknowable | None, cluster: str, name: str) -> ServiceSeen | None:
    if isinstance(found, Unknowable) and found.no_cluster:
        raise Transient(
            f"there is no ECS cluster {cluster} in this account and region",
            code="APO-ECS-001",
            hint=f"create the cluster, or name another one in spec.cluster of Service/{name} "
            "or in the Environment",
            reason="ClusterNotFound",
            missing=f"cluster:{cluster}",
        )
    if isinstance(found, Unknowable):
        raise Transient(
            f"AWS does not say whether service {name} exists in cluster {cluster}: {found.why}",
            code="APO-ECS-002",
            reason="NotObserved",
        )
    return found


async def complete(ctx: Context, want: Want, seen: ServiceSeen) -> ServiceSeen:
    """``seen`` with the declared fields that only a service revision tells. While two revisions are in use it
    is not said which is which: those fields stay unread then."""
    wanted = _unread(want, seen)
    current: list[Mapping[str, Any]] = list(seen.live.get("currentServiceRevisions") or ())
    if not wanted or len(current) != 1:
        return seen
    revision = await ctx.load(REVISIONS, str(current[0].get("arn")))
    if revision is None:
        return seen
    told = {name: revision[name] for name in seen.unread if revision.get(name)}
    return evolve(seen, fields={**seen.fields, **told}, unread=frozenset())


def _unread(want: Want, seen: ServiceSeen) -> list[str]:
    return [name for name in seen.unread if getattr(want.spec, name) is not None]


async def follow(ctx: Context, want: Want, seen: ServiceSeen) -> ServiceSeen:
    """``seen`` with the newest service deployment, where that matters to ``want``."""
    started_here = await ctx.load(OURS, str(seen.primary.get("id", "")))
    if not matters(want, seen) and not started_here:
        return seen
    newest = await _newest(ctx, seen)
    if newest is None:
        return seen
    if newest.status != "SUCCESSFUL" and newest.target_arn:
        target = await ctx.load(REVISIONS, newest.target_arn)
        newest = evolve(newest, target=target)
    seen = evolve(seen, deployment=newest)
    if rejected(want, seen) is None:
        return seen
    task = str((newest.target or seen.fields).get("taskDefinition") or "")
    failure = await ctx.load(FAILURES, FailedDeployment(seen.cluster, seen.name, newest, task))
    return evolve(seen, deployment=evolve(newest, failure=failure or ""))


def matters(want: Want, seen: ServiceSeen) -> bool:
    """Whether more has to be known than DescribeServices tells: a rollout runs or has failed, or AWS differs
    from what is wanted, maybe because it has refused exactly that before."""
    if is_unknown(desired_revision(want)):
        return False  # nothing can have been deployed that is not known yet
    if (seen.fields.get("deploymentController") or {}).get("type", "ECS") != "ECS":
        return False  # somebody else's rollouts, which ECS tells nothing of
    return seen.rollout != "COMPLETED" or not in_force(want, seen)


async def _newest(ctx: Context, seen: ServiceSeen) -> Deployment | None:
    current = seen.live.get("currentServiceDeployment")
    if current and seen.rollout == "IN_PROGRESS":
        found = await ctx.load(DEPLOYMENTS, str(current))
        if found is not None and not found.final:
            return found
    # Whether AWS still names a deployment that has ended as the current one is not promised: ask for all.
    newest = seen.primary
    mark = (
        newest.get("id"),
        seconds(newest.get("updatedAt")),
        newest.get("rolloutState"),
        newest.get("rolloutStateReason"),
        current,
    )
    return await ctx.load(NEWEST, Newest(seen.cluster, seen.name, mark))


@frozen
class Listed:
    """The live services of some clusters, whoever's they are."""

    clusters: frozenset[str]
    services: tuple[ServiceSeen, ...]


async def ahead(ctx: Context) -> Listed:
    """The services of the environment's own cluster, and of those of which the index of tags says that
    something of ours is there.

    :raises Exception: when one page or one service cannot be read.
    """
    return await _listed(ctx, {cluster_name(ctx.env.cluster or "default")})


async def owned(ctx: Context, want: Collection[Want], read: Listed | None = None) -> AsyncIterator[Owned]:
    """Every live service with our tag in the clusters that git names, in the environment's own, and in those
    of which the index of tags says that something of ours is there.

    :param read: what was read of them a moment ago.
    :raises Exception: when one page or one service cannot be read.
    """
    by_key = {resource.key: resource for resource in want}
    named = {resource.spec.cluster or "default" for resource in want}
    named.add(ctx.env.cluster or "default")
    # A cluster that is still to be made holds nothing of ours.
    clusters = {cluster_name(cluster) for cluster in named if not is_unknown(cluster)}
    if read is None:
        found = (await _listed(ctx, clusters)).services
    else:
        found = (*read.services, *await _services(ctx, clusters - read.clusters))
    ours = [(seen, key) for seen in found if (key := _key_of(ctx, seen)) is not None]
    these_run(ctx, (str(seen.fields.get("taskDefinition")) for seen, _ in ours))
    for seen, key in sorted(ours, key=lambda one: one[0].cluster):
        wanted = by_key.get(key)
        yield Owned(
            key,
            identity_of(seen.cluster, seen.name),
            seen,
            # Where it differs, or something goes on, whoever asked looks closer anyway.
            complete=wanted is None or not _unread(wanted, seen),
            prune=seen.tags.get(PRUNE_TAG, "auto"),
        )


async def _listed(ctx: Context, clusters: Collection[str]) -> Listed:
    others: set[str] = set()

    async def here() -> list[ServiceSeen]:
        return await _services(ctx, clusters)

    async def elsewhere() -> list[ServiceSeen]:
        others.update((await _elsewhere(ctx)).difference(clusters))
        return await _services(ctx, others)

    found = await together(_call, (here, elsewhere))
    return Listed(frozenset(clusters) | others, tuple(seen for its in found for seen in its))


def _key_of(ctx: Context, seen: ServiceSeen) -> Key | None:
    owner = seen.tags.get(OWNER_TAG)
    key = ctx.env.key_of(owner) if owner else None
    return key if key is not None and key.kind == "Service" else None


async def _elsewhere(ctx: Context) -> set[str]:
    """The clusters of this environment's services: ``arn:…:service/CLUSTER/NAME``. An ARN of the old form
    names no cluster."""
    parts = (arn.split("/") for arn in await owned_arns(ctx, "Service"))
    return {part[1] for part in parts if len(part) == 3}


async def _call(read: Callable[[], Awaitable[list[ServiceSeen]]]) -> list[ServiceSeen]:
    return await read()


async def _services(ctx: Context, clusters: Iterable[str]) -> list[ServiceSeen]:
    """The live services of clusters. One that is being deleted does not count any more."""
    found = await together(partial(_of_cluster, ctx), sorted(clusters))
    return [seen for its in found for seen in its]


async def _of_cluster(ctx: Context, cluster: str) -> list[ServiceSeen]:
    """To be called by `together`: what a read raises comes in a group."""
    import anyio  # late: checking manifests needs no event loop

    found: dict[int, list[ServiceSeen]] = {}

    async def describe(turn: int, names: list[str]) -> None:
        told = await SERVICES.fetch(ctx, [(cluster, name) for name in names])
        its = (_told(told.get((cluster, name)), cluster, name) for name in names)
        found[turn] = [seen for seen in its if seen is not None and seen.status == "ACTIVE"]

    turn = 0
    async with anyio.create_task_group() as tasks:
        async for names in _names(ctx, cluster):  # the next page is asked for while this one is described
            for start in range(0, len(names), SERVICES.batch):
                tasks.start_soon(describe, turn, names[start : start + SERVICES.batch])
                turn += 1
    return [seen for turn in sorted(found) for seen in found[turn]]


async def _names(ctx: Context, cluster: str) -> AsyncIterator[list[str]]:
    try:
        async for arns in pages(ctx, "ecs", "ListServices", "serviceArns", cluster=cluster, maxResults=100):
            yield [arn.rsplit("/", 1)[-1] for arn in arns]
    except AwsError as error:
        if error.aws_code != "ClusterNotFoundException":
            raise
        # No cluster, no services.

"""How services, their deployments and revisions are read: many in one call."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from attrs import frozen

from apollo.api import AwsError, Context, Loader
from apollo.controllers.service.seen import Deployment, ServiceSeen, project, seconds

__all__ = ["DEPLOYMENTS", "NEWEST", "OURS", "REVISIONS", "SERVICES", "Newest", "Unknowable"]


_STATUSES = frozenset({"ACTIVE", "DRAINING", "INACTIVE"})


@frozen
class Unknowable:
    """AWS said neither that the service is there nor that it is missing."""

    why: str
    no_cluster: bool = False


class Services(Loader[tuple[str, str], "ServiceSeen | Unknowable"]):
    """DescribeServices: 10 services of one cluster in a call. Keys are (cluster, name)."""

    name = "ecs.DescribeServices"
    batch = 10

    def scope(self, key: tuple[str, str]) -> Hashable:
        return key[0]

    async def fetch(
        self, ctx: Context, keys: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], ServiceSeen | Unknowable]:
        cluster = keys[0][0]
        names = [name for _, name in keys]
        try:
            answer = await ctx.read(
                "ecs", "DescribeServices", cluster=cluster, services=names, include=["TAGS"]
            )
        except AwsError as error:
            if error.aws_code != "ClusterNotFoundException":
                raise
            return dict.fromkeys(keys, Unknowable(error.message, no_cluster=True))
        found: dict[tuple[str, str], ServiceSeen | Unknowable] = {}
        for live in answer.get("services") or ():
            seen = project(live, cluster)
            if seen.status not in _STATUSES:
                # A state that AWS has added since: neither there nor gone as we know it.
                found[cluster, seen.name] = Unknowable(f"its status is {seen.status}")
                continue
            known = found.get((cluster, seen.name))
            # A name that was used before may be told twice: the one that is alive counts.
            if not isinstance(known, ServiceSeen) or known.absent:
                found[cluster, seen.name] = seen
        missing = set()
        for failure in answer.get("failures") or ():
            name = str(failure.get("arn", "")).rsplit("/", 1)[-1]
            if failure.get("reason") == "MISSING":
                missing.add(name)
            else:
                found.setdefault((cluster, name), Unknowable(str(failure.get("reason") or "no reason given")))
        for key in keys:
            if key not in found and key[1] not in missing:
                found[key] = Unknowable("AWS's answer does not mention it")
        return found


class Deployments(Loader[str, Deployment]):
    """DescribeServiceDeployments: 20 in a call. Keys are ARNs. One that has ended is remembered."""

    name = "ecs.DescribeServiceDeployments"
    batch = 20

    def immutable(self, key: str, value: Deployment) -> bool:
        return value.final

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Deployment]:
        answer = await ctx.read("ecs", "DescribeServiceDeployments", serviceDeploymentArns=list(keys))
        found = (_deployment(item) for item in answer.get("serviceDeployments") or ())
        return {deployment.arn: deployment for deployment in found}


class Revisions(Loader[str, Mapping[str, Any]]):
    """DescribeServiceRevisions: 20 in a call. Keys are ARNs. A revision never changes."""

    name = "ecs.DescribeServiceRevisions"
    batch = 20

    def immutable(self, key: str, value: Mapping[str, Any]) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        answer = await ctx.read("ecs", "DescribeServiceRevisions", serviceRevisionArns=list(keys))
        return {item["serviceRevisionArn"]: item for item in answer.get("serviceRevisions") or ()}


@frozen
class Newest:
    """Asks for the newest service deployment of a service.

    :ivar mark: changes whenever AWS starts or ends a deployment of the service, so that an answer that was
        final under a mark stays true under it.
    """

    cluster: str
    service: str
    mark: tuple[Hashable, ...]


class NewestDeployments(Loader[Newest, Deployment]):
    """ListServiceDeployments: one service in a call. AWS does not promise an order, so all pages are read."""

    name = "ecs.ListServiceDeployments"
    batch = 1

    def immutable(self, key: Newest, value: Deployment) -> bool:
        return value.final

    async def fetch(self, ctx: Context, keys: Sequence[Newest]) -> Mapping[Newest, Deployment]:
        found: dict[Newest, Deployment] = {}
        for key in keys:
            more: dict[str, str] = {}
            newest: Deployment | None = None
            while True:
                page = await ctx.read(
                    "ecs",
                    "ListServiceDeployments",
                    service=key.service,
                    cluster=key.cluster,
                    maxResults=100,
                    **more,
                )
                for item in page.get("serviceDeployments") or ():
                    deployment = _deployment(item)
                    if newest is None or deployment.created > newest.created:
                        newest = deployment
                if not page.get("nextToken") or page["nextToken"] == more.get("nextToken"):
                    break
                more = {"nextToken": page["nextToken"]}
            if newest is not None:
                found[key] = newest
        return found


class Ours(Loader[str, bool]):
    """Which entries of ``deployments`` this process has started. Keys are their ids; only `remember` fills
    it, and nothing is read from AWS."""

    name = "ecs.deployments-started-here"
    batch = 100

    def immutable(self, key: str, value: bool) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        return {}


SERVICES = Services()
DEPLOYMENTS = Deployments()
REVISIONS = Revisions()
NEWEST = NewestDeployments()
OURS = Ours()


def _deployment(item: Mapping[str, Any]) -> Deployment:
    """A ServiceDeployment or the brief form of it."""
    target = item.get("targetServiceRevision") or {}
    rollback = item.get("rollback") or {}
    return Deployment(
        arn=str(item.get("serviceDeploymentArn", "")),
        status=str(item.get("status", "")),
        reason=str(item.get("statusReason") or rollback.get("reason") or ""),
        target_arn=str(item.get("targetServiceRevisionArn") or target.get("arn") or ""),
        created=seconds(item.get("createdAt")),
        stage=str(item.get("lifecycleStage") or ""),
    )

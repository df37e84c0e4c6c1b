"""What is seen of a service: the part of AWS's answers that a decision needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from apollo.compare.service import live_spec
from apollo.controllers.tags import tag_map

__all__ = ["Deployment", "ServiceSeen", "project"]

# Told by DescribeServiceRevisions only.
_REVISION_ONLY = ("gatewayConnectors", "monitoring")


@frozen
class Deployment:
    """The newest service deployment: one attempt of AWS to bring the service to a revision.

    :ivar status: AWS's: PENDING, IN_PROGRESS, SUCCESSFUL, STOP_REQUESTED, STOPPED, ROLLBACK_REQUESTED,
        ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED.
    :ivar reason: AWS's statusReason.
    :ivar target: the ServiceRevision it goes to, as DescribeServiceRevisions tells it; None when unknown.
    :ivar failure: what is known of the causes, once it has failed.
    """

    arn: str
    status: str
    reason: str = ""
    target_arn: str = ""
    created: float = 0.0
    stage: str = ""
    target: Mapping[str, Any] | None = None
    failure: str = ""

    @property
    def final(self) -> bool:
        """Whether AWS will not change it any more."""
        return self.status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")

    @property
    def running(self) -> bool:
        """Whether it is still on its way to its target."""
        return self.status in ("PENDING", "IN_PROGRESS")

    @property
    def returning(self) -> bool:
        """Whether it is on its way back."""
        return self.status in ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


@frozen
class ServiceSeen:
    """One service as AWS has it.

    :ivar status: ACTIVE, DRAINING (deleted, its tasks are stopping) or INACTIVE. An INACTIVE service is
        absent: its name is free, and its tags are those of whoever may take the name.
    :ivar fields: what can be compared with a spec, under the names of the spec.
    :ivar live: the rest of AWS's answer: counts and deployments.
    :ivar unread: fields that nothing read so far tells; they are not compared.
    :ivar count_owner: why the desired count is left alone, where somebody scales the service.
    """

    arn: str
    name: str
    cluster: str
    status: str
    fields: Mapping[str, Any]
    live: Mapping[str, Any]
    tags: Mapping[str, str] = field(factory=dict)
    deployment: Deployment | None = None
    unread: frozenset[str] = frozenset(_REVISION_ONLY)
    count_owner: str = ""

    @property
    def absent(self) -> bool:
        return self.status == "INACTIVE"

    @property
    def incarnation(self) -> str:
        """Tells this service from a later one of the same name, so that creating anew is a new request."""
        return f"{self.arn}@{seconds(self.live.get('createdAt'))}"

    @property
    def primary(self) -> Mapping[str, Any]:
        """The newest entry of ``deployments``, the one ECS works towards; empty when there is none."""
        return primary(self.live)

    @property
    def rollout(self) -> str:
        """COMPLETED, IN_PROGRESS or FAILED. AWS tells it of rolling deployments only; elsewhere the rollout
        is over when one deployment is left."""
        state = self.primary.get("rolloutState")
        if isinstance(state, str) and state:
            return state
        return "IN_PROGRESS" if len(self.live.get("deployments") or ()) > 1 else "COMPLETED"

    @property
    def desired(self) -> int:
        return int(self.live.get("desiredCount") or 0)

    @property
    def running(self) -> int:
        return int(self.live.get("runningCount") or 0)

    @property
    def pending(self) -> int:
        return int(self.live.get("pendingCount") or 0)


def primary(live: Mapping[str, Any]) -> Mapping[str, Any]:
    deployments: Sequence[Mapping[str, Any]] = live.get("deployments") or ()
    for deployment in deployments:
        if deployment.get("status") == "PRIMARY":
            return deployment
    return {}


def project(live: Mapping[str, Any], cluster: str) -> ServiceSeen:
    """AWS's Service (DescribeServices), with what it tells of the newest deployment joined in."""
    fields = {name: value for name, value in live_spec(live).items() if name not in _NEVER_COMPARED}
    rest = {name: live[name] for name in _WATCHED if live.get(name) is not None}
    return ServiceSeen(
        arn=str(live.get("serviceArn", "")),
        name=str(live.get("serviceName", "")),
        cluster=cluster,
        status=str(live.get("status", "ACTIVE")),
        fields=fields,
        live=rest,
        tags=tag_map(live.get("tags")),
    )


def seconds(moment: object) -> float:
    """A moment of an AWS answer in seconds since 1970; 0 when AWS told none."""
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, int | float) else 0.0


_WATCHED = (
    "createdAt",
    "desiredCount",
    "runningCount",
    "pendingCount",
    "deployments",
    "currentServiceDeployment",
    "currentServiceRevisions",
)
# Computed, and much of it: a service carries its last hundred events.
_NEVER_COMPARED = frozenset(_WATCHED) - {"desiredCount"} | {
    "clusterArn",
    "createdBy",
    "events",
    "platformFamily",
    "resourceManagementType",
    "roleArn",
    "serviceArn",
    "status",
    "tags",
    "taskSets",
}

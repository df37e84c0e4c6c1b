"""How resources, apps and environments fare: sync, health, and the roll-up of both. Data only.

Writing a status never enqueues anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import field, frozen

from apollo.api import Health, HealthStatus, Key, Problem
from apollo.engine.plan import ResourcePlan, problem_dict

__all__ = [
    "AppStatus",
    "EnvironmentStatus",
    "Outcome",
    "OutcomeName",
    "ResourceStatus",
    "SyncStatus",
    "environment_status",
    "resource_status",
    "worst",
]

SyncStatus = Literal["Synced", "OutOfSync", "Unknown"]
OutcomeName = Literal["Succeeded", "Failed", "Skipped", "RolledBack"]

_HEALTH_ORDER: tuple[HealthStatus, ...] = (
    "Healthy",
    "Suspended",
    "Progressing",
    "Missing",
    "Unknown",
    "Degraded",
)
_SYNC_ORDER: tuple[SyncStatus, ...] = ("Synced", "OutOfSync", "Unknown")


@frozen
class Outcome:
    """What became of one resource when the plan was carried out.

    :ivar code: what `apollo explain` knows of a failure; empty when there is none.
    :ivar hint: what to do about it.
    """

    key: Key
    outcome: OutcomeName
    message: str = ""
    code: str = ""
    hint: str = ""


@frozen
class ResourceStatus:
    """One resource now. Every state that is not Synced and Healthy says why, since when, and what is next.

    :ivar next_try: when it is looked at again; None outside a running operator.
    """

    key: Key
    app: str
    sync: SyncStatus
    health: Health
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    next_try: datetime | None = None
    outputs: Mapping[str, str] = field(factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": str(self.key),
            "app": self.app,
            "sync": self.sync,
            "health": self.health.status,
            "reason": self.reason,
            "message": self.message,
            "since": _time(self.since),
            "nextTry": _time(self.next_try),
            "outputs": dict(self.outputs),
        }


@frozen
class AppStatus:
    """The roll-up of one app: the worst of its resources."""

    name: str
    commit: str
    sync: SyncStatus
    health: HealthStatus
    errors: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "commit": self.commit,
            "sync": self.sync,
            "health": self.health,
            "errors": [problem_dict(problem) for problem in self.errors],
        }


@frozen
class EnvironmentStatus:
    """The roll-up of one environment."""

    name: str
    commit: str
    config_digest: str
    sync: SyncStatus
    health: HealthStatus
    apps: tuple[AppStatus, ...] = ()
    resources: tuple[ResourceStatus, ...] = ()
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "name": self.name,
            "commit": self.commit,
            "configDigest": self.config_digest,
            "sync": self.sync,
            "health": self.health,
            "apps": [app.to_dict() for app in self.apps],
            "resources": [resource.to_dict() for resource in self.resources],
        }
        if self.message:
            data["message"] = self.message
        return data


def worst(states: Iterable[HealthStatus]) -> HealthStatus:
    """The roll-up of healths; Healthy when there are none."""
    return max(states, key=_HEALTH_ORDER.index, default="Healthy")


def _worst_sync(states: Iterable[SyncStatus]) -> SyncStatus:
    return max(states, key=_SYNC_ORDER.index, default="Synced")


def resource_status(
    item: ResourcePlan, *, since: datetime | None = None, next_try: datetime | None = None
) -> ResourceStatus:
    """What a look at a resource says about it."""
    sync, reason, message = _sync(item)
    if not reason and item.wait is not None:
        reason, message = item.wait.reason, item.wait.message
    if not reason and item.health.status != "Healthy":
        reason = item.health.reason
    return ResourceStatus(
        key=item.key,
        app=item.app,
        sync=sync,
        health=item.health,
        reason=reason,
        message=message or item.health.message,
        since=since,
        next_try=next_try,
        outputs=item.outputs,
    )


def _sync(item: ResourcePlan) -> tuple[SyncStatus, str, str]:
    if item.failure is not None:
        return "Unknown", item.failure.reason, item.failure.message
    loud = [finding for finding in item.findings if finding.decision != "skip"]
    if any(finding.reason == "Conflict" for finding in loud):
        return "Unknown", "Conflict", loud[0].message
    if item.rejected is not None and item.health.status in ("Degraded", "Progressing"):
        return "OutOfSync", item.health.reason or "Quarantined", loud[0].message if loud else item.rejected
    if loud:
        return "OutOfSync", loud[0].reason, loud[0].message
    if item.settling:
        message = item.why or "; ".join(change.path for change in item.changes)
        return "OutOfSync", item.findings[0].reason if item.findings else item.reason, message
    if item.blocked_by:
        return "OutOfSync", "DependencyNotReady", item.why
    return "Synced", "", ""


def environment_status(
    name: str,
    commit: str,
    config_digest: str,
    resources: Iterable[ResourceStatus],
    apps: Mapping[str, tuple[str, tuple[Problem, ...]]],
    problems: tuple[Problem, ...] = (),
    message: str = "",
) -> EnvironmentStatus:
    """Roll resources up into apps, and apps into the environment.

    :param apps: per app its commit in force and what is wrong with a newer one.
    """
    rows = tuple(resources)
    names = sorted({*apps, *(row.app for row in rows)})
    rolled = []
    for app in names:
        app_commit, errors = apps.get(app, (commit, ()))
        own = [row for row in rows if row.app == app]
        broken = any(problem.severity == "error" for problem in errors)
        rolled.append(
            AppStatus(
                name=app,
                commit=app_commit,
                sync="Unknown" if broken else _worst_sync(row.sync for row in own),
                health="Unknown" if broken and not own else worst(row.health.status for row in own),
                errors=errors,
            )
        )
    unknown = any(problem.severity == "error" for problem in problems) or bool(message)
    return EnvironmentStatus(
        name=name,
        commit=commit,
        config_digest=config_digest,
        sync="Unknown" if unknown else _worst_sync(app.sync for app in rolled),
        health="Unknown" if unknown and not rows else worst(app.health for app in rolled),
        apps=tuple(rolled),
        resources=rows,
        message=message or "; ".join(map(_with_remedy, problems)),
    )


def _with_remedy(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None

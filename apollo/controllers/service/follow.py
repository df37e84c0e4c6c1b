"""Follows a rollout by level: what the newest service deployment is and how it stands, whoever asked for it.

Running equals desired proves nothing: a service that was rolled back looks the same. A rollout has succeeded
when the newest service deployment goes to what git asks for and has ended SUCCESSFUL.
"""

from __future__ import annotations

from apollo.api import Change, Health, Resource, Wait
from apollo.controllers.service.fields import OF_REVISION, all_changes, field_of, revision_changes
from apollo.controllers.service.seen import Deployment, ServiceSeen
from apollo.resources.service import ServiceSpec

__all__ = ["health", "in_force", "ours", "pending_changes", "rejected", "settled"]

Want = Resource[ServiceSpec]

# What AWS did to a deployment that it did not bring to its end.
_REFUSED = {
    "STOP_REQUESTED": "is being stopped",
    "STOPPED": "was stopped",
    "ROLLBACK_REQUESTED": "is being rolled back",
    "ROLLBACK_IN_PROGRESS": "is being rolled back",
    "ROLLBACK_SUCCESSFUL": "was rolled back",
    "ROLLBACK_FAILED": "failed, and so did rolling it back",
}


def ours(want: Want, seen: ServiceSeen) -> Deployment | None:
    """The newest service deployment, when it goes to exactly what ``want`` asks for."""
    newest = seen.deployment
    if newest is None or newest.target is None or revision_changes(want, newest.target):
        return None
    return newest


def in_force(want: Want, seen: ServiceSeen) -> bool:
    """Whether the live service has, as far as its tasks go, what ``want`` asks for."""
    return not revision_changes(want, seen.fields, seen.unread)


def pending_changes(want: Want, seen: ServiceSeen) -> list[Change]:
    """What has to be asked of AWS: every difference, but for what it is already rolling out to (a live
    service may show its old self until then)."""
    changes = all_changes(want, seen)
    if changes:
        newest = ours(want, seen)
        if newest is not None and newest.running:
            changes = [change for change in changes if field_of(change) not in OF_REVISION]
    return changes


def rejected(want: Want, seen: ServiceSeen | None) -> str | None:
    """Why AWS gave up this very desired state, or None."""
    if seen is None or seen.status != "ACTIVE":
        return None
    newest = ours(want, seen)
    if newest is not None and newest.status in _REFUSED:
        if newest.status in ("STOP_REQUESTED", "STOPPED") and _superseded(want, seen):
            return None
        why = newest.failure or newest.reason
        text = f"the deployment {_REFUSED[newest.status]}"
        return f"{text}: {why}" if why else text
    if seen.rollout == "FAILED" and in_force(want, seen):
        why = (newest.failure if newest else "") or str(seen.primary.get("rolloutStateReason") or "")
        return f"the deployment failed: {why}" if why else "the deployment failed"
    return None


def _superseded(want: Want, seen: ServiceSeen) -> bool:
    """Whether what was stopped is in force all the same, through another deployment."""
    return seen.rollout == "COMPLETED" and in_force(want, seen)


def settled(want: Want | None, seen: ServiceSeen | None) -> Wait | None:
    """What AWS is still busy with. A service that is being deleted blocks its name."""
    if seen is None or seen.absent:
        return None
    if seen.status == "DRAINING":
        left = seen.running + seen.pending
        return Wait("Draining", f"{left} tasks are stopping", after=5.0, blocking=True)
    if want is None:
        return None
    newest = ours(want, seen)
    if newest is not None and newest.returning:
        return Wait("RollingBack", _counts(seen), after=5.0)
    if rejected(want, seen) is not None:
        return None
    if newest is not None and newest.running:
        return Wait("RollingOut", _progress(seen, newest), after=_pace(seen))
    if seen.rollout == "IN_PROGRESS":
        back = seen.deployment is not None and seen.deployment.returning
        return Wait("RollingBack" if back else "RollingOut", _counts(seen), after=_pace(seen))
    if seen.running != seen.desired:
        return Wait("Scaling", _counts(seen), after=5.0)
    return None


def health(want: Want | None, seen: ServiceSeen | None) -> Health:
    if seen is None or seen.absent:
        return Health("Missing")
    if seen.status == "DRAINING":
        return Health("Progressing", "Draining", f"{seen.running + seen.pending} tasks are stopping")
    if want is not None:
        refused = rejected(want, seen)
        if refused is not None:
            return Health("Degraded", _refusal(want, seen), refused)
        wait = settled(want, seen)
        if wait is not None and wait.reason != "Scaling":
            return Health("Progressing", wait.reason, wait.message)
    if seen.running < seen.desired:
        if seen.running + seen.pending >= seen.desired:
            return Health("Progressing", "Scaling", _counts(seen))
        return Health("Degraded", "TasksMissing", _counts(seen))
    if seen.running > seen.desired:
        return Health("Progressing", "Scaling", _counts(seen))
    if seen.desired == 0:
        return Health("Healthy", "", "scaled to 0")
    return Health("Healthy", "", _counts(seen))


def _refusal(want: Want, seen: ServiceSeen) -> str:
    newest = ours(want, seen)
    status = newest.status if newest is not None else ""
    if status in ("STOPPED", "STOP_REQUESTED"):
        # Without a revision to go back to the breaker can only stop; nothing was rolled back then.
        return "Stopped" if seen.rollout != "FAILED" else "Failed"
    return "RolledBack" if status.startswith("ROLLBACK") and status != "ROLLBACK_FAILED" else "Failed"


def _counts(seen: ServiceSeen) -> str:
    """``2/4 running, 1 failed``; while an update takes the place of running tasks,
    ``new 2/4 running, old 3 still serving``."""
    newest = seen.primary
    desired = int(newest.get("desiredCount", seen.desired) or 0)
    running = int(newest.get("runningCount", seen.running) or 0)
    failed = int(newest.get("failedTasks") or 0)
    if seen.rollout == "COMPLETED":
        desired, running, failed = seen.desired, seen.running, 0
    elif old := _serving_before(seen):
        return f"new {running}/{desired} running{_failed(failed)}, old {old} still serving"
    return f"{running}/{desired} running{_failed(failed)}"


def _failed(number: int) -> str:
    return f", {number} failed" if number else ""


def _serving_before(seen: ServiceSeen) -> int:
    """Running tasks of earlier deployments, unless AWS is on its way back to them."""
    if seen.deployment is not None and seen.deployment.returning:
        return 0
    deployments = seen.live.get("deployments") or ()
    return sum(int(one.get("runningCount") or 0) for one in deployments if one is not seen.primary)


def _progress(seen: ServiceSeen, newest: Deployment) -> str:
    stage = newest.stage.replace("_", " ").lower()
    return _counts(seen) + (f", {stage}" if stage else "")


def _pace(seen: ServiceSeen) -> float:
    """Seconds until it is worth looking again: soon when the end is near, later when tasks fail."""
    newest = seen.primary
    desired = int(newest.get("desiredCount", seen.desired) or 0)
    running = int(newest.get("runningCount") or 0)
    if running >= desired:
        # All tasks run: either it ends soon, or it bakes.
        return 2.0 if seen.deployment is None or seen.deployment.stage != "BAKE_TIME" else 15.0
    if newest.get("failedTasks"):
        return 10.0
    return 3.0 if running else 5.0

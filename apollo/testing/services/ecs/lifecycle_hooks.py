"""Lifecycle hooks of a deployment: Lambda functions that are asked, and pauses that somebody ends.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
"""

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.shifts import Hook, Shift
from apollo.testing.services.ecs.state import INF, Json, ServiceDeployment

_AGAIN = 30.0
"""IN_PROGRESS: "Amazon ECS invokes the function again … By default, the delay is 30 seconds." """


def begin(ecs: Region, deployment: ServiceDeployment, shift: Shift, stage: str, at: float) -> None:
    """Start every hook of a stage; they "run in parallel"."""
    for given in deployment.configuration.get("lifecycleHooks", []):
        if stage not in given.get("lifecycleStages", []):
            continue
        kind = given.get("targetType", "AWS_LAMBDA")
        if kind == "PAUSE" and shift.back:
            continue
        timeout = {"timeoutInMinutes": 1440, "action": "ROLLBACK"} | given.get("timeoutConfiguration", {})
        hook = Hook(
            f"ecs-{'pause' if kind == 'PAUSE' else 'lambda'}-{ecs.world.ids.short(43)}",
            stage,
            kind,
            given.get("hookTargetArn"),
            given.get("hookDetails"),
            "AWAITING_ACTION" if kind == "PAUSE" else "IN_PROGRESS",
            at + timeout["timeoutInMinutes"] * 60.0,
            timeout["action"],
            INF if kind == "PAUSE" else at,
        )
        shift.hooks.append(hook)


def failed(ecs: Region, deployment: ServiceDeployment, shift: Shift, at: float) -> str | None:
    """Ask whom it is time to ask; why the deployment has to be rolled back, if so.

    "If any hook triggers a rollback, the entire deployment rolls back regardless of the status of other hooks
    at that stage." On the way back nothing can fail any more.
    """
    for hook in shift.hooks:
        if hook.open and hook.target is not None and hook.poll_at <= at < hook.expires_at:
            hook.status = ecs.world.scenarios.hooks.call(hook.target, _payload(ecs, deployment, shift, hook))
            hook.poll_at = at + _AGAIN
        if hook.open and at >= hook.expires_at:
            hook.status = "TIMED_OUT"
        if not shift.back and (reason := _reason(hook)):
            return reason
    return None


def _reason(hook: Hook) -> str | None:
    if hook.status == "FAILED":
        if hook.kind == "PAUSE":
            return text.pause_rolled_back(hook.stage)
        return text.hook_failed(hook.stage, str(hook.target))
    if hook.status == "TIMED_OUT" and hook.timeout_action == "ROLLBACK":
        if hook.kind == "PAUSE":
            return text.pause_timed_out(hook.stage)
        return text.hook_timed_out(hook.stage, str(hook.target))
    return None


def waiting(shift: Shift) -> float | None:
    """When an open hook has to be looked at again; None when none is open."""
    return min((min(h.poll_at, h.expires_at) for h in shift.hooks if h.open), default=None)


def _payload(ecs: Region, deployment: ServiceDeployment, shift: Shift, hook: Hook) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html"""

    def weights(percent: float) -> Json:
        found = {shift.green.arn: percent}
        if shift.blue is not None:
            found[shift.blue.revision.arn] = 100.0 - percent
        return found

    service = deployment.arn.replace(":service-deployment/", ":service/").rpartition("/")[0]
    payload: Json = {
        "executionId": ecs.world.ids.uuid(),
        "lifecycleStage": hook.stage,
        "resourceArn": deployment.arn,
        "executionDetails": {
            "serviceArn": service,
            "targetServiceRevisionArn": shift.green.arn,
            "testTrafficWeights": weights(shift.test) if hook.stage == "TEST_TRAFFIC_SHIFT" else {},
            "productionTrafficWeights": (
                weights(shift.production)
                if hook.stage in ("PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
                else {}
            ),
        },
    }
    if hook.details is not None:
        payload["hookDetails"] = hook.details
    return payload

"""Moving a service's desired count, and the activities that tell of it.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

from apollo.testing.services.autoscaling.paging import check_filters, page
from apollo.testing.services.autoscaling.region import Region
from apollo.testing.services.autoscaling.state import DIMENSION, Activity, Json, Target
from apollo.testing.services.ecs import scheduler
from apollo.testing.services.ecs.service_rules import TASKS_PER_SERVICE
from apollo.testing.world import Call

_SIX_WEEKS = 42 * 86400.0


def into_bounds(scaling: Region, target: Target, at: float) -> None:
    """ "If it's below the minimum capacity or above the maximum capacity, Application Auto Scaling adjusts
    the capacity" (API_RegisterScalableTarget)."""
    current = target.service.desired
    if current < target.minimum:
        move(scaling, target, target.minimum, f"minimum capacity was set to {target.minimum}", at)
    elif current > target.maximum:
        move(scaling, target, target.maximum, f"maximum capacity was set to {target.maximum}", at)


def move(scaling: Region, target: Target, wanted: int, cause: str, at: float) -> None:
    """Set the desired count, as Application Auto Scaling does through UpdateService."""
    service = target.service
    if target.last is not None:
        _conclude(target.last, at)
        if target.last.status == "InProgress":
            target.last.status, target.last.ended_at = "Overridden", at
    if wanted > TASKS_PER_SERVICE:
        refused = note(scaling, target, f"Setting desired count to {wanted}.", cause, at)
        refused.status, refused.ended_at = "Failed", at
        refused.message = (
            f"Failed to set desired count to {wanted}. Reason: The desired count exceeds the limit of "
            f"{TASKS_PER_SERVICE} tasks per service."
        )
        return
    service.ask_for(wanted)
    scheduler.wake(scaling.ecs, service, at)
    target.last = note(scaling, target, f"Setting desired count to {wanted}.", cause, at)
    target.last.wanted = wanted


def note(scaling: Region, target: Target, description: str, cause: str, at: float) -> Activity:
    activity = Activity(scaling.world.ids.uuid(), target.resource_id, description, cause, at, target.service)
    scaling.activities.append(activity)
    return activity


def _conclude(activity: Activity, now: float) -> None:
    """An activity ends when as many tasks run as it asked for."""
    service = activity.service
    if activity.status != "InProgress" or activity.wanted is None:
        return
    if service.status != "ACTIVE":
        activity.status, activity.ended_at = "Failed", now
        activity.message = "Failed to set desired count: the service is not active."
        return
    live = [task for task in service.tasks if task.live]
    if service.desired == activity.wanted == len(live) and all(task.running_at <= now for task in live):
        activity.status = "Successful"
        activity.message = (
            f"Successfully set desired count to {activity.wanted}. Change successfully fulfilled by ecs."
        )
        activity.ended_at = max([activity.started_at, *(task.running_at for task in live)])


def _view(activity: Activity) -> Json:
    shown: Json = {
        "ActivityId": activity.id,
        "ServiceNamespace": "ecs",
        "ResourceId": activity.resource_id,
        "ScalableDimension": DIMENSION,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started_at,
        "StatusCode": activity.status,
        "StatusMessage": activity.message,
    }
    if activity.ended_at is not None:
        shown["EndTime"] = activity.ended_at
    if activity.not_scaled is not None:
        shown["NotScaledReasons"] = [activity.not_scaled]
    return shown


def describe(scaling: Region, call: Call) -> Json:
    """Newest first, of the last six weeks; those that scaled nothing on request only.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
    """
    p = call.params
    check_filters(scaling, p)
    found = []
    for activity in reversed(scaling.activities):
        if p.get("ResourceId") not in (None, activity.resource_id):
            continue
        if activity.not_scaled is not None and not p.get("IncludeNotScaledActivities"):
            continue
        if activity.started_at < call.now - _SIX_WEEKS:
            continue
        scaling.ecs.step_service(activity.service)
        _conclude(activity, call.now)
        found.append(_view(activity))
    chunk, more = page(found, p, 50)
    return {"ScalingActivities": chunk, **more}

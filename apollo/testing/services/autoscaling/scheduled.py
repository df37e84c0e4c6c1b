"""Scheduled actions: putting, deleting and describing them, and what they do at their moment."""

import re
from functools import partial

from apollo.testing.errors import ApiError
from apollo.testing.services.autoscaling.capacity import into_bounds, note
from apollo.testing.services.autoscaling.paging import check_filters, page
from apollo.testing.services.autoscaling.region import Region, invalid, named
from apollo.testing.services.autoscaling.schedule import parse
from apollo.testing.services.autoscaling.state import DIMENSION, Json, ScheduledAction, Target
from apollo.testing.services.ecs import scheduler
from apollo.testing.world import Call

ACTIONS_PER_TARGET = 200
"""https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-limits.html"""
_NAME = re.compile(r"(?! )[^\x00-\x1f\x7f-\x9f:/|]{1,256}(?<! )")


def put(scaling: Region, call: Call) -> Json:
    """ "To update a scheduled action, specify the parameters that you want to change. If you don't specify
    start and end times, the old values are deleted."

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
    """
    p = call.params
    target = scaling.target(p)
    name = p["ScheduledActionName"]
    if not _NAME.fullmatch(name):
        raise invalid(f"The scheduled action name '{name}' is not valid")
    before = target.actions.get(name)
    schedule = p.get("Schedule", before.schedule if before else None)
    if schedule is None:
        raise invalid("A schedule must be specified to create a scheduled action")
    action = p.get("ScalableTargetAction", before.action if before else {})
    if not action:
        raise invalid("At least one of minimum capacity and maximum capacity should be provided")
    if min(action.values()) < 0:
        raise invalid("Minimum capacity and maximum capacity cannot be negative")
    if action.get("MaxCapacity", float("inf")) < action.get("MinCapacity", 0):
        raise invalid("Maximum capacity cannot be less than minimum capacity")
    start, end = p.get("StartTime"), p.get("EndTime")
    if start is not None and end is not None and end <= start:
        raise invalid("The end time must be after the start time")
    timezone = p.get("Timezone", before.timezone if before else None)
    parse(schedule, timezone, call.now)
    if before is None and len(target.actions) >= ACTIONS_PER_TARGET:
        raise ApiError(
            "LimitExceededException",
            f"A scalable target can have at most {ACTIONS_PER_TARGET} scheduled actions",
        )
    arn = (
        f"arn:aws:autoscaling:{scaling.region}:{scaling.account}:scheduledAction:{target.uuid}:"
        f"resource/ecs/{target.resource_id}:scheduledActionName/{name}"
    )
    created = before.created_at if before else call.now
    target.actions[name] = ScheduledAction(name, arn, schedule, created, timezone, action, start, end)
    _plan(scaling, target, target.actions[name], call.now)
    return {}


def _plan(scaling: Region, target: Target, action: ScheduledAction, after: float) -> None:
    """Have an action happen at its next time."""
    anchor = action.created_at if action.start is None else action.start
    coming = parse(action.schedule, action.timezone, anchor)(max(after, (action.start or 0.0) - 1))
    if coming is not None and (action.end is None or coming <= action.end):
        scaling.world.at(coming, partial(_fire, scaling, target, action))


def _fire(scaling: Region, target: Target, action: ScheduledAction, at: float) -> None:
    """ "At the scheduled time, if the current capacity is below the minimum capacity, Application Auto
    Scaling scales out to the minimum capacity. If the current capacity is above the maximum capacity, …"

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTargetAction.html
    """
    if scaling.targets.get(target.resource_id) is not target or target.actions.get(action.name) is not action:
        return  # replaced or deleted since it was planned
    scheduler.step(scaling.ecs, target.service, at)
    if target.service.status != "ACTIVE":
        return
    _plan(scaling, target, action, at)
    if target.suspended["ScheduledScalingSuspended"]:
        return
    minimum = action.action.get("MinCapacity", target.minimum)
    maximum = action.action.get("MaxCapacity", target.maximum)
    words = [
        f"{what} capacity to {action.action[name]}"
        for what, name in (("min", "MinCapacity"), ("max", "MaxCapacity"))
        if name in action.action
    ]
    cause = f"scheduled action name {action.name} was triggered"
    activity = note(scaling, target, f"Setting {' and '.join(words)}", cause, at)
    activity.ended_at = at
    if maximum < minimum:
        activity.status = "Failed"
        activity.message = "Maximum capacity cannot be less than minimum capacity"
        return
    activity.status, activity.message = "Successful", f"Successfully set {' and '.join(words)}"
    target.minimum, target.maximum = minimum, maximum
    into_bounds(scaling, target, at)


def delete(scaling: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScheduledAction.html"""
    p = call.params
    resource_id = scaling.check(p)
    target = scaling.find(resource_id)
    if target is None or target.actions.pop(p["ScheduledActionName"], None) is None:
        raise ApiError(
            "ObjectNotFoundException",
            f"No scheduled action found for {named(resource_id)}, "
            f"scheduled action name: {p['ScheduledActionName']}",
        )
    return {}


def describe(scaling: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html"""
    p = call.params
    check_filters(scaling, p)
    wanted = p.get("ScheduledActionNames")
    found = [
        _view(target, action)
        for target in scaling.all()
        if p.get("ResourceId") in (None, target.resource_id)
        for action in target.actions.values()
        if not wanted or action.name in wanted
    ]
    chunk, more = page(found, p, 50)
    return {"ScheduledActions": chunk, **more}


def _view(target: Target, action: ScheduledAction) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScheduledAction.html"""
    optional = {"Timezone": action.timezone, "StartTime": action.start, "EndTime": action.end}
    return {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        "ServiceNamespace": "ecs",
        "Schedule": action.schedule,
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "ScalableTargetAction": action.action,
        "CreationTime": action.created_at,
    } | {name: value for name, value in optional.items() if value is not None}

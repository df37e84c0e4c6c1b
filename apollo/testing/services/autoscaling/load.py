"""Load, said instead of measured: what the policies of a target do when it changes."""

import math

from apollo.testing.services.autoscaling.capacity import move, note
from apollo.testing.services.autoscaling.region import Region
from apollo.testing.services.autoscaling.state import Json, Policy, Target


def load_needs(scaling: Region, resource_id: str, tasks: int) -> int:
    """The load needs so many tasks now: scale as far as the target allows; the desired count afterwards.

    Like AWS it stays within the bounds, moves nothing that is suspended or that no policy would move, and
    leaves an activity behind. LookupError: no scalable target of this id.
    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
    """
    target = scaling.find(resource_id)
    if target is None:
        raise LookupError(f"no scalable target is registered for {resource_id}")
    scaling.ecs.step_service(target.service)
    current = target.service.desired
    if tasks == current:
        return current
    out = tasks > current
    suspended = target.suspended["DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended"]
    policy = next((one for one in target.policies.values() if _moves(one, out)), None)
    if policy is None or suspended:
        return current
    wanted = min(max(tasks, target.minimum), target.maximum)
    cause = f"monitor alarm {_alarm(policy, out)} in state ALARM triggered policy {policy.name}"
    if wanted == current or (wanted > current) != out:
        activity = note(scaling, target, "Attempting to scale due to alarm triggered", cause, scaling.now)
        activity.status, activity.ended_at = "Failed", scaling.now
        activity.not_scaled = _reason(target, current, out)
        return current
    move(scaling, target, wanted, cause, scaling.now)
    return wanted


def _moves(policy: Policy, out: bool) -> bool:
    """Whether a policy would scale in that direction."""
    if policy.type == "TargetTrackingScaling":
        return out or not policy.configuration.get("DisableScaleIn", False)
    if policy.type == "StepScaling":
        kind = policy.configuration["AdjustmentType"]
        steps = [step["ScalingAdjustment"] for step in policy.configuration["StepAdjustments"]]
        return kind == "ExactCapacity" or any(
            math.copysign(1, step) == (1 if out else -1) for step in steps if step
        )
    return False


def _alarm(policy: Policy, out: bool) -> str:
    if policy.alarms:
        return str(policy.alarms[0 if out else 1]["AlarmName"])
    return f"{policy.name}-{'high' if out else 'low'}"


def _reason(target: Target, current: int, out: bool) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_NotScaledReason.html"""
    if out:
        return {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.maximum, "CurrentCapacity": current}
    return {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.minimum, "CurrentCapacity": current}

"""Scalable targets: RegisterScalableTarget, DeregisterScalableTarget, DescribeScalableTargets."""

from apollo.testing.errors import ApiError
from apollo.testing.services.autoscaling.capacity import into_bounds
from apollo.testing.services.autoscaling.paging import check_filters, page
from apollo.testing.services.autoscaling.region import Region, invalid, named
from apollo.testing.services.autoscaling.state import DIMENSION, Json, Target
from apollo.testing.services.autoscaling.tags import checked
from apollo.testing.world import Call


def register(scaling: Region, call: Call) -> Json:
    """Creates, or changes what is given; then moves the current capacity into the bounds at once.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    p = call.params
    resource_id = scaling.check(p)
    service = scaling.find_service(resource_id)
    if service is None:
        raise invalid("ECS service doesn't exist")
    target = scaling.find(resource_id)
    if target is not None and p.get("Tags"):
        raise invalid(
            "The scalable target that you tried to tag already exists. To update tags on an existing "
            "scalable target, use the TagResource API."
        )
    minimum = p.get("MinCapacity", target.minimum if target else None)
    maximum = p.get("MaxCapacity", target.maximum if target else None)
    if minimum is None or maximum is None:
        raise invalid(
            "Both minimum capacity and maximum capacity must be specified to register a new scalable target"
        )
    if minimum < 0 or maximum < 0:
        raise invalid("Minimum capacity and maximum capacity cannot be negative")
    if maximum < minimum:
        raise invalid("Maximum capacity cannot be less than minimum capacity")
    if target is None:
        ids = scaling.world.ids
        arn = (
            f"arn:aws:application-autoscaling:{scaling.region}:{scaling.account}:"
            f"scalable-target/{ids.hex(36)}"
        )
        tags = checked(p.get("Tags", {}), {}, arn)
        target = Target(resource_id, arn, ids.uuid(), minimum, maximum, call.now, service, tags=tags)
        scaling.targets[resource_id] = target
    target.minimum, target.maximum = minimum, maximum
    target.suspended |= p.get("SuspendedState", {})
    into_bounds(scaling, target, call.now)
    return {"ScalableTargetARN": target.arn}


def deregister(scaling: Region, call: Call) -> Json:
    """ "Deregistering a scalable target deletes the scaling policies and the scheduled actions that are
    associated with it." The capacity stays as it is.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
    """
    resource_id = scaling.check(call.params)
    if scaling.find(resource_id) is None:
        raise ApiError("ObjectNotFoundException", f"No scalable target found for {named(resource_id)}")
    del scaling.targets[resource_id]
    return {}


def describe(scaling: Region, call: Call) -> Json:
    """Ids that are not registered are left out without a word.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """
    p = call.params
    check_filters(scaling, p)
    wanted = p.get("ResourceIds")
    found = [one for one in scaling.all() if not wanted or one.resource_id in wanted]
    chunk, more = page(found, p, 50)
    return {"ScalableTargets": [_view(scaling, target) for target in chunk], **more}


def _view(scaling: Region, target: Target) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html"""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": scaling.role,
        "CreationTime": target.created_at,
        "SuspendedState": dict(target.suspended),
        "ScalableTargetARN": target.arn,
    }

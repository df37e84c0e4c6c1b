"""Scaling policies: PutScalingPolicy, DeleteScalingPolicy, DescribeScalingPolicies."""

from apollo.testing.errors import ApiError
from apollo.testing.services.autoscaling.paging import check_filters, page
from apollo.testing.services.autoscaling.policy_rules import CONFIGURATION, checked
from apollo.testing.services.autoscaling.region import Region, invalid, named
from apollo.testing.services.autoscaling.state import DIMENSION, Json, Policy, Target
from apollo.testing.world import Call

POLICIES_PER_TARGET = 50
"""https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-limits.html"""


def put(scaling: Region, call: Call) -> Json:
    """Creates or replaces; the ARN and the alarms stay.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
    """
    p = call.params
    target = scaling.target(p)
    name = p["PolicyName"]
    if not name.isprintable():
        raise invalid("A policy name has printable characters only")
    before = target.policies.get(name)
    given = [kind for kind, member in CONFIGURATION.items() if member in p]
    kind = p.get("PolicyType") or (before.type if before else "StepScaling")
    if given != [kind]:
        raise invalid(f"{CONFIGURATION[kind]}, and no other, must be specified for policy type {kind}")
    configuration = checked(kind, p[CONFIGURATION[kind]])
    if before is None and len(target.policies) >= POLICIES_PER_TARGET:
        raise ApiError(
            "LimitExceededException", f"A scalable target can have at most {POLICIES_PER_TARGET} policies"
        )
    if before is None:
        arn = (
            f"arn:aws:autoscaling:{scaling.region}:{scaling.account}:scalingPolicy:{target.uuid}:"
            f"resource/ecs/{target.resource_id}:policyName/{name}"
        )
        before = target.policies[name] = Policy(name, arn, kind, {}, [], call.now)
    if before.type != kind or not before.alarms:
        before.alarms = _alarms(scaling, target) if kind == "TargetTrackingScaling" else []
    before.type, before.configuration = kind, configuration
    return {"PolicyARN": before.arn, "Alarms": before.alarms}


def _alarms(scaling: Region, target: Target) -> list[Json]:
    """The two CloudWatch alarms of a target tracking policy.

    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
    """
    names = [
        f"TargetTracking-{target.resource_id}-Alarm{side}-{scaling.world.ids.uuid()}"
        for side in ("High", "Low")
    ]
    prefix = f"arn:aws:cloudwatch:{scaling.region}:{scaling.account}:alarm:"
    return [{"AlarmName": name, "AlarmARN": prefix + name} for name in names]


def delete(scaling: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html"""
    p = call.params
    resource_id = scaling.check(p)
    target = scaling.find(resource_id)
    if target is None or target.policies.pop(p["PolicyName"], None) is None:
        raise ApiError(
            "ObjectNotFoundException",
            f"No scaling policy found for {named(resource_id)}, policy name: {p['PolicyName']}",
        )
    return {}


def describe(scaling: Region, call: Call) -> Json:
    """Ten at a time, in the order of their creation.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
    """
    p = call.params
    check_filters(scaling, p)
    wanted = p.get("PolicyNames")
    found = [
        (target, policy)
        for target in scaling.all()
        if p.get("ResourceId") in (None, target.resource_id)
        for policy in target.policies.values()
        if not wanted or policy.name in wanted
    ]
    chunk, more = page(found, p, 10)
    return {"ScalingPolicies": [_view(scaling, *item) for item in chunk], **more}


def _view(scaling: Region, target: Target, policy: Policy) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingPolicy.html"""
    return {
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "PolicyType": policy.type,
        CONFIGURATION[policy.type]: _reordered(scaling, policy.configuration),
        "Alarms": policy.alarms,
        "CreationTime": policy.created_at,
    }


def _reordered(scaling: Region, configuration: Json) -> Json:
    """Dimensions of a metric and step adjustments are sets to AWS."""
    shuffle = scaling.world.shuffle
    result = dict(configuration)
    if "StepAdjustments" in result:
        steps = result["StepAdjustments"]
        result["StepAdjustments"] = shuffle.sample(steps, len(steps))
    metric = result.get("CustomizedMetricSpecification", {})
    if "Dimensions" in metric:
        dimensions = shuffle.sample(metric["Dimensions"], len(metric["Dimensions"]))
        result["CustomizedMetricSpecification"] = metric | {"Dimensions": dimensions}
    return result

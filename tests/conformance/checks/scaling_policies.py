"""Scaling policies and scheduled actions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.registry import check, scaling
from tests.conformance.stage import CPU, Stage

AREA = "Application Auto Scaling"
FAULT = "ValidationException"
STEP: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
}


def _step(s: Stage, **changes: Any) -> Any:
    return s.put_policy("step", PolicyType="StepScaling", StepScalingPolicyConfiguration=STEP | changes)


@check(
    "scaling.policy.tracking",
    source="https://docs.aws.amazon.com/autoscaling/application/userguide/create-target-tracking-policy-cli.html",
)
def tracking(s: Stage) -> None:
    """A target tracking policy is described as it was given, with its two alarms."""
    s.service()
    s.scale()
    assert len(s.put_policy()["Alarms"]) == 2
    [found] = s.policies()
    assert (found["PolicyName"], found["PolicyType"]) == ("cpu", "TargetTrackingScaling")
    shown = found["TargetTrackingScalingPolicyConfiguration"]
    assert {name: shown[name] for name in CPU} == CPU
    assert len(found["Alarms"]) == 2


@check(
    "scaling.policy.update",
    source=scaling("PutScalingPolicy"),
    says="Creates or updates a scaling policy for an Application Auto Scaling scalable target.",
)
def update(s: Stage) -> None:
    """Putting it again changes it, under the same ARN."""
    s.service()
    s.scale()
    one = s.put_policy()["PolicyARN"]
    two = s.put_policy(configuration=CPU | {"TargetValue": 40.0})["PolicyARN"]
    [found] = s.policies()
    assert one == two == found["PolicyARN"]
    assert found["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 40.0


@check(
    "scaling.policy.no-target",
    source=scaling("PutScalingPolicy"),
    says=("You cannot create a scaling policy until you have registered the resource as a scalable target."),
)
def no_target(s: Stage) -> None:
    """Without a registered target it is ObjectNotFoundException."""
    s.service()
    with s.refused("ObjectNotFoundException"):
        s.put_policy()


@check(
    "scaling.policy.no-metric",
    source=scaling("TargetTrackingScalingPolicyConfiguration"),
    says="You can specify either a predefined metric or a customized metric.",
)
def no_metric(s: Stage) -> None:
    """A tracking policy without a metric is refused."""
    s.service()
    s.scale()
    with s.refused(FAULT):
        s.put_policy(configuration={"TargetValue": 50.0})


@check(
    "scaling.policy.requests-per-target",
    source=scaling("PredefinedMetricSpecification"),
    says="You can't specify a resource label unless the metric type is ALBRequestCountPerTarget",
)
def requests_per_target(s: Stage) -> None:
    """ALBRequestCountPerTarget needs a resource label."""
    s.service()
    s.scale()
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget"}
    with s.refused(FAULT):
        s.put_policy(configuration={"TargetValue": 100.0, "PredefinedMetricSpecification": metric})


@check("scaling.policy.step", source=scaling("StepScalingPolicyConfiguration"))
def step(s: Stage) -> None:
    """A step policy is kept, and makes no alarm."""
    s.service()
    s.scale()
    assert not _step(s).get("Alarms")
    [found] = s.policies()
    shown = found["StepScalingPolicyConfiguration"]
    assert (shown["AdjustmentType"], shown["StepAdjustments"]) == (
        "ChangeInCapacity",
        STEP["StepAdjustments"],
    )


@check(
    "scaling.policy.step-type",
    source=scaling("StepScalingPolicyConfiguration"),
    says="AdjustmentType is required if you are adding a new step scaling policy configuration.",
)
def step_type(s: Stage) -> None:
    """A step policy without an adjustment type is refused."""
    s.service()
    s.scale()
    with s.refused(FAULT):
        s.put_policy(
            "step",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"StepAdjustments": STEP["StepAdjustments"]},
        )


@check(
    "scaling.policy.step-overlap",
    source=scaling("StepScalingPolicyConfiguration"),
    says="The ranges of your step adjustments can't overlap or have a gap.",
)
def step_overlap(s: Stage) -> None:
    """Steps that overlap are refused."""
    s.service()
    s.scale()
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 2},
    ]
    with s.refused(FAULT):
        _step(s, StepAdjustments=steps)


@check(
    "scaling.policy.predictive",
    source=scaling("PutScalingPolicy"),
    says="PredictiveScaling —Only supported for Amazon ECS.",
)
def predictive(s: Stage) -> None:
    """A predictive policy is kept."""
    s.service()
    s.scale()
    pair = {"PredefinedMetricType": "ECSServiceCPUUtilization"}
    given = {"MetricSpecifications": [{"TargetValue": 40.0, "PredefinedMetricPairSpecification": pair}]}
    s.put_policy("ahead", PolicyType="PredictiveScaling", PredictiveScalingPolicyConfiguration=given)
    [found] = s.policies()
    shown = found["PredictiveScalingPolicyConfiguration"]["MetricSpecifications"]
    assert shown == given["MetricSpecifications"]


@check("scaling.policy.delete", source=scaling("DeleteScalingPolicy"))
def delete(s: Stage) -> None:
    """A deleted policy is gone, and deleting it again is ObjectNotFoundException."""
    s.service()
    s.scale()
    s.put_policy()
    s.scaling.delete_scaling_policy(PolicyName="cpu", **s.scalable())
    assert s.policies() == []
    with s.refused("ObjectNotFoundException"):
        s.scaling.delete_scaling_policy(PolicyName="cpu", **s.scalable())


@check(
    "scaling.policy.pages",
    source=scaling("DescribeScalingPolicies"),
    says="This value can be between 1 and 10. The default value is 10.",
)
def pages(s: Stage) -> None:
    """Ten policies a page at most; eleven are refused as MaxResults."""
    s.service()
    s.scale()
    for n in range(3):
        s.put_policy(f"p{n}")
    where = {"ServiceNamespace": "ecs", "ResourceId": s.scalable()["ResourceId"]}
    one = s.scaling.describe_scaling_policies(**where, MaxResults=2)
    two = s.scaling.describe_scaling_policies(**where, MaxResults=2, NextToken=one["NextToken"])
    assert (len(one["ScalingPolicies"]), len(two["ScalingPolicies"])) == (2, 1)
    with s.refused(FAULT):
        s.scaling.describe_scaling_policies(**where, MaxResults=11)


@check(
    "scaling.policy.by-name",
    source=scaling("DescribeScalingPolicies"),
    says="The names of the scaling policies to describe.",
)
def by_name(s: Stage) -> None:
    """Policies are found by name; names that are not there are left out."""
    s.service()
    s.scale()
    for policy in ("a", "b"):
        s.put_policy(policy)
    found = s.scaling.describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=s.scalable()["ResourceId"], PolicyNames=["b", "nope"]
    )["ScalingPolicies"]
    assert [one["PolicyName"] for one in found] == ["b"]


@check("scaling.action.put", source=scaling("PutScheduledAction"))
def action(s: Stage) -> None:
    """A scheduled action is described as it was given."""
    s.service()
    s.scale()
    s.schedule(Timezone="Europe/Vienna", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2})
    [found] = s.actions()
    assert (found["ScheduledActionName"], found["Schedule"]) == ("night", "cron(0 22 * * ? *)")
    assert found["Timezone"] == "Europe/Vienna"
    assert found["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 2}


@check(
    "scaling.action.times-go",
    source=scaling("PutScheduledAction"),
    says="If you don't specify start and end times, the old values are deleted.",
)
def times_go(s: Stage) -> None:
    """An update without start and end deletes them."""
    s.service()
    s.scale()
    soon = datetime.now(UTC) + timedelta(days=400)
    s.schedule(StartTime=soon, EndTime=soon + timedelta(days=1))
    assert {"StartTime", "EndTime"} <= set(s.actions()[0])
    s.schedule()
    assert not {"StartTime", "EndTime"} & set(s.actions()[0])


@check("scaling.action.bad-schedule", source=scaling("PutScheduledAction"))
def bad_schedule(s: Stage) -> None:
    """A schedule that is none is refused."""
    s.service()
    s.scale()
    for given in ("nonsense", "cron(61 * * * ? *)", "rate(0 minutes)"):
        with s.refused(FAULT):
            s.schedule(Schedule=given)


@check(
    "scaling.action.bad-timezone",
    source=scaling("PutScheduledAction"),
    says="Valid values are the canonical names of the IANA time zones supported by Joda-Time",
)
def bad_timezone(s: Stage) -> None:
    """A time zone that is none is refused."""
    s.service()
    s.scale()
    with s.refused(FAULT):
        s.schedule(Timezone="Mars/Olympus")


@check(
    "scaling.action.no-target",
    source=scaling("PutScheduledAction"),
    says=(
        "You cannot create a scheduled action until you have registered the resource as a scalable target."
    ),
)
def action_no_target(s: Stage) -> None:
    """Without a registered target it is ObjectNotFoundException."""
    s.service()
    with s.refused("ObjectNotFoundException"):
        s.schedule()


@check("scaling.action.delete", source=scaling("DeleteScheduledAction"))
def action_delete(s: Stage) -> None:
    """A deleted action is gone, and deleting it again is ObjectNotFoundException."""
    s.service()
    s.scale()
    s.schedule()
    where = s.scalable()
    s.scaling.delete_scheduled_action(ScheduledActionName="night", **where)
    assert s.actions() == []
    with s.refused("ObjectNotFoundException"):
        s.scaling.delete_scheduled_action(ScheduledActionName="night", **where)


@check(
    "scaling.action.runs",
    source=scaling("PutScheduledAction"),
    says=(
        "At the scheduled time, if the current capacity is below the minimum capacity, "
        "Application Auto Scaling scales out to the minimum capacity."
    ),
    needs=("task",),
)
def action_runs(s: Stage) -> None:
    """At its time it sets the bounds and moves the desired count into them."""
    s.service()
    s.scale(0, 4)
    s.schedule(Schedule="rate(1 minute)", ScalableTargetAction={"MinCapacity": 1})
    for _ in s.watch(180):
        if s.look()["desiredCount"] == 1:
            break
    found = s.scaling_target()
    assert found is not None
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 4)
    assert s.look()["desiredCount"] == 1

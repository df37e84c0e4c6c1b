"""Scaling policies of all types.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from typing import Any

import pytest

from tests.testing.autoscaling.conftest import CPU, ID, WHERE, Scaling
from tests.testing.conftest import Json, Refused

STEP: Json = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 2},
    ],
    "Cooldown": 60,
}
PREDICTIVE: Json = {
    "MetricSpecifications": [
        {
            "TargetValue": 60.0,
            "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ECSServiceCPUUtilization"},
        }
    ],
    "Mode": "ForecastOnly",
}


def step(**change: Any) -> Json:
    configuration = {k: v for k, v in (STEP | change).items() if v is not None}
    return {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": configuration}


def test_a_policy_needs_a_target(scaling: Scaling, refused: Refused) -> None:
    """ "You cannot create a scaling policy until you have registered the resource as a scalable target." """
    with refused(
        "ObjectNotFoundException",
        f"No scalable target registered for service namespace: ecs, resource ID: {ID}, "
        "scalable dimension: ecs:service:DesiredCount",
    ):
        scaling.put()


def test_target_tracking_has_two_alarms(scaling: Scaling) -> None:
    """The example of PutScalingPolicy: TargetTracking-<resource id>-AlarmHigh-… and -AlarmLow-…"""
    scaling.register()
    answer = scaling.put()
    names = [alarm["AlarmName"] for alarm in answer["Alarms"]]
    assert [name.rsplit("-", 5)[0] for name in names] == [
        f"TargetTracking-{ID}-AlarmHigh",
        f"TargetTracking-{ID}-AlarmLow",
    ]
    [seen] = scaling.policies()
    assert seen["TargetTrackingScalingPolicyConfiguration"] == CPU
    assert (seen["Alarms"], seen["PolicyARN"]) == (answer["Alarms"], answer["PolicyARN"])
    assert seen["PolicyARN"].endswith(f":resource/ecs/{ID}:policyName/cpu")


def test_putting_again_keeps_arn_and_alarms(scaling: Scaling) -> None:
    scaling.register()
    first = scaling.put()
    again = scaling.put(configuration=CPU | {"TargetValue": 70, "ScaleInCooldown": 0})
    assert {k: again[k] for k in ("PolicyARN", "Alarms")} == {k: first[k] for k in ("PolicyARN", "Alarms")}
    [seen] = scaling.policies()
    assert seen["TargetTrackingScalingPolicyConfiguration"] == CPU | {"TargetValue": 70, "ScaleInCooldown": 0}
    scaling.put()
    [seen] = scaling.policies()
    assert "ScaleInCooldown" not in seen["TargetTrackingScalingPolicyConfiguration"]


def test_step_scaling_has_no_alarms(scaling: Scaling) -> None:
    """Its alarms are the user's own."""
    scaling.register()
    assert scaling.put("steps", **step())["Alarms"] == []
    [seen] = scaling.policies()
    configuration = seen["StepScalingPolicyConfiguration"]
    adjustments = configuration.pop("StepAdjustments")
    assert sorted(adjustments, key=repr) == sorted(STEP["StepAdjustments"], key=repr)
    assert configuration == {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60}


def test_predictive_scaling(scaling: Scaling) -> None:
    """API_PredictiveScalingPolicyConfiguration: "supported on Amazon ECS services"."""
    scaling.register()
    given = {"PolicyType": "PredictiveScaling", "PredictiveScalingPolicyConfiguration": PREDICTIVE}
    assert scaling.put("forecast", **given)["Alarms"] == []
    [seen] = scaling.policies()
    assert seen["PredictiveScalingPolicyConfiguration"] == PREDICTIVE


def test_custom_metrics_come_back_as_sets(scaling: Scaling) -> None:
    """API_CustomizedMetricSpecification."""
    dimensions = [{"Name": f"d{n}", "Value": str(n)} for n in range(4)]
    metric = {"MetricName": "Depth", "Namespace": "AWS/SQS", "Statistic": "Average", "Dimensions": dimensions}
    scaling.register()
    scaling.put(configuration={"TargetValue": 10.5, "CustomizedMetricSpecification": metric})
    orders = set()
    for _ in range(10):
        [seen] = scaling.policies()
        shown = seen["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"][
            "Dimensions"
        ]
        assert sorted(shown, key=repr) == dimensions
        orders.add(tuple(item["Name"] for item in shown))
    assert len(orders) > 1


@pytest.mark.parametrize(
    "configuration",
    [
        {"TargetValue": 60},
        CPU | {"CustomizedMetricSpecification": {"MetricName": "a", "Namespace": "b", "Statistic": "Sum"}},
        {"TargetValue": 1, "CustomizedMetricSpecification": {"MetricName": "a", "Namespace": "b"}},
        CPU | {"ScaleInCooldown": -1},
        CPU | {"TargetValue": 2.0**361},
        {
            "TargetValue": 1,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
            },
        },
        {
            "TargetValue": 1,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
        },
        {
            "TargetValue": 1,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": "nonsense",
            },
        },
    ],
)
def test_refused_target_tracking(scaling: Scaling, refused: Refused, configuration: Json) -> None:
    """API_TargetTrackingScalingPolicyConfiguration, API_PredefinedMetricSpecification."""
    scaling.register()
    with refused("ValidationException"):
        scaling.put(configuration=configuration)
    assert scaling.policies() == []


def bounds(*pairs: tuple[float | None, float | None]) -> list[Json]:
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")
    return [
        {name: bound for name, bound in zip(names, pair, strict=True) if bound is not None}
        | {"ScalingAdjustment": 1}
        for pair in pairs
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"AdjustmentType": None},
        {"StepAdjustments": []},
        {"StepAdjustments": None},
        {"StepAdjustments": bounds((None, None))},
        {"StepAdjustments": bounds((0, 5), (6, None))},
        {"StepAdjustments": bounds((0, 5), (4, None))},
        {"StepAdjustments": bounds((5, 5))},
        {"StepAdjustments": bounds((0, 10))},
        {"StepAdjustments": bounds((-10, 0))},
        {"MinAdjustmentMagnitude": 2},
        {"AdjustmentType": "ExactCapacity", "StepAdjustments": [{"ScalingAdjustment": -1}]},
    ],
)
def test_refused_steps(scaling: Scaling, refused: Refused, change: Json) -> None:
    """API_StepAdjustment: no overlap, no gap, null bounds at the ends."""
    scaling.register()
    with refused("ValidationException"):
        scaling.put("steps", **step(**change))


@pytest.mark.parametrize(
    "steps", [bounds((0, None)), bounds((None, 0)), bounds((None, -5), (-5, 0)), bounds((5, None), (0, 5))]
)
def test_accepted_steps(scaling: Scaling, steps: list[Json]) -> None:
    scaling.register()
    scaling.put("steps", **step(StepAdjustments=steps))


@pytest.mark.parametrize(
    "change",
    [
        {"MetricSpecifications": PREDICTIVE["MetricSpecifications"] * 2},
        {"MetricSpecifications": [{"TargetValue": 1.0}]},
        {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity"},
        {"MaxCapacityBuffer": 10},
    ],
)
def test_refused_forecasts(scaling: Scaling, refused: Refused, change: Json) -> None:
    """API_PredictiveScalingPolicyConfiguration."""
    scaling.register()
    with refused("ValidationException"):
        scaling.put(
            "forecast",
            PolicyType="PredictiveScaling",
            PredictiveScalingPolicyConfiguration=PREDICTIVE | change,
        )


def test_the_configuration_must_fit_the_type(scaling: Scaling, refused: Refused) -> None:
    scaling.register()
    with refused("ValidationException"):
        scaling.put(PolicyType="StepScaling", TargetTrackingScalingPolicyConfiguration=CPU)
    with refused("ValidationException"):
        scaling.put(PolicyType="TargetTrackingScaling")


def test_a_policy_that_is_not_there(scaling: Scaling, refused: Refused) -> None:
    """API_DeleteScalingPolicy: ObjectNotFoundException."""
    with refused("ObjectNotFoundException", "No scaling policy found"):
        scaling.client.delete_scaling_policy(PolicyName="cpu", **WHERE)
    scaling.register()
    scaling.put()
    scaling.client.delete_scaling_policy(PolicyName="cpu", **WHERE)
    assert scaling.policies() == []
    with refused("ObjectNotFoundException", "policy name: cpu"):
        scaling.client.delete_scaling_policy(PolicyName="cpu", **WHERE)


def test_ten_policies_a_page(scaling: Scaling, refused: Refused) -> None:
    """API_DescribeScalingPolicies: MaxResults 1-10."""
    scaling.register()
    names = [f"p{n}" for n in range(23)]
    for name in names:
        scaling.put(name)
    pages = list(
        scaling.client.get_paginator("describe_scaling_policies").paginate(
            ServiceNamespace="ecs", ResourceId=ID
        )
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [10, 10, 3]
    assert [policy["PolicyName"] for page in pages for policy in page["ScalingPolicies"]] == names
    found = scaling.client.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["p7", "nope"])
    assert [policy["PolicyName"] for policy in found["ScalingPolicies"]] == ["p7"]
    with refused("ValidationException"):
        scaling.client.describe_scaling_policies(ServiceNamespace="ecs", MaxResults=11)
    with refused("ValidationException"):
        scaling.client.describe_scaling_policies(
            ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount"
        )


def test_fifty_policies_per_target(scaling: Scaling, refused: Refused) -> None:
    """application-auto-scaling-limits."""
    scaling.register()
    for n in range(50):
        scaling.put(f"p{n}")
    with refused("LimitExceededException"):
        scaling.put("one-more")
    scaling.put("p7", configuration=CPU | {"TargetValue": 61})

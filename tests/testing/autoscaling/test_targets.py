"""Scalable targets.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

import pytest

from tests.testing.autoscaling.conftest import CPU, ID, WHERE, Scaling
from tests.testing.conftest import Json, Refused

ROLE = (
    "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def test_a_target_is_registered_with_the_service_linked_role(scaling: Scaling) -> None:
    """API_ScalableTarget; "If the service supports service-linked roles, Application Auto Scaling uses a
    service-linked role"."""
    arn = scaling.register(1, 4, RoleARN="arn:aws:iam::123456789012:role/mine")
    assert arn.startswith("arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/")
    seen = scaling.target()
    assert seen is not None
    del seen["CreationTime"]
    assert seen == WHERE | {
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "RoleARN": ROLE,
        "SuspendedState": SUSPENDED,
        "ScalableTargetARN": arn,
    }


def test_what_is_not_given_stays(scaling: Scaling) -> None:
    """ "Any parameters that you don't specify are not changed by this update request." """
    arn = scaling.register(1, 4, SuspendedState={"DynamicScalingInSuspended": True})
    assert scaling.register(None, 6) == arn
    seen = scaling.target()
    assert seen is not None
    assert (seen["MinCapacity"], seen["MaxCapacity"]) == (1, 6)
    assert seen["SuspendedState"] == SUSPENDED | {"DynamicScalingInSuspended": True}
    scaling.register(None, None, SuspendedState={"ScheduledScalingSuspended": True})
    seen = scaling.target()
    assert seen is not None
    assert seen["SuspendedState"]["DynamicScalingInSuspended"] is True


@pytest.mark.parametrize(("low", "high", "moved"), [(1, 4, 2), (3, 4, 3), (0, 1, 1), (0, 0, 0), (2, 2, 2)])
def test_capacity_moves_into_the_bounds_at_once(scaling: Scaling, low: int, high: int, moved: int) -> None:
    """ "it changes the resource's current capacity to a value that is inside of this range"."""
    scaling.register(low, high)
    assert scaling.desired() == moved
    scaling.aws.settle()
    assert scaling.stage.look()["runningCount"] == moved


def test_capacity_moves_even_when_bounds_are_not_given(scaling: Scaling) -> None:
    """ "even if you don't include the MinCapacity or MaxCapacity request parameters"."""
    scaling.register(2, 4)
    scaling.stage.update(desiredCount=9)
    scaling.register(None, None)
    assert scaling.desired() == 4


def test_it_is_no_call_of_a_client(scaling: Scaling) -> None:
    scaling.aws.clear()
    scaling.register(4, 4)
    assert [request.action for request in scaling.aws.requests] == [
        "application-autoscaling:RegisterScalableTarget"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MinCapacity": 5, "MaxCapacity": 4}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1, "MaxCapacity": 4}, "negative"),
        ({"MaxCapacity": 4}, "must be specified"),
        ({"ResourceId": "service/green/nope"}, "ECS service doesn't exist"),
        ({"ResourceId": "service/nope/web"}, "ECS service doesn't exist"),
        ({"ResourceId": "table/web"}, "Unsupported service namespace"),
        ({"ScalableDimension": "rds:cluster:ReadReplicaCount"}, "Unsupported service namespace"),
    ],
)
def test_refused_targets(scaling: Scaling, refused: Refused, change: Json, message: str) -> None:
    given = WHERE | {"MinCapacity": 1, "MaxCapacity": 4}
    if "MaxCapacity" in change:
        given = dict(WHERE)
    with refused("ValidationException", message):
        scaling.client.register_scalable_target(**(given | change))


def test_an_update_cannot_cross_the_bounds(scaling: Scaling, refused: Refused) -> None:
    scaling.register(2, 4)
    with refused("ValidationException", "less than minimum"):
        scaling.register(None, 1)


def test_other_namespaces_say_that_they_are_not_here(scaling: Scaling, refused: Refused) -> None:
    with refused("SimNotImplemented", "dynamodb"):
        scaling.client.describe_scalable_targets(ServiceNamespace="dynamodb")


def test_deregistering_takes_policies_and_actions_along(scaling: Scaling, refused: Refused) -> None:
    """API_DeregisterScalableTarget: "deletes the scaling policies and the scheduled actions"."""
    first = scaling.register()
    arn = scaling.put()["PolicyARN"]
    scaling.schedule(Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 1})
    scaling.client.deregister_scalable_target(**WHERE)
    assert (scaling.target(), scaling.policies(), scaling.actions()) == (None, [], [])
    assert scaling.desired() == 2
    with refused("ObjectNotFoundException"):
        scaling.client.deregister_scalable_target(**WHERE)
    assert scaling.register() != first
    assert scaling.policies() == []
    assert scaling.put()["PolicyARN"] != arn


def test_a_target_goes_with_its_service(scaling: Scaling, refused: Refused) -> None:
    """Deleting the service deregisters its target (https://github.com/eagletmt/hako/pull/69); one of the
    same name later begins without."""
    scaling.register()
    scaling.put()
    scaling.stage.ecs.delete_service(cluster="green", service="web", force=True)
    assert (scaling.target(), scaling.policies()) == (None, [])
    with refused("ValidationException", "ECS service doesn't exist"):
        scaling.register()
    scaling.aws.settle()
    scaling.stage.create(desiredCount=1)
    assert (scaling.target(), scaling.policies()) == (None, [])
    with refused("ObjectNotFoundException"):
        scaling.put()


def test_fifty_targets_a_page(scaling: Scaling, refused: Refused) -> None:
    """API_DescribeScalableTargets: MaxResults 1-50; ids that do not exist are left out."""
    for n in range(60):
        scaling.stage.create(f"s{n}", settle=False, desiredCount=0)
        scaling.client.register_scalable_target(
            **(WHERE | {"ResourceId": f"service/green/s{n}", "MinCapacity": 0, "MaxCapacity": 1})
        )
    pages = scaling.client.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="ecs")
    assert [len(page["ScalableTargets"]) for page in pages] == [50, 10]
    ids = ["service/green/s3", "service/green/nope"]
    found = scaling.client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=ids)
    assert [one["ResourceId"] for one in found["ScalableTargets"]] == ids[:1]
    with refused("ValidationException"):
        scaling.client.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=51)
    with refused("ValidationException"):
        scaling.client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=ids * 26)
    with refused("InvalidNextTokenException"):
        scaling.client.describe_scalable_targets(ServiceNamespace="ecs", NextToken="nonsense")


def test_tags_are_given_at_birth_or_through_their_own_operations(scaling: Scaling, refused: Refused) -> None:
    """ "Use this parameter to tag the scalable target when it is created. To tag an existing scalable target,
    use the TagResource operation." The refusal:
    https://github.com/terraform-aws-modules/terraform-aws-rds-aurora/pull/420"""
    arn = scaling.register(Tags={"a": "1", "b": "2"})
    with refused("ValidationException", "The scalable target that you tried to tag already exists"):
        scaling.register(Tags={"a": "3"})
    scaling.client.tag_resource(ResourceARN=arn, Tags={"a": "3"})
    scaling.client.untag_resource(ResourceARN=arn, TagKeys=["b", "never-there"])
    assert scaling.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "3"}
    with refused("TooManyTagsException"):
        scaling.client.tag_resource(ResourceARN=arn, Tags={f"k{n}": "" for n in range(50)})
    with refused("ValidationException"):
        scaling.client.tag_resource(ResourceARN=arn, Tags={"aws:a": "1"})
    scaling.client.deregister_scalable_target(**WHERE)
    with refused("ResourceNotFoundException"):
        scaling.client.list_tags_for_resource(ResourceARN=arn)


def test_only_targets_have_tags(scaling: Scaling, refused: Refused) -> None:
    """API_TagResource: "you cannot tag a scaling policy or scheduled action"."""
    scaling.register()
    with refused("ResourceNotFoundException"):
        scaling.client.tag_resource(ResourceARN=scaling.put()["PolicyARN"], Tags={"a": "1"})


def test_the_snapshot_compares_end_states(scaling: Scaling) -> None:
    scaling.register(Tags={"a": "1"})
    scaling.put()
    first = scaling.aws.snapshot()["123456789012/eu-west-1/application-autoscaling"]
    scaling.client.deregister_scalable_target(**WHERE)
    scaling.register(Tags={"a": "1"})
    scaling.put()
    assert scaling.aws.snapshot()["123456789012/eu-west-1/application-autoscaling"] == first
    assert first["scalableTargets"][ID]["policies"]["cpu"]["configuration"] == CPU

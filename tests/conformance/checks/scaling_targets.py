"""Scalable targets of Application Auto Scaling."""

from tests.conformance.registry import check, scaling
from tests.conformance.stage import DESIRED, Stage

AREA = "Application Auto Scaling"
FAULT = "ValidationException"


@check("scaling.target.register", source=scaling("ScalableTarget"))
def register(s: Stage) -> None:
    """A registered target shows its bounds, its service-linked role, and that nothing is suspended."""
    s.service()
    answer = s.scale(1, 4)
    found = s.scaling_target()
    assert found is not None
    assert (found["MinCapacity"], found["MaxCapacity"], found["ScalableDimension"]) == (1, 4, DESIRED)
    assert found["ScalableTargetARN"] == answer["ScalableTargetARN"]
    assert found["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    assert set(found["SuspendedState"].values()) == {False}


@check(
    "scaling.target.moves-up",
    source=scaling("RegisterScalableTarget"),
    says=("Otherwise, it changes the resource's current capacity to a value that is inside of this range."),
    needs=("task",),
)
def moves(s: Stage) -> None:
    """Registering moves a desired count below the minimum up to it."""
    s.service()
    s.scale(1, 4)
    s.settle(lambda: s.look()["desiredCount"] == 1)
    assert s.look()["desiredCount"] == 1


@check("scaling.target.moves-down", source=scaling("RegisterScalableTarget"), needs=("task",))
def moves_down(s: Stage) -> None:
    """And one above the maximum down to it."""
    s.service(desiredCount=1)
    s.scale(0, 0)
    s.settle(lambda: s.look()["desiredCount"] == 0)
    assert s.look()["desiredCount"] == 0


@check(
    "scaling.target.needs-bounds",
    source=scaling("RegisterScalableTarget"),
    says=(
        "When you register a new scalable target, you must specify values for the minimum and "
        "maximum capacity."
    ),
)
def needs_bounds(s: Stage) -> None:
    """A new target needs both bounds."""
    s.service()
    for given in ({"MinCapacity": 0}, {"MaxCapacity": 4}, {}):
        with s.refused(FAULT):
            s.scaling.register_scalable_target(**s.scalable(), **given)
    assert s.scaling_target() is None


@check("scaling.target.min-above-max", source=scaling("RegisterScalableTarget"))
def min_above_max(s: Stage) -> None:
    """A minimum above the maximum is refused, also by an update of one of them."""
    s.service()
    with s.refused(FAULT):
        s.scale(4, 1)
    s.scale(0, 2)
    with s.refused(FAULT):
        s.scaling.register_scalable_target(**s.scalable(), MinCapacity=3)


@check(
    "scaling.target.update",
    source=scaling("RegisterScalableTarget"),
    says="Any parameters that you don't specify are not changed by this update request.",
)
def update(s: Stage) -> None:
    """Registering again updates what is given, and keeps the rest and the ARN."""
    s.service()
    one = s.scale(0, 4)["ScalableTargetARN"]
    two = s.scaling.register_scalable_target(**s.scalable(), MaxCapacity=9)["ScalableTargetARN"]
    found = s.scaling_target()
    assert found is not None
    assert (found["MinCapacity"], found["MaxCapacity"]) == (0, 9)
    assert one == two


@check("scaling.target.suspend", source=scaling("SuspendedState"))
def suspend(s: Stage) -> None:
    """Suspensions are kept one by one."""
    s.service()
    s.scale(0, 4, SuspendedState={"DynamicScalingInSuspended": True})
    s.scaling.register_scalable_target(**s.scalable(), SuspendedState={"ScheduledScalingSuspended": True})
    found = s.scaling_target()
    assert found is not None
    assert found["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


@check("scaling.target.no-service", source=scaling("RegisterScalableTarget"))
def no_service(s: Stage) -> None:
    """A service that is not there cannot be registered."""
    with s.refused(FAULT):
        s.scale(0, 4, "nope")


@check("scaling.target.dimension", source=scaling("RegisterScalableTarget"))
def dimension(s: Stage) -> None:
    """A dimension that does not belong to the namespace is refused."""
    s.service()
    given = s.scalable() | {"ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    with s.refused(FAULT):
        s.scaling.register_scalable_target(**given, MinCapacity=0, MaxCapacity=1)


@check(
    "scaling.target.deregister",
    source=scaling("DeregisterScalableTarget"),
    says=(
        "Deregistering a scalable target deletes the scaling policies and the scheduled actions "
        "that are associated with it."
    ),
)
def deregister(s: Stage) -> None:
    """Deregistering takes policies and scheduled actions along, and leaves the desired count."""
    s.service()
    s.scale()
    s.put_policy()
    s.schedule()
    s.scaling.deregister_scalable_target(**s.scalable())
    assert (s.scaling_target(), s.policies(), s.actions()) == (None, [], [])
    assert s.look()["desiredCount"] == 0


@check("scaling.target.deregister-missing", source=scaling("DeregisterScalableTarget"))
def deregister_missing(s: Stage) -> None:
    """One that is not registered is ObjectNotFoundException."""
    s.service()
    with s.refused("ObjectNotFoundException"):
        s.scaling.deregister_scalable_target(**s.scalable())


@check(
    "scaling.target.pages",
    source=scaling("DescribeScalableTargets"),
    says="This value can be between 1 and 50. The default value is 50.",
)
def pages(s: Stage) -> None:
    """MaxResults and NextToken lead through the targets."""
    names = ("a", "b", "c")
    for name in names:
        s.service(name)
        s.scale(0, 1, name)
    ids = [s.scalable(name)["ResourceId"] for name in names]
    one = s.scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=ids, MaxResults=2)
    two = s.scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=ids, MaxResults=2, NextToken=one["NextToken"]
    )
    assert (len(one["ScalableTargets"]), len(two["ScalableTargets"])) == (2, 1)


@check(
    "scaling.target.max-results",
    source=scaling("DescribeScalableTargets"),
    says="This value can be between 1 and 50.",
)
def max_results(s: Stage) -> None:
    """MaxResults of 51 is refused."""
    with s.refused(FAULT):
        s.scaling.describe_scalable_targets(ServiceNamespace="ecs", MaxResults=51)


@check("scaling.target.token", source=scaling("DescribeScalableTargets"))
def token(s: Stage) -> None:
    """A token that was never given out is InvalidNextTokenException."""
    with s.refused("InvalidNextTokenException"):
        s.scaling.describe_scalable_targets(ServiceNamespace="ecs", NextToken="nonsense")


@check(
    "scaling.target.dimension-needs-id",
    source=scaling("DescribeScalableTargets"),
    says="If you specify a scalable dimension, you must also specify a resource ID.",
)
def dimension_needs_id(s: Stage) -> None:
    """A filter by dimension needs a resource id."""
    with s.refused(FAULT):
        s.scaling.describe_scalable_targets(ServiceNamespace="ecs", ScalableDimension=DESIRED)


@check(
    "scaling.target.tags",
    source=scaling("RegisterScalableTarget"),
    says="To tag an existing scalable target, use the TagResource operation.",
)
def tags(s: Stage) -> None:
    """Tags are given at birth, changed by TagResource and UntagResource, and listed."""
    s.service()
    arn = s.scale(Tags={"a": "1", "b": "2"})["ScalableTargetARN"]
    s.scaling.tag_resource(ResourceARN=arn, Tags={"b": "3", "c": "4"})
    s.scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert s.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "3", "c": "4"}


@check("scaling.target.tags-missing", source=scaling("ListTagsForResource"))
def tags_missing(s: Stage) -> None:
    """The tags of what is not there are ResourceNotFoundException."""
    s.service()
    arn = s.scale()["ScalableTargetARN"]
    s.scaling.deregister_scalable_target(**s.scalable())
    with s.refused("ResourceNotFoundException"):
        s.scaling.list_tags_for_resource(ResourceARN=arn)


@check(
    "scaling.target.tags-of-policy",
    source=scaling("TagResource"),
    says="you cannot tag a scaling policy or scheduled action",
)
def tags_of_policy(s: Stage) -> None:
    """A policy cannot be tagged."""
    s.service()
    s.scale()
    arn = s.put_policy()["PolicyARN"]
    with s.refused("ResourceNotFoundException", FAULT):
        s.scaling.tag_resource(ResourceARN=arn, Tags={"a": "1"})


@check("scaling.activity.registered", source=scaling("DescribeScalingActivities"), needs=("task",))
def activity(s: Stage) -> None:
    """What moved the desired count is told as an activity, with its cause."""
    s.service()
    s.scale(1, 4)
    where = {"ServiceNamespace": "ecs", "ResourceId": s.scalable()["ResourceId"]}
    s.settle(lambda: s.scaling.describe_scaling_activities(**where)["ScalingActivities"])
    [found] = s.scaling.describe_scaling_activities(**where)["ScalingActivities"]
    assert found["StatusCode"] in ("Pending", "InProgress", "Successful")
    assert found["Cause"]

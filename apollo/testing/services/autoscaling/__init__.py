"""Application Auto Scaling of ECS services: targets, policies, scheduled actions, activities."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from apollo.testing.services.autoscaling import capacity, policies, scheduled, tags, targets
from apollo.testing.services.autoscaling.region import Region
from apollo.testing.services.autoscaling.snapshot import snapshot
from apollo.testing.services.autoscaling.state import Json, Tags
from apollo.testing.world import Handler


class ApplicationAutoScaling(Region):
    """Application Auto Scaling in one account and region."""

    model: ClassVar[str] = "application-autoscaling"
    validation_code: ClassVar[str] = "ValidationException"
    operations: ClassVar[Mapping[str, Handler]] = {
        "RegisterScalableTarget": targets.register,
        "DeregisterScalableTarget": targets.deregister,
        "DescribeScalableTargets": targets.describe,
        "PutScalingPolicy": policies.put,
        "DeleteScalingPolicy": policies.delete,
        "DescribeScalingPolicies": policies.describe,
        "PutScheduledAction": scheduled.put,
        "DeleteScheduledAction": scheduled.delete,
        "DescribeScheduledActions": scheduled.describe,
        "DescribeScalingActivities": capacity.describe,
        "TagResource": tags.tag,
        "UntagResource": tags.untag,
        "ListTagsForResource": tags.list_tags,
    }

    def snapshot(self) -> Json:
        return snapshot(self)

    def tagged_resources(self) -> Iterator[tuple[str, str, Tags]]:
        return tags.resources(self)

    def next_event(self) -> float | None:
        """Schedules go on for ever: nobody has to wait until they come to rest. See World.at."""
        return None

    def step(self) -> None:
        return None

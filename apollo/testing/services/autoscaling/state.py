"""What Application Auto Scaling remembers in one account and region."""

from dataclasses import dataclass, field
from typing import Any

from apollo.testing.services.ecs.state import Service

Json = dict[str, Any]
Tags = dict[str, str]

DIMENSION = "ecs:service:DesiredCount"


@dataclass(slots=True, eq=False)
class Policy:
    name: str
    arn: str
    type: str
    configuration: Json
    alarms: list[Json]
    created_at: float


@dataclass(slots=True, eq=False)
class ScheduledAction:
    name: str
    arn: str
    schedule: str
    created_at: float
    timezone: str | None = None
    action: Json = field(default_factory=dict)
    """MinCapacity and MaxCapacity, either or both."""
    start: float | None = None
    end: float | None = None


@dataclass(slots=True, eq=False)
class Target:
    """A scalable target, with all that lives and dies with it."""

    resource_id: str
    arn: str
    uuid: str
    """Of the ARNs of its policies and scheduled actions."""
    minimum: int
    maximum: int
    created_at: float
    service: Service
    """The ECS service that it scales: that very one, not a later one of the same name."""
    suspended: dict[str, bool] = field(
        default_factory=lambda: {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        }
    )
    tags: Tags = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, ScheduledAction] = field(default_factory=dict)
    last: "Activity | None" = None
    """The last activity that moved the capacity."""


@dataclass(slots=True, eq=False)
class Activity:
    id: str
    resource_id: str
    description: str
    cause: str
    started_at: float
    service: Service
    wanted: int | None = None
    """The desired count it set; None when it set none."""
    status: str = "InProgress"
    message: str = ""
    ended_at: float | None = None
    not_scaled: Json | None = None
    """Why nothing was done, for an activity that is shown on request only."""

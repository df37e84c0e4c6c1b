"""The spec of a ScalingPolicy: the whole scaling of one ECS service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from apollo.api import is_unknown, marker, refs_in
from apollo.resources.shape import Aws, AwsShape
from apollo.resources.shapes.scaling_policy import (
    PolicyType,
    PredictiveScalingPolicyConfiguration,
    ScalableTargetAction,
    StepScalingPolicyConfiguration,
    SuspendedState,
    TargetTrackingScalingPolicyConfiguration,
)

if TYPE_CHECKING:
    from apollo.api import Env

__all__ = ["DIMENSION", "Policy", "ScalingPolicySpec", "Scheduled"]

DIMENSION = "ecs:service:DesiredCount"
_PLACE = frozenset({"serviceNamespace", "resourceId", "scalableDimension"})


class Policy(AwsShape):
    """One scaling policy: PutScalingPolicy without the target it belongs to; ``name`` is its PolicyName."""

    aws = Aws("application-autoscaling", ("PutScalingPolicyRequest",), _PLACE | {"policyName"}, pascal=True)

    name: Annotated[str, Field(min_length=1, max_length=256)]
    policyType: PolicyType | None = None
    stepScalingPolicyConfiguration: StepScalingPolicyConfiguration | None = None
    targetTrackingScalingPolicyConfiguration: TargetTrackingScalingPolicyConfiguration | None = None
    predictiveScalingPolicyConfiguration: PredictiveScalingPolicyConfiguration | None = None


class Scheduled(AwsShape):
    """One scheduled action: PutScheduledAction without the target; ``name`` is its ScheduledActionName."""

    aws = Aws(
        "application-autoscaling",
        ("PutScheduledActionRequest",),
        _PLACE | {"scheduledActionName"},
        pascal=True,
    )

    name: Annotated[str, Field(min_length=1, max_length=256)]
    schedule: Annotated[str, Field(min_length=1, max_length=1600)]
    timezone: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    startTime: str | None = None
    endTime: str | None = None
    scalableTargetAction: ScalableTargetAction


class ScalingPolicySpec(AwsShape):
    """A scalable target (RegisterScalableTarget) with its policies and scheduled actions.

    The service is given in one of three ways: ``service`` alone is a Service of this environment;
    ``cluster`` and ``service`` are names in AWS; ``resourceId`` is AWS's own ``service/CLUSTER/SERVICE``.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """

    aws = Aws(
        "application-autoscaling",
        ("RegisterScalableTargetRequest",),
        frozenset({"serviceNamespace"}),
        pascal=True,
    )

    service: str | None = None
    cluster: str | None = None
    resourceId: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    scalableDimension: Literal["ecs:service:DesiredCount"] | None = None
    minCapacity: int
    maxCapacity: int
    roleARN: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    suspendedState: SuspendedState | None = None
    policies: list[Policy] | None = None
    scheduledActions: list[Scheduled] | None = None
    tags: (
        dict[
            Annotated[str, Field(min_length=1, max_length=128)],
            Annotated[str, Field(max_length=256)],
        ]
        | None
    ) = None

    named_lists: ClassVar[Mapping[str, str]] = {"/policies": "name", "/scheduledActions": "name"}

    def completed(self, name: str, env: Env) -> Self:
        """``cluster`` and ``service`` as AWS's names. A service that is left out is the one of the manifest's
        own name; one without a cluster is a Service of this environment, referred to by its outputs."""
        update: dict[str, Any] = {}
        if self.resourceId is not None:
            parts = self.resourceId.split("/")
            if len(parts) == 3:
                update = {"cluster": parts[1], "service": parts[2]}
        elif self.cluster is None and not is_unknown(self.service):
            of = self.service or name
            update = {
                "cluster": marker("Service", of, "cluster"),
                "service": marker("Service", of, "name"),
            }
        elif self.service is None:
            update = {"service": name}
        elif self.cluster is None:  # an output of a Service says which one it is
            found = next((ref.name for ref in refs_in(self.service) if ref.kind == "Service"), None)
            update = {"cluster": marker("Service", found, "cluster") if found else env.cluster or "default"}
        return self.model_copy(update=update) if update else self

    @property
    def place(self) -> str:
        """AWS's id of what is scaled: ``service/CLUSTER/SERVICE``, always with names."""
        cluster = (self.cluster or "default").rsplit(":cluster/", 1)[-1]
        return f"service/{cluster}/{self.service}"

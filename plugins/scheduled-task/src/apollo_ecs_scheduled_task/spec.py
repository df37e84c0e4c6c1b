"""What users write below ``spec:`` of kind ScheduledTask.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from apollo.api import Env, Spec, marker

Name = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_.-]{1,64}$")]


class AwsVpcConfiguration(Spec):
    subnets: list[str]
    securityGroups: list[str] | None = None
    assignPublicIp: Literal["ENABLED", "DISABLED"] | None = None


class NetworkConfiguration(Spec):
    awsvpcConfiguration: AwsVpcConfiguration


class CapacityProvider(Spec):
    capacityProvider: str
    weight: Annotated[int, Field(ge=0, le=1000)] | None = None
    base: Annotated[int, Field(ge=0, le=100_000)] | None = None


class PlacementConstraint(Spec):
    type: Literal["distinctInstance", "memberOf"]
    expression: str | None = None


class PlacementStrategy(Spec):
    type: Literal["random", "spread", "binpack"]
    field: str | None = None


class EnvironmentVariable(Spec):
    name: str
    value: str


class EnvironmentFile(Spec):
    type: Literal["s3"]
    value: str


class ResourceRequirement(Spec):
    type: Literal["GPU", "InferenceAccelerator", "NeuronDevice"]
    value: str


class ContainerOverride(Spec):
    """What one container of the task is started with instead of what its task definition says."""

    name: str
    command: list[str] | None = None
    cpu: int | None = None
    environment: list[EnvironmentVariable] | None = None
    environmentFiles: list[EnvironmentFile] | None = None
    memory: int | None = None
    memoryReservation: int | None = None
    resourceRequirements: list[ResourceRequirement] | None = None


class EphemeralStorage(Spec):
    sizeInGiB: int


class Overrides(Spec):
    """AWS's TaskOverride: sent as the target's ``Input``."""

    containerOverrides: list[ContainerOverride] | None = None
    cpu: str | None = None
    memory: str | None = None
    ephemeralStorage: EphemeralStorage | None = None
    executionRoleArn: str | None = None
    taskRoleArn: str | None = None


class RetryPolicy(Spec):
    maximumEventAgeInSeconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    maximumRetryAttempts: Annotated[int, Field(ge=0, le=185)] | None = None


class DeadLetterConfig(Spec):
    arn: str


class FlexibleTimeWindow(Spec):
    mode: Literal["OFF", "FLEXIBLE"]
    maximumWindowInMinutes: Annotated[int, Field(ge=1, le=1440)] | None = None


class Target(Spec):
    """What is started, in the words of RunTask.

    :ivar cluster: a name or an ARN; left out: the environment's.
    :ivar taskDefinition: a TaskDefinition of this environment by its bare name (left out: the one of the same
        name), else ``family:revision`` or an ARN.
    :ivar roleArn: the role with which EventBridge Scheduler calls RunTask.
    :ivar tags: of the tasks; the role needs ``ecs:TagResource`` then.
    """

    cluster: str | None = None
    taskDefinition: str | None = None
    roleArn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
    launchType: Literal["EC2", "FARGATE", "EXTERNAL"] | None = None
    capacityProviderStrategy: list[CapacityProvider] | None = None
    networkConfiguration: NetworkConfiguration | None = None
    overrides: Overrides | None = None
    taskCount: Annotated[int, Field(ge=1, le=10)] | None = None
    platformVersion: str | None = None
    group: str | None = None
    enableECSManagedTags: bool | None = None
    enableExecuteCommand: bool | None = None
    placementConstraints: list[PlacementConstraint] | None = None
    placementStrategy: list[PlacementStrategy] | None = None
    propagateTags: Literal["TASK_DEFINITION"] | None = None
    referenceId: Annotated[str, Field(max_length=1024)] | None = None
    tags: dict[str, str] | None = None
    retryPolicy: RetryPolicy | None = None
    deadLetterConfig: DeadLetterConfig | None = None


class ScheduledTaskSpec(Spec):
    """A schedule that starts ECS tasks, in a schedule group of its own.

    :ivar groupName: AWS lets nothing but schedule groups be tagged, so each schedule has its own. Left out:
        ``<installation>-<environment>-<name>``.
    :ivar actionAfterCompletion: only ``NONE``: what AWS deletes by itself is missing in the eyes of git.
    :ivar tags: of the schedule group.
    """

    named_lists: ClassVar[Mapping[str, str]] = {
        "/target/capacityProviderStrategy": "capacityProvider",
        "/target/overrides/containerOverrides": "name",
        "/target/overrides/containerOverrides/*/environment": "name",
    }

    name: Name | None = None
    groupName: Name | None = None
    scheduleExpression: Annotated[str, Field(max_length=256)]
    scheduleExpressionTimezone: Annotated[str, Field(max_length=50)] | None = None
    flexibleTimeWindow: FlexibleTimeWindow | None = None
    startDate: str | None = None
    endDate: str | None = None
    state: Literal["ENABLED", "DISABLED"] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    kmsKeyArn: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+$")] | None
    ) = None
    actionAfterCompletion: Literal["NONE", "DELETE"] | None = None
    target: Target
    tags: dict[str, str] | None = None

    def completed(self, name: str, env: Env) -> Self:
        """Names from the manifest, the cluster from the environment, the task definition by its bare name."""
        update: dict[str, Any] = {}
        if self.name is None:
            update["name"] = name
        if self.groupName is None:
            update["groupName"] = group_name(env, name)
        target: dict[str, Any] = {}
        if self.target.cluster is None:
            target["cluster"] = env.cluster or "default"
        task = self.target.taskDefinition
        if task is None or (":" not in task and "/" not in task):
            target["taskDefinition"] = marker("TaskDefinition", task or name, "arn")
        if target:
            update["target"] = self.target.model_copy(update=target)
        return self.model_copy(update=update) if update else self


def group_name(env: Env, name: str) -> str:
    """The group of a schedule that names none: told apart by installation and environment, since these may
    share an account. What is too long for AWS is cut, and stays one of a kind."""
    full = f"{env.installation}-{env.name}-{name}"
    plain = re.sub(r"[^0-9a-zA-Z_.-]", "-", full)
    if plain == full and len(full) <= 64:
        return full
    return f"{plain[:55]}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"

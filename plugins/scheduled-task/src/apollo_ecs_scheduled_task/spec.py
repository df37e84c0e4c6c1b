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

from pydantic import ConfigDict, Field

from apollo.api import Env, Spec, marker

Name = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_.-]{1,64}$")]


class Described(Spec):
    """What stands below a field is what `apollo explain` and editors tell of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class AwsVpcConfiguration(Described):
    """Where the tasks are in the network."""

    subnets: list[str]
    """The subnets of the tasks."""
    securityGroups: list[str] | None = None
    """Left out: the VPC's default one."""
    assignPublicIp: Literal["ENABLED", "DISABLED"] | None = None
    """ENABLED or DISABLED. Left out: DISABLED."""


class NetworkConfiguration(Described):
    """The network of the tasks."""

    awsvpcConfiguration: AwsVpcConfiguration
    """Tasks of networkMode awsvpc need it."""


class CapacityProvider(Described):
    """One capacity provider of a strategy."""

    capacityProvider: str
    """Its name, such as FARGATE_SPOT."""
    weight: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Its share of the tasks, relative to the others."""
    base: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many tasks run on it at least."""


class PlacementConstraint(Described):
    """Where tasks may be placed."""

    type: Literal["distinctInstance", "memberOf"]
    """distinctInstance or memberOf."""
    expression: str | None = None
    """In the cluster query language; memberOf needs it."""


class PlacementStrategy(Described):
    """How tasks are placed."""

    type: Literal["random", "spread", "binpack"]
    """random, spread or binpack."""
    field: str | None = None
    """What is spread over or packed by, such as attribute:ecs.availability-zone."""


class EnvironmentVariable(Described):
    """A variable of a container."""

    name: str
    """The name."""
    value: str
    """The value, in plain text: secrets belong into the task definition's secrets."""


class EnvironmentFile(Described):
    """A file with variables of a container."""

    type: Literal["s3"]
    """s3."""
    value: str
    """The ARN of an object in S3."""


class ResourceRequirement(Described):
    """Something that a container needs."""

    type: Literal["GPU", "InferenceAccelerator", "NeuronDevice"]
    """GPU, InferenceAccelerator or NeuronDevice."""
    value: str
    """How many."""


class ContainerOverride(Described):
    """What one container of the task is started with instead of what its task definition says."""

    name: str
    """The container in the task definition."""
    command: list[str] | None = None
    """The command instead of the image's or the task definition's."""
    cpu: int | None = None
    """CPU units instead."""
    environment: list[EnvironmentVariable] | None = None
    """Variables in addition, or instead."""
    environmentFiles: list[EnvironmentFile] | None = None
    """Files with variables."""
    memory: int | None = None
    """The hard limit in MiB instead."""
    memoryReservation: int | None = None
    """The soft limit in MiB instead."""
    resourceRequirements: list[ResourceRequirement] | None = None
    """GPUs and the like instead."""


class EphemeralStorage(Described):
    """Storage that goes with the task."""

    sizeInGiB: int
    """Storage of a task on Fargate, 21 to 200."""


class Overrides(Described):
    """AWS's TaskOverride: sent as the target's ``Input``."""

    containerOverrides: list[ContainerOverride] | None = None
    """What single containers are started with."""
    cpu: str | None = None
    """CPU of the task instead."""
    memory: str | None = None
    """Memory of the task instead."""
    ephemeralStorage: EphemeralStorage | None = None
    """Storage of the task instead."""
    executionRoleArn: str | None = None
    """The execution role instead."""
    taskRoleArn: str | None = None
    """The task role instead."""


class RetryPolicy(Described):
    """What happens when tasks cannot be started."""

    maximumEventAgeInSeconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    """For how long starting is tried, 60 to 86,400. Left out: a day."""
    maximumRetryAttempts: Annotated[int, Field(ge=0, le=185)] | None = None
    """How often, 0 to 185. Left out: 185."""


class DeadLetterConfig(Described):
    """Who hears of what could not be started."""

    arn: str
    """An SQS queue that hears of what could not be started."""


class FlexibleTimeWindow(Described):
    """How exactly the time is kept."""

    mode: Literal["OFF", "FLEXIBLE"]
    """OFF: at the time itself. FLEXIBLE: some time after it."""
    maximumWindowInMinutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    """How long after it, 1 to 1,440; for FLEXIBLE."""


class Target(Described):
    """What is started, in the words of RunTask."""

    cluster: str | None = None
    """A name or an ARN. Left out: the environment's."""
    taskDefinition: str | None = None
    """A TaskDefinition of this environment by its bare name, family:revision, or an ARN. Left out: the
    TaskDefinition of the same name."""
    roleArn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
    """The role with which EventBridge Scheduler calls RunTask."""
    launchType: Literal["EC2", "FARGATE", "EXTERNAL"] | None = None
    """FARGATE, EC2 or EXTERNAL; not beside capacityProviderStrategy."""
    capacityProviderStrategy: list[CapacityProvider] | None = None
    """On which capacity providers tasks run."""
    networkConfiguration: NetworkConfiguration | None = None
    """Tasks of networkMode awsvpc need it."""
    overrides: Overrides | None = None
    """What the task is started with instead of what its task definition says."""
    taskCount: Annotated[int, Field(ge=1, le=10)] | None = None
    """How many tasks are started, 1 to 10. Left out: 1."""
    platformVersion: str | None = None
    """Of Fargate. Left out: LATEST."""
    group: str | None = None
    """The task group that tasks count to."""
    enableECSManagedTags: bool | None = None
    """Whether ECS tags tasks with their cluster."""
    enableExecuteCommand: bool | None = None
    """Whether `aws ecs execute-command` may be used."""
    placementConstraints: list[PlacementConstraint] | None = None
    """Where tasks may be placed on EC2."""
    placementStrategy: list[PlacementStrategy] | None = None
    """How tasks are placed on EC2."""
    propagateTags: Literal["TASK_DEFINITION"] | None = None
    """TASK_DEFINITION: tasks get the tags of their task definition."""
    referenceId: Annotated[str, Field(max_length=1024)] | None = None
    """A mark that tasks carry, up to 1,024 characters."""
    tags: dict[str, str] | None = None
    """Tags of the tasks. The role needs ecs:TagResource then."""
    retryPolicy: RetryPolicy | None = None
    """What happens when tasks cannot be started."""
    deadLetterConfig: DeadLetterConfig | None = None
    """Who hears of what could not be started."""


class ScheduledTaskSpec(Described):
    """A schedule that starts ECS tasks, in a schedule group of its own."""

    named_lists: ClassVar[Mapping[str, str]] = {
        "/target/capacityProviderStrategy": "capacityProvider",
        "/target/overrides/containerOverrides": "name",
        "/target/overrides/containerOverrides/*/environment": "name",
    }

    name: Name | None = None
    """The name of the schedule in AWS. Left out: metadata.name."""
    groupName: Name | None = None
    """The schedule group that carries the tags; it holds nothing else. Left out:
    <installation>-<environment>-<name>."""
    scheduleExpression: Annotated[str, Field(max_length=256)]
    """rate(15 minutes), cron(0 3 * * ? *) or at(2027-01-31T22:30:00)."""
    scheduleExpressionTimezone: Annotated[str, Field(max_length=50)] | None = None
    """An IANA name, such as Europe/Berlin. Left out: UTC."""
    flexibleTimeWindow: FlexibleTimeWindow | None = None
    """How exactly the time is kept. Left out: exactly."""
    startDate: str | None = None
    """Nothing starts before: 2027-01-31T22:30:00Z. Without a zone it is UTC."""
    endDate: str | None = None
    """Nothing starts after."""
    state: Literal["ENABLED", "DISABLED"] | None = None
    """ENABLED or DISABLED. Left out: ENABLED."""
    description: Annotated[str, Field(max_length=512)] | None = None
    """For people, up to 512 characters."""
    kmsKeyArn: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+$")] | None
    ) = None
    """The key that encrypts the schedule. Left out: AWS's own."""
    actionAfterCompletion: Literal["NONE", "DELETE"] | None = None
    """NONE alone: what AWS deletes by itself would be made again."""
    target: Target
    """What is started, in the words of RunTask."""
    tags: dict[str, str] | None = None
    """Tags of the schedule group beside Apollo's own. Tags of others stay."""

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

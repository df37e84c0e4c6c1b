"""What users write below ``spec:`` of kind Cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field

from apollo.api import Env, Spec

__all__ = ["ClusterSpec"]


class _Described(Spec):
    """What stands below a field is what `apollo explain` and editors tell of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Setting(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterSetting.html"""

    name: Literal["containerInsights"]
    """There is one so far."""
    value: Literal["enabled", "disabled", "enhanced"]
    """Whether metrics of containers are collected."""


class LogConfiguration(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandLogConfiguration.html"""

    cloudWatchLogGroupName: str | None = None
    """The log group."""
    cloudWatchEncryptionEnabled: bool | None = None
    """Whether logs in CloudWatch are encrypted."""
    s3BucketName: str | None = None
    """The bucket."""
    s3EncryptionEnabled: bool | None = None
    """Whether logs in S3 are encrypted."""
    s3KeyPrefix: str | None = None
    """The folder in the bucket."""


class ExecuteCommandConfiguration(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html"""

    kmsKeyId: str | None = None
    """Encrypts what goes between client and container."""
    logging: Literal["NONE", "DEFAULT", "OVERRIDE"] | None = None
    """Where commands are logged; OVERRIDE wants logConfiguration."""
    logConfiguration: LogConfiguration | None = None
    """Where to, for logging OVERRIDE."""


class ManagedStorageConfiguration(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedStorageConfiguration.html"""

    kmsKeyId: str | None = None
    """Encrypts volumes that ECS manages."""
    fargateEphemeralStorageKmsKeyId: str | None = None
    """Encrypts the ephemeral storage of Fargate tasks."""


class Configuration(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterConfiguration.html"""

    executeCommandConfiguration: ExecuteCommandConfiguration | None = None
    """Of commands in containers (ECS Exec)."""
    managedStorageConfiguration: ManagedStorageConfiguration | None = None
    """Of storage that ECS manages."""


class StrategyItem(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""

    capacityProvider: str
    """One of capacityProviders."""
    weight: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Its share of the tasks beyond the base; default: 0."""
    base: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """At least so many tasks; default: 0. One item may have it."""


class ServiceConnectDefaults(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html"""

    namespace: str
    """A Cloud Map namespace, by name or ARN."""


class Tag(_Described):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html"""

    key: Annotated[str, Field(min_length=1, max_length=128)]
    """Its name."""
    value: Annotated[str, Field(max_length=256)] | None = None
    """Empty when left out."""


class ClusterSpec(_Described):
    """A cluster. Every field of CreateCluster.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
    """

    clusterName: str | None = None
    """In AWS; default: metadata.name. Another one makes another cluster."""
    settings: list[Setting] | None = None
    """Container Insights."""
    configuration: Configuration | None = None
    """Of commands in containers, and of storage that ECS manages."""
    serviceConnectDefaults: ServiceConnectDefaults | None = None
    """For services that name no namespace."""
    capacityProviders: list[str] | None = None
    """Names; the order does not count."""
    defaultCapacityProviderStrategy: list[StrategyItem] | None = None
    """For services with neither a launch type nor a strategy, out of capacityProviders."""
    tags: list[Tag] | None = None
    """Beside Apollo's own; tags of others stay."""

    named_lists: ClassVar[Mapping[str, str]] = {
        "/settings": "name",
        "/defaultCapacityProviderStrategy": "capacityProvider",
        "/tags": "key",
    }

    def completed(self, name: str, env: Env) -> Self:
        return self if self.clusterName is not None else self.model_copy(update={"clusterName": name})

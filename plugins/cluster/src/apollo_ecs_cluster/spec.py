"""What users write below ``spec:`` of kind Cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from apollo.api import Env, Spec

__all__ = ["ClusterSpec"]


class Setting(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterSetting.html"""

    name: Literal["containerInsights"]
    value: Literal["enabled", "disabled", "enhanced"]


class LogConfiguration(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandLogConfiguration.html"""

    cloudWatchLogGroupName: str | None = None
    cloudWatchEncryptionEnabled: bool | None = None
    s3BucketName: str | None = None
    s3EncryptionEnabled: bool | None = None
    s3KeyPrefix: str | None = None


class ExecuteCommandConfiguration(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html"""

    kmsKeyId: str | None = None
    logging: Literal["NONE", "DEFAULT", "OVERRIDE"] | None = None
    logConfiguration: LogConfiguration | None = None


class ManagedStorageConfiguration(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedStorageConfiguration.html"""

    kmsKeyId: str | None = None
    fargateEphemeralStorageKmsKeyId: str | None = None


class Configuration(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterConfiguration.html"""

    executeCommandConfiguration: ExecuteCommandConfiguration | None = None
    managedStorageConfiguration: ManagedStorageConfiguration | None = None


class StrategyItem(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""

    capacityProvider: str
    weight: Annotated[int, Field(ge=0, le=1000)] | None = None
    base: Annotated[int, Field(ge=0, le=100_000)] | None = None


class ServiceConnectDefaults(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html"""

    namespace: str


class Tag(Spec):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html"""

    key: Annotated[str, Field(min_length=1, max_length=128)]
    value: Annotated[str, Field(max_length=256)] | None = None


class ClusterSpec(Spec):
    """A cluster. Every field of CreateCluster.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
    """

    clusterName: str | None = None
    settings: list[Setting] | None = None
    configuration: Configuration | None = None
    serviceConnectDefaults: ServiceConnectDefaults | None = None
    capacityProviders: list[str] | None = None
    defaultCapacityProviderStrategy: list[StrategyItem] | None = None
    tags: list[Tag] | None = None

    named_lists: ClassVar[Mapping[str, str]] = {
        "/settings": "name",
        "/defaultCapacityProviderStrategy": "capacityProvider",
        "/tags": "key",
    }

    def completed(self, name: str, env: Env) -> Self:
        return self if self.clusterName is not None else self.model_copy(update={"clusterName": name})

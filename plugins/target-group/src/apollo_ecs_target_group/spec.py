"""What users write below ``spec:`` of kind TargetGroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field

from apollo.api import Env, Spec

__all__ = ["FIXED", "HEALTH", "Attribute", "Matcher", "Tag", "TargetGroupSpec"]

Protocol = Literal["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"]
Port = Annotated[int, Field(ge=1, le=65_535)]
Threshold = Annotated[int, Field(ge=2, le=10)]

FIXED: Final = (
    "protocol",
    "protocolVersion",
    "port",
    "vpcId",
    "targetType",
    "ipAddressType",
    "targetControlPort",
)
"""What AWS does not change of a target group that exists: ModifyTargetGroup takes none of it."""

HEALTH: Final = (
    "healthCheckProtocol",
    "healthCheckPort",
    "healthCheckPath",
    "healthCheckEnabled",
    "healthCheckIntervalSeconds",
    "healthCheckTimeoutSeconds",
    "healthyThresholdCount",
    "unhealthyThresholdCount",
    "matcher",
)
"""What ModifyTargetGroup changes."""


class Matcher(Spec):
    """Which answers of a target count as healthy.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
    """

    httpCode: str | None = None
    grpcCode: str | None = None


class Attribute(Spec):
    """One attribute, such as ``deregistration_delay.timeout_seconds``.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
    """

    key: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._]{1,256}$")]
    value: str


class Tag(Spec):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html"""

    key: Annotated[str, Field(min_length=1, max_length=128)]
    value: Annotated[str, Field(max_length=256)] | None = None


class TargetGroupSpec(Spec):
    """A target group. Every field of CreateTargetGroup, and ``attributes`` of ModifyTargetGroupAttributes.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """

    name: str | None = None
    protocol: Protocol | None = None
    protocolVersion: Literal["HTTP1", "HTTP2", "GRPC"] | None = None
    port: Port | None = None
    vpcId: str | None = None
    targetType: Literal["instance", "ip", "lambda", "alb"] | None = None
    ipAddressType: Literal["ipv4", "ipv6"] | None = None
    targetControlPort: Port | None = None
    healthCheckProtocol: Protocol | None = None
    healthCheckPort: str | None = None
    healthCheckPath: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    healthCheckEnabled: bool | None = None
    healthCheckIntervalSeconds: Annotated[int, Field(ge=5, le=300)] | None = None
    healthCheckTimeoutSeconds: Annotated[int, Field(ge=2, le=120)] | None = None
    healthyThresholdCount: Threshold | None = None
    unhealthyThresholdCount: Threshold | None = None
    matcher: Matcher | None = None
    attributes: list[Attribute] | None = None
    tags: list[Tag] | None = None

    named_lists: ClassVar[Mapping[str, str]] = {"/attributes": "key", "/tags": "key"}

    def completed(self, name: str, env: Env) -> Self:
        """The name from the manifest; targets by address, as tasks of ``awsvpc`` need it (AWS's own default
        is ``instance``)."""
        update: dict[str, str] = {}
        if self.name is None:
            update["name"] = name
        if self.targetType is None:
            update["targetType"] = "ip"
        return self.model_copy(update=update) if update else self

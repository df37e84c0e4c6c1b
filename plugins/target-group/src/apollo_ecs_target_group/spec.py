"""What users write below ``spec:`` of kind TargetGroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field

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


class _Described(Spec):
    """What stands below a field is what `apollo explain` and editors tell of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Matcher(_Described):
    """Which answers of a target count as healthy.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
    """

    httpCode: str | None = None
    """Such as 200-299 or 200,302."""
    grpcCode: str | None = None
    """Such as 0-99; for protocolVersion GRPC."""


class Attribute(_Described):
    """One attribute, such as ``deregistration_delay.timeout_seconds``.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
    """

    key: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._]{1,256}$")]
    """Such as deregistration_delay.timeout_seconds."""
    value: str
    """As text."""


class Tag(_Described):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html"""

    key: Annotated[str, Field(min_length=1, max_length=128)]
    """Its name."""
    value: Annotated[str, Field(max_length=256)] | None = None
    """Empty when left out."""


class TargetGroupSpec(_Described):
    """A target group. Every field of CreateTargetGroup, and ``attributes`` of ModifyTargetGroupAttributes.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """

    name: str | None = None
    """Up to 32 letters, digits and hyphens; default: metadata.name. Another one makes a new target group."""
    protocol: Protocol | None = None
    """How the load balancer speaks to targets. Not changed in place."""
    protocolVersion: Literal["HTTP1", "HTTP2", "GRPC"] | None = None
    """Of HTTP and HTTPS. Not changed in place."""
    port: Port | None = None
    """Of targets that name none; a task's target has its container's. Not changed in place."""
    vpcId: str | None = None
    """Where the targets are. Not changed in place."""
    targetType: Literal["instance", "ip", "lambda", "alb"] | None = None
    """Default: ip, as tasks with awsvpc need it. Not changed in place."""
    ipAddressType: Literal["ipv4", "ipv6"] | None = None
    """Of the targets. Not changed in place."""
    targetControlPort: Port | None = None
    """On which targets tell how much they can take. Not changed in place."""
    healthCheckProtocol: Protocol | None = None
    """How targets are checked."""
    healthCheckPort: str | None = None
    """traffic-port, or a port."""
    healthCheckPath: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """What a check asks for, such as /ready."""
    healthCheckEnabled: bool | None = None
    """Can be false for lambda alone."""
    healthCheckIntervalSeconds: Annotated[int, Field(ge=5, le=300)] | None = None
    """Seconds between two checks."""
    healthCheckTimeoutSeconds: Annotated[int, Field(ge=2, le=120)] | None = None
    """Seconds for an answer, fewer than between two checks."""
    healthyThresholdCount: Threshold | None = None
    """Good answers in a row until a target is healthy."""
    unhealthyThresholdCount: Threshold | None = None
    """Bad answers in a row until a target is unhealthy."""
    matcher: Matcher | None = None
    """Which answers are good."""
    attributes: list[Attribute] | None = None
    """Those that are not declared stay as they are."""
    tags: list[Tag] | None = None
    """Beside Apollo's own; tags of others stay."""

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

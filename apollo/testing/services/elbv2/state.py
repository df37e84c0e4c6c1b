"""What Elastic Load Balancing remembers in one account and region."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Tags = dict[str, str]

INF = float("inf")


@dataclass(slots=True, eq=False)
class LoadBalancer:
    name: str
    arn: str
    type: str
    request: Json
    """Of CreateLoadBalancer without its tags: the same one again is answered with this load balancer."""
    created_at: float
    fields: Json
    attributes: dict[str, str]
    tags: Tags
    listeners: dict[str, "Listener"] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """`app/name/0123456789abcdef`, as in the ARNs of its listeners and rules."""
        return self.arn.split(":loadbalancer/", 1)[1]


@dataclass(slots=True, eq=False)
class Listener:
    arn: str
    balancer: LoadBalancer
    fields: Json
    """Port, Protocol, Certificates, SslPolicy …: everything but the default actions."""
    tags: Tags
    default: "Rule" = field(init=False)
    rules: dict[str, "Rule"] = field(default_factory=dict)
    """By ARN, without the default rule."""
    attributes: dict[str, str] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    """The ARNs of those that were added; the default one is among the fields."""

    def ordered(self) -> list["Rule"]:
        """In the order of evaluation, the default rule last."""
        return [*sorted(self.rules.values(), key=lambda rule: rule.priority), self.default]


@dataclass(slots=True, eq=False)
class Rule:
    arn: str
    listener: Listener
    priority: int
    """0 for the default rule."""
    conditions: list[Json]
    """In the form with `*Config` members; the legacy members are added when it is shown."""
    actions: list[Json]
    """With defaults filled in, forward always as ForwardConfig, and with the secrets that are never shown."""
    transforms: list[Json]
    tags: Tags

    @property
    def is_default(self) -> bool:
        return self.listener.default is self


@dataclass(slots=True, eq=False)
class Target:
    """A target that a client registered; those of ECS services follow their tasks."""

    id: str
    port: int | None
    zone: str | None
    registered_at: float
    drained_at: float = INF
    """When draining ends; INF while it is registered."""


@dataclass(slots=True, eq=False)
class TargetGroup:
    name: str
    arn: str
    request: Json
    """Of CreateTargetGroup without its tags."""
    fields: Json
    attributes: dict[str, str]
    tags: Tags
    targets: dict[tuple[str, int | None], Target] = field(default_factory=dict)

    @property
    def target_type(self) -> str:
        return str(self.fields["TargetType"])

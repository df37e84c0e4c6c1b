"""When two task definitions have the same content.

A revision never changes, so every real difference means a new one. What is not declared is therefore removed,
with AWS's defaults in its place. Tags are not content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apollo.compare.canon import canonical, digest
from apollo.compare.rules import CLEARED, KEPT, Field, Rules
from apollo.compare.values import cpu_units, mebibytes
from apollo.resources.task_definition import TaskDefinitionSpec

__all__ = ["RULES", "content_digest"]

Data = Mapping[str, Any]


def _port(member: Data) -> str | None:
    """Ports go by number: ``8080``, ``53-udp``, ``8000-8100``, ``8000-8100-udp``."""
    port = member.get("containerPort") or member.get("containerPortRange")
    protocol = member.get("protocol") or "tcp"
    return None if port is None else f"{port}" if protocol == "tcp" else f"{port}-{protocol}"


def _host_port(value: Any, mapping: Data, root: Data) -> bool:
    """0 asks for any port; where a container shares no host's ports it must be the container's own."""
    own = root.get("networkMode") in ("awsvpc", "host") and value == mapping.get("containerPort")
    return value == 0 or own


def _without_swap(value: Any, parameters: Data, root: Data) -> bool:
    """ECS ignores swappiness where maxSwap is absent; its default is 60."""
    return parameters.get("maxSwap") is None or value == 60


def _on_fargate(default: str) -> Field:
    """A default that only Fargate has; elsewhere absence means whatever the instance is."""
    return Field(
        same_as_absent=lambda value, _, root: (
            value == default and "FARGATE" in (root.get("requiresCompatibilities") or ())
        )
    )


_CONTAINER: Final[Mapping[str, Field]] = {
    "cpu": Field(default=0),
    "disableNetworking": Field(default=False),
    "dependsOn": Field(key="containerName"),
    "dockerSecurityOptions": Field(unordered=True),
    "environment": Field(key="name"),
    "essential": Field(default=True),
    "extraHosts": Field(unordered=True),
    "healthCheck/interval": Field(default=30),
    "healthCheck/retries": Field(default=3),
    "healthCheck/startPeriod": Field(default=0),
    "healthCheck/timeout": Field(default=5),
    "interactive": Field(default=False),
    "links": Field(unordered=True),
    "linuxParameters/capabilities/add": Field(unordered=True),
    "linuxParameters/capabilities/drop": Field(unordered=True),
    "linuxParameters/devices": Field(unordered=True),
    "linuxParameters/devices/*/permissions": Field(unordered=True),
    "linuxParameters/initProcessEnabled": Field(default=False),
    "linuxParameters/swappiness": Field(same_as_absent=_without_swap),
    "linuxParameters/tmpfs": Field(key="containerPath"),
    "logConfiguration/secretOptions": Field(key="name"),
    "mountPoints": Field(key="containerPath"),
    "mountPoints/*/readOnly": Field(default=False),
    "portMappings": Field(key=_port),
    "portMappings/*/hostPort": Field(same_as_absent=_host_port),
    "portMappings/*/protocol": Field(default="tcp"),
    "privileged": Field(default=False),
    "pseudoTerminal": Field(default=False),
    "readonlyRootFilesystem": Field(default=False),
    "resourceRequirements": Field(unordered=True),
    "restartPolicy/ignoredExitCodes": Field(unordered=True),
    "restartPolicy/restartAttemptPeriod": Field(default=300),
    "secrets": Field(key="name"),
    "systemControls": Field(key="namespace"),
    "ulimits": Field(key="name"),
    "versionConsistency": Field(default="enabled"),
    "volumesFrom": Field(key="sourceContainer"),
    "volumesFrom/*/readOnly": Field(default=False),
}

_COMPUTED: Final = (
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
)

RULES: Final = Rules(
    TaskDefinitionSpec,
    {
        "/containerDefinitions": Field(key="name"),
        **{f"/containerDefinitions/*/{path}": rule for path, rule in _CONTAINER.items()},
        "/cpu": Field(normal=cpu_units),
        "/enableFaultInjection": Field(default=False),
        "/inferenceAccelerators": Field(key="deviceName"),
        "/memory": Field(normal=mebibytes),
        "/networkMode": Field(default="bridge"),
        "/placementConstraints": Field(unordered=True),
        "/proxyConfiguration/properties": Field(key="name"),
        "/proxyConfiguration/type": Field(default="APPMESH"),
        "/requiresCompatibilities": Field(unordered=True),
        "/runtimePlatform/cpuArchitecture": _on_fargate("X86_64"),
        "/runtimePlatform/operatingSystemFamily": _on_fargate("LINUX"),
        "/tags": Field(key="key", never=True),
        "/volumes": Field(key="name"),
        "/volumes/*/configuredAtLaunch": Field(default=False),
        "/volumes/*/dockerVolumeConfiguration/autoprovision": Field(absence=KEPT),
        "/volumes/*/dockerVolumeConfiguration/driver": Field(absence=KEPT),
        "/volumes/*/dockerVolumeConfiguration/scope": Field(absence=KEPT),
        "/volumes/*/efsVolumeConfiguration/authorizationConfig/iam": Field(default="DISABLED"),
        "/volumes/*/efsVolumeConfiguration/rootDirectory": Field(default="/"),
        "/volumes/*/efsVolumeConfiguration/transitEncryption": Field(default="DISABLED"),
        **{f"/{name}": Field(never=True) for name in _COMPUTED},
    },
    absence=CLEARED,
)
"""Equality of RegisterTaskDefinition inputs and of what DescribeTaskDefinition answers."""


def content_digest(declared: Mapping[str, Any]) -> str:
    """The content hash of a task definition as declared (`Spec.declared` of a completed spec): equal for
    texts that would register the same thing. An index only: whether a live revision is the one wanted,
    `differences` decides."""
    return digest(canonical(declared, RULES))

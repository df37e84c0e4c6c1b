"""When a live service is what a manifest says, and how UpdateService makes it so."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from apollo.api import HASH_TAG, OWNER_TAG, PRUNE_TAG, Change, is_unknown
from apollo.compare.pointers import split
from apollo.compare.rules import CLEARED, KEPT, MERGED, Cleared, Field, Rules
from apollo.compare.values import lowered, short_name
from apollo.resources.service import ServiceSpec

__all__ = ["IMMUTABLE", "RESENT", "RULES", "STARTS_DEPLOYMENT", "disruptive", "live_spec", "update_fields"]

Data = Mapping[str, Any]


def _target(member: Data) -> str | None:
    """A load balancer entry's name: its target group (or classic load balancer), container and port."""
    group = member.get("targetGroupArn")
    name = str(group).split(":targetgroup/")[-1].split("/")[0] if group else member.get("loadBalancerName")
    parts = (name, member.get("containerName"), member.get("containerPort"))
    return ":".join(str(part) for part in parts if part is not None) or None


def _lattice(member: Data) -> str | None:
    """A VPC Lattice entry's name: its target group and port."""
    group = str(member.get("targetGroupArn", "")).rpartition("/")[2]
    return f"{group}:{member.get('portName')}"


def _daemon(root: Data) -> bool:
    return root.get("schedulingStrategy") == "DAEMON"


def _off(value: Any, _: Data, __: Data) -> bool:
    return isinstance(value, Mapping) and value.get("enabled") is False


def _not_read(_: Any, have: Any) -> bool:
    """Only a service revision tells; `live_spec` puts something empty here when it was read."""
    return have is None


def _same_json(want: Any, have: Any) -> bool:
    """What a hook is told is a JSON document, as text or as data."""
    return bool(_parsed(want) == _parsed(have))


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _no_early_success(value: Any, _: Data, __: Data) -> bool:
    return isinstance(value, Mapping) and value.get("enable") is False


def _role(value: Any) -> Any:
    """``/path/name``, ``path/name`` or an ARN: ECS wants the path of a role that has one in front of it."""
    found = short_name("role/")(value)
    return found.removeprefix("/") if isinstance(found, str) else found


def _namespace(want: Any, have: Any) -> bool:
    """A Cloud Map namespace by name cannot be told from its ARN, which holds an id; a wrong guess would
    redeploy for ever. ECS gives back a name for a name by now, and the ARN for services of before:
    https://github.com/kayac/ecspresso/pull/745"""
    return str(have).startswith("arn:") and not str(want).startswith("arn:") and not is_unknown(want)


_NOT_OURS: Final = ("aws:", "ecs:")
_OURS: Final = frozenset({OWNER_TAG, HASH_TAG, PRUNE_TAG})

RULES: Final = Rules(
    ServiceSpec,
    {
        "/availabilityZoneRebalancing": Field(absence=KEPT),
        # Without a launch type and a strategy the service runs on its cluster's default strategy, which ECS
        # writes into it: nothing to take away then.
        "/capacityProviderStrategy": Field(
            key="capacityProvider", absence=Cleared([], when=lambda root: "launchType" in root)
        ),
        "/capacityProviderStrategy/*/base": Field(default=0),
        "/capacityProviderStrategy/*/weight": Field(default=0),
        "/cluster": Field(normal=short_name("cluster/")),
        "/deploymentConfiguration": Field(absence=MERGED),
        "/deploymentConfiguration/alarms": Field(
            absence=Cleared({"alarmNames": [], "enable": False, "rollback": False})
        ),
        "/deploymentConfiguration/alarms/alarmNames": Field(unordered=True),
        "/deploymentConfiguration/alarms/enable": Field(default=False),
        "/deploymentConfiguration/alarms/rollback": Field(default=False),
        "/deploymentConfiguration/bakeTimeInMinutes": Field(default=0, absence=Cleared(0)),
        "/deploymentConfiguration/canaryConfiguration/canaryBakeTimeInMinutes": Field(default=10),
        "/deploymentConfiguration/canaryConfiguration/canaryPercent": Field(default=5),
        "/deploymentConfiguration/deploymentCircuitBreaker": Field(
            absence=Cleared({"enable": False, "rollback": False})
        ),
        "/deploymentConfiguration/deploymentCircuitBreaker/enable": Field(default=False),
        "/deploymentConfiguration/deploymentCircuitBreaker/resetOnHealthyTask": Field(default=True),
        "/deploymentConfiguration/deploymentCircuitBreaker/rollback": Field(default=False),
        "/deploymentConfiguration/deploymentCircuitBreaker/thresholdConfiguration": Field(
            default={"type": "BOUNDED_PERCENT", "value": 50}
        ),
        "/deploymentConfiguration/earlySuccessCriteria": Field(
            same_as_absent=_no_early_success, absence=Cleared({"enable": False}), below=KEPT
        ),
        "/deploymentConfiguration/lifecycleHooks": Field(unordered=True, absence=Cleared([])),
        "/deploymentConfiguration/lifecycleHooks/*/hookDetails": Field(matches=_same_json),
        "/deploymentConfiguration/lifecycleHooks/*/lifecycleStages": Field(unordered=True),
        "/deploymentConfiguration/lifecycleHooks/*/targetType": Field(default="AWS_LAMBDA"),
        "/deploymentConfiguration/lifecycleHooks/*/timeoutConfiguration/action": Field(default="ROLLBACK"),
        "/deploymentConfiguration/lifecycleHooks/*/timeoutConfiguration/timeoutInMinutes": Field(
            default=1440
        ),
        "/deploymentConfiguration/linearConfiguration/stepBakeTimeInMinutes": Field(default=6),
        "/deploymentConfiguration/linearConfiguration/stepPercent": Field(default=10),
        "/deploymentConfiguration/strategy": Field(default="ROLLING", absence=Cleared("ROLLING")),
        "/deploymentController": Field(default={"type": "ECS"}),
        "/desiredCount": Field(never=_daemon),
        "/enableECSManagedTags": Field(default=False, absence=Cleared(False)),
        "/enableExecuteCommand": Field(default=False, absence=Cleared(False)),
        "/gatewayConnectors": Field(key="portName", absence=Cleared([]), matches=_not_read),
        "/healthCheckGracePeriodSeconds": Field(default=0, absence=Cleared(0)),
        # Not said while a strategy is used; the strategy's own difference shows the way back then.
        "/launchType": Field(matches=lambda _, have: have is None),
        "/loadBalancers": Field(key=_target, absence=Cleared([])),
        "/monitoring": Field(matches=_not_read),
        "/monitoring/metricConfigurations": Field(unordered=True),
        "/monitoring/metricConfigurations/*/metricNames": Field(unordered=True),
        "/networkConfiguration/awsvpcConfiguration/assignPublicIp": Field(
            default="DISABLED", absence=Cleared("DISABLED")
        ),
        "/networkConfiguration/awsvpcConfiguration/securityGroups": Field(unordered=True),
        "/networkConfiguration/awsvpcConfiguration/subnets": Field(unordered=True),
        "/placementConstraints": Field(unordered=True, absence=Cleared([])),
        "/placementStrategy": Field(absence=Cleared([])),
        "/placementStrategy/*/field": Field(normal=lambda value: _placed(lowered(value))),
        # LATEST is a wish for whatever is newest; AWS answers with it or with the version it was.
        "/platformVersion": Field(matches=lambda want, _: bool(want == "LATEST")),
        "/propagateTags": Field(default="NONE", absence=Cleared("NONE")),
        "/role": Field(normal=_role),
        "/schedulingStrategy": Field(default="REPLICA", absence=CLEARED),  # desiredCount counts for it only
        # What ECS fills in itself (namespace, discovery names, ports of aliases) stays as it fills it in.
        "/serviceConnectConfiguration": Field(
            same_as_absent=_off, absence=Cleared({"enabled": False}), below=KEPT
        ),
        "/serviceConnectConfiguration/accessLogConfiguration": Field(absence=CLEARED),
        "/serviceConnectConfiguration/containerConfigurations": Field(absence=CLEARED),
        "/serviceConnectConfiguration/logConfiguration": Field(absence=CLEARED),
        "/serviceConnectConfiguration/logConfiguration/secretOptions": Field(key="name"),
        "/serviceConnectConfiguration/namespace": Field(matches=_namespace),
        "/serviceConnectConfiguration/services": Field(key="portName", absence=CLEARED, below=KEPT),
        "/serviceConnectConfiguration/services/*/clientAliases": Field(
            key="port", absence=CLEARED, below=KEPT
        ),
        "/serviceConnectConfiguration/services/*/clientAliases/*/testTrafficRules": Field(absence=CLEARED),
        "/serviceConnectConfiguration/services/*/timeout": Field(absence=CLEARED),
        "/serviceConnectConfiguration/services/*/tls": Field(absence=CLEARED),
        "/serviceRegistries": Field(unordered=True, absence=Cleared([])),
        "/serviceRegistries/*/containerPort": Field(default=0),
        "/serviceRegistries/*/port": Field(default=0),
        "/tags": Field(key="key", others=True),
        "/taskDefinition": Field(normal=short_name("task-definition/")),
        "/volumeConfigurations": Field(key="name", absence=Cleared([])),
        # Size, type and encryption are filled in; a snapshot and tags are never.
        "/volumeConfigurations/*/managedEBSVolume": Field(below=KEPT),
        "/volumeConfigurations/*/managedEBSVolume/snapshotId": Field(absence=CLEARED),
        "/volumeConfigurations/*/managedEBSVolume/tagSpecifications": Field(
            key="resourceType", absence=CLEARED, below=KEPT
        ),
        "/volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/tags": Field(
            key="key", absence=CLEARED
        ),
        "/volumeConfigurations/*/managedEBSVolume/volumeInitializationRate": Field(absence=CLEARED),
        "/vpcLatticeConfigurations": Field(key=_lattice, absence=Cleared([])),
    },
    absence=KEPT,
)
"""Equality of CreateService inputs and of `live_spec`."""


def _placed(field: Any) -> Any:
    return "instanceid" if field == "host" else field


STARTS_DEPLOYMENT: Final = frozenset(
    {
        "capacityProviderStrategy",  # only goes together with forceNewDeployment
        "gatewayConnectors",
        "loadBalancers",
        "networkConfiguration",
        "platformVersion",
        "serviceConnectConfiguration",
        "serviceRegistries",
        "taskDefinition",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    }
)
"""Fields whose change makes ECS replace the tasks. AWS does not say so of ``gatewayConnectors``: assumed."""

RESENT: Final = ("healthCheckGracePeriodSeconds", "platformVersion")
"""Fields that UpdateService resets when they are left out."""

IMMUTABLE: Final = frozenset({"cluster", "launchType", "role", "schedulingStrategy", "serviceName"})
"""Fields that only a new service can change. ``launchType`` also moves by way of the capacity provider
strategy: from one to another launch type it is a replacement."""

_ELSEWHERE: Final = IMMUTABLE | {"tags"}  # TagResource and UntagResource


def live_spec(described: Mapping[str, Any], revision: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What DescribeServices says of a service (``include=[TAGS]``), under the names of a spec.

    Service Connect, volumes and VPC Lattice are not on the service but on its primary deployment; gateway
    connectors and monitoring only on the service revision, when that was read, too.
    """
    live = dict(described)
    if "clusterArn" in live:
        live["cluster"] = live["clusterArn"]
    if "roleArn" in live:
        live["role"] = live["roleArn"]
    deployments = described.get("deployments") or ()
    newest: Data = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
    for name in ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"):
        if newest.get(name):
            live[name] = newest[name]
    for name in ("gatewayConnectors", "monitoring"):
        if revision is not None:
            live[name] = revision.get(name) or []
    live["tags"] = [
        tag
        for tag in described.get("tags") or ()
        if not str(tag.get("key")).startswith(_NOT_OURS) and tag.get("key") not in _OURS
    ]
    return live


def disruptive(changes: Collection[Change]) -> bool:
    """Whether these changes make ECS replace running tasks."""
    return any(split(change.path)[0] in STARTS_DEPLOYMENT for change in changes)


def update_fields(declared: Mapping[str, Any], changes: Collection[Change]) -> dict[str, Any]:
    """What one UpdateService has to hold, besides ``cluster`` and ``service``, to settle ``changes``.

    Blocks are sent whole, cleared fields with the value that clears them, and fields that ECS resets when
    they are missing are repeated. Empty when no change is UpdateService's business (see `IMMUTABLE`; tags
    have calls of their own).

    :param declared: the spec as it was compared (with `keeping` applied where a manifest ignores fields).
    """
    fields: dict[str, Any] = {}
    for change in changes:
        top, *below = split(change.path)
        if top in _ELSEWHERE:
            continue
        if not below:
            fields[top] = declared.get(top, change.after) or change.after
        elif (block := declared.get(top)) is not None or change.after is not None:
            fields.setdefault(top, block or {})
            fields[top] = _cleared(fields[top], below, change.after)
    if not fields:
        return {}
    for name in RESENT:
        if declared.get(name) is not None:
            fields.setdefault(name, declared[name])
    if "capacityProviderStrategy" in fields:
        fields["forceNewDeployment"] = True
    return fields


def _cleared(block: Any, parts: list[str], value: Any) -> Any:
    """``block`` with the value that clears a field, where the manifest left that field out."""
    if value is None or not isinstance(block, Mapping):
        return block
    name, *rest = parts
    if not rest:
        return block if block.get(name) else {**block, name: value}
    return {**block, name: _cleared(block.get(name) or {}, rest, value)}

"""A task as the API shows it."""

from typing import Any

from apollo.testing.services.ecs.capacity import instance_arn
from apollo.testing.services.ecs.echoes import resolved_platform
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.service_view import digest
from apollo.testing.services.ecs.state import INF, Json, Task
from apollo.testing.services.ecs.tags import listed

_BEFORE = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


def view(ecs: Region, task: Task, *, tags: bool, now: float | None = None) -> Json:
    """As it is, or as it was at a moment.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
    """
    now = ecs.now if now is None else now
    status = task.status(now)
    content = task.definition.content
    launch = task.launch
    private_ip = task.private_ip
    overrides: Json = launch.get("overrides") or {}
    body: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster.arn,
        "taskDefinitionArn": task.definition.arn,
        "group": task.group,
        "lastStatus": status,
        "desiredStatus": "RUNNING" if task.live else "STOPPED",
        "launchType": launch["launchType"],
        "createdAt": task.created_at,
        "version": 1 + _BEFORE.index(status) if status in _BEFORE else 6,
        "availabilityZone": f"{ecs.region}{task.zone}",
        "connectivity": "CONNECTED",
        "enableExecuteCommand": launch["enableExecuteCommand"],
        "healthStatus": _health(task, now),
        "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(content)}],
        "attachments": [],
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []} | overrides,
        "containers": [_container(task, c, status, private_ip, now) for c in content["containerDefinitions"]],
        "tags": listed(task.tags) if tags else [],
    }
    if "capacityProviderName" in launch:
        body["capacityProviderName"] = launch["capacityProviderName"]
    for name in ("cpu", "memory"):
        if name in content or name in overrides:
            body[name] = overrides.get(name, content.get(name))
    if task.instance:
        body["containerInstanceArn"] = instance_arn(ecs, task.cluster, task.instance)
    if launch.get("platformVersion"):
        body["platformVersion"] = resolved_platform(launch["platformVersion"])
        body["platformFamily"] = launch["platformFamily"]
        body["ephemeralStorage"] = content.get("ephemeralStorage", {"sizeInGiB": 20})
    if task.started_by:
        body["startedBy"] = task.started_by
    vpc = (launch.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if vpc is not None:
        body["attachments"] = [_attachment(task, private_ip, status)]
    times = {
        "pullStartedAt": task.pending_at,
        "connectivityAt": task.pending_at,
        "pullStoppedAt": task.activating_at,
        "startedAt": task.running_at,
        "stoppingAt": task.stop_at,
        "executionStoppedAt": task.deprovisioning_at,
        "stoppedAt": task.stopped_at,
    }
    body |= {name: at for name, at in times.items() if at <= now and (at <= task.stop_at or "top" in name)}
    if task.stop_code is not None:
        body["stopCode"] = task.stop_code
        body["stoppedReason"] = task.stopped_reason
    return body


def _architecture(content: Json) -> str:
    return str(content.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")).lower()


def _health(task: Task, now: float) -> str:
    if not task.checked and not task.unhealthy:
        return "UNKNOWN"
    if now >= task.healthy_at:
        return "HEALTHY"
    return "UNHEALTHY" if now >= task.fail_at != INF else "UNKNOWN"


def _container(task: Task, container: Json, status: str, private_ip: str, now: float) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html"""
    name = container["name"]
    own = {"STOPPED": "STOPPED", "DEPROVISIONING": "STOPPED", "RUNNING": "RUNNING"}.get(status, "PENDING")
    if status in ("DEACTIVATING", "STOPPING"):
        own = "RUNNING"
    body: Json = {
        "containerArn": f"{task.arn}/{name}".replace(":task/", ":container/"),
        "taskArn": task.arn,
        "name": name,
        "image": container["image"],
        "lastStatus": own,
        "networkBindings": [],
        "networkInterfaces": [],
        "healthStatus": _health(task, now) if "healthCheck" in container or task.unhealthy else "UNKNOWN",
        "cpu": str(container["cpu"]),
    }
    for limit in ("memory", "memoryReservation"):
        if limit in container:
            body[limit] = str(container[limit])
    if now >= task.activating_at:
        body["imageDigest"] = digest(container["image"])
        body["runtimeId"] = f"{task.id}-{sum(name.encode()) * 7919 % 10**10}"
    if task.launch.get("networkConfiguration") and now >= task.pending_at:
        body["networkInterfaces"] = [
            {"attachmentId": _uuid(task.id), "privateIpv4Address": private_ip},
        ]
    if task.launch["enableExecuteCommand"]:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html
        agent: Json = {"name": "ExecuteCommandAgent", "lastStatus": own}
        if own == "RUNNING":
            agent["lastStartedAt"] = task.running_at
        body["managedAgents"] = [agent]
    if own == "STOPPED":
        # Whoever fails takes the others with it: they are stopped in order.
        fails = name == task.culprit or task.stop_code != "EssentialContainerExited"
        if task.exit_code is not None:
            body["exitCode"] = task.exit_code if fails else 0
        if task.container_reason is not None and name == task.culprit:
            body["reason"] = task.container_reason
    return body


def _uuid(task_id: str) -> str:
    return f"{task_id[:8]}-{task_id[8:12]}-{task_id[12:16]}-{task_id[16:20]}-{task_id[20:]}"


def _attachment(task: Task, private_ip: str, status: str) -> Json:
    state = "ATTACHED"
    if status == "PROVISIONING":
        state = "PRECREATED"
    elif status == "STOPPED":
        state = "DELETED"
    details = {"subnetId": task.subnet}
    if state != "PRECREATED":
        details |= {
            "networkInterfaceId": f"eni-{task.id[:17]}",
            "macAddress": ":".join(task.id[n : n + 2] for n in range(0, 12, 2)),
            "privateIPv4Address": private_ip,
        }
    return {
        "id": _uuid(task.id),
        "type": "ElasticNetworkInterface",
        "status": state,
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }

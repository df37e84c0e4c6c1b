"""Tasks: running them, looking at them, stopping them."""

from collections.abc import Iterable
from typing import Any

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.clusters import check_strategy
from apollo.testing.services.ecs.lifecycle import start_task, stop_task
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.service_config import revision_config
from apollo.testing.services.ecs.service_rules import check_config
from apollo.testing.services.ecs.service_view import digest, resolved_platform
from apollo.testing.services.ecs.state import INF, Json, Task
from apollo.testing.services.ecs.tags import checked, listed
from apollo.testing.world import Call


def run(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    count = p.get("count", 1)
    if not 1 <= count <= 10:
        raise invalid("count must be between 1 and 10.")
    token = p.get("clientToken")
    if token is not None and token in ecs.run_tokens:
        request, tasks = ecs.run_tokens[token]
        if request != p:
            raise ApiError(
                "ConflictException", "The request does not match an earlier one with this clientToken."
            )
        return {"tasks": [view(ecs, task, tags=True) for task in tasks], "failures": []}
    if p.get("launchType") and p.get("capacityProviderStrategy"):
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    if p.get("capacityProviderStrategy"):
        check_strategy(p["capacityProviderStrategy"], cluster.capacity_providers)
    definition = ecs.usable_definition(p["taskDefinition"])
    config = revision_config(
        {k: v for k, v in p.items() if k != "volumeConfigurations"}, None, cluster, definition
    )
    check_config(ecs, config, definition, "REPLICA")
    names = {c["name"] for c in definition.containers}
    for override in p.get("overrides", {}).get("containerOverrides", []):
        if override.get("name") not in names:
            raise invalid(
                f"Override for container named {override.get('name')} "
                "is not a container in the TaskDefinition."
            )
    tags = checked(p.get("tags"))
    if p.get("propagateTags") == "TASK_DEFINITION":
        tags = {**definition.tags, **tags}
    if p.get("enableECSManagedTags"):
        tags = {"aws:ecs:clusterName": cluster.name, **tags}
    launch: Json = {
        "enableExecuteCommand": p.get("enableExecuteCommand", False),
        "networkConfiguration": config.get("networkConfiguration"),
        "platformVersion": config.get("platformVersion"),
        "platformFamily": config.get("platformFamily"),
        "overrides": p.get("overrides"),
    }
    strategy = config.get("capacityProviderStrategy")
    if strategy:
        name = strategy[0]["capacityProvider"]
        launch |= {
            "capacityProviderName": name,
            "launchType": "FARGATE" if name.startswith("FARGATE") else "EC2",
        }
    else:
        launch["launchType"] = config["launchType"]
    tasks = [
        start_task(
            ecs,
            cluster,
            definition,
            call.now,
            group=p.get("group", f"family:{definition.family}"),
            launch=launch,
            tags=dict(tags),
            started_by=p.get("startedBy", ""),
        )
        for _ in range(count)
    ]
    ecs.standalone.update({task.id: task for task in tasks})
    if token is not None:
        ecs.run_tokens[token] = (p, tasks)
    return {"tasks": [view(ecs, task, tags=True) for task in tasks], "failures": []}


def _find(ecs: Region, cluster_name: str | None, given: str) -> Task | None:
    cluster = ecs.cluster(cluster_name)
    task = ecs.tasks.get(given.rsplit("/", 1)[-1])
    if task is None or task.cluster is not cluster or (given.startswith("arn:") and given != task.arn):
        return None
    if task.service is not None:
        ecs.step_service(task.service)
    else:
        ecs.step_standalone()
    return task if ecs.remembered(task) else None


def stop(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    p = call.params
    task = _find(ecs, p.get("cluster"), p["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    if task.live:
        stop_task(ecs, task, call.now, "UserInitiated", p.get("reason", "Task stopped by user"))
        if task.service is not None:
            task.service.steady = False
            task.service.wake_at = min(task.service.wake_at, call.now + ecs.world.timings.scheduler)
            task.service.next_at = min(task.service.next_at, task.service.wake_at)
    return {"task": view(ecs, task, tags=True)}


def describe(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""
    p = call.params
    names = p["tasks"]
    if not names:
        raise invalid("Tasks cannot be empty.")
    if len(names) > 100:
        raise invalid("Cannot describe more than 100 tasks in one request.")
    cluster = ecs.cluster(p.get("cluster"))
    tags = "TAGS" in p.get("include", [])
    found, failures = [], []
    for name in names:
        task = _find(ecs, p.get("cluster"), name)
        if task is None:
            arn = name if name.startswith("arn:") else ecs.arn("task", f"{cluster.name}/{name}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(view(ecs, task, tags=tags))
    return {"tasks": found, "failures": failures}


def list_tasks(ecs: Region, call: Call) -> Json:
    """Without desiredStatus only tasks that should run are listed.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    name = p.get("serviceName")
    service = ecs.service(cluster, name) if name is not None else None
    if service is None:
        ecs.step_cluster(cluster)
        ecs.step_standalone()
    wanted = p.get("desiredStatus", "RUNNING")
    arns = []
    candidates: Iterable[Task] = ecs.tasks.values()
    if service is not None:
        candidates = [*service.tasks, *(task for task in ecs.stopped if task.service is service)]
    for task in candidates:
        desired = "RUNNING" if task.live else "STOPPED"
        if task.cluster is not cluster or desired != wanted or not ecs.remembered(task):
            continue
        if p.get("family") not in (None, task.definition.family):
            continue
        if p.get("startedBy") not in (None, task.started_by):
            continue
        if p.get("launchType") not in (None, task.launch["launchType"]):
            continue
        arns.append(task.arn)
    chunk, more = page(arns, p)
    return {"taskArns": chunk, **more}


def view(ecs: Region, task: Task, *, tags: bool) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""
    now = ecs.now
    status = task.status(now)
    content = task.definition.content
    launch = task.launch
    private_ip = task.private_ip
    body: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster.arn,
        "taskDefinitionArn": task.definition.arn,
        "group": task.group,
        "lastStatus": status,
        "desiredStatus": "RUNNING" if task.live else "STOPPED",
        "launchType": launch["launchType"],
        "createdAt": task.created_at,
        "version": 1 + ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"].index(status) if task.live else 6,
        "availabilityZone": f"{ecs.region}{task.zone}",
        "connectivity": "CONNECTED",
        "enableExecuteCommand": launch["enableExecuteCommand"],
        "healthStatus": _health(task, now),
        "attributes": [],
        "attachments": [],
        "overrides": launch.get("overrides")
        or {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
        "containers": [_container(task, c, status, private_ip, now) for c in content["containerDefinitions"]],
        "tags": listed(task.tags) if tags else [],
    }
    if "capacityProviderName" in launch:
        body["capacityProviderName"] = launch["capacityProviderName"]
    for name in ("cpu", "memory"):
        if name in content:
            body[name] = content[name]
    if launch.get("platformVersion"):
        body["platformVersion"] = resolved_platform(launch["platformVersion"])
        body["platformFamily"] = launch["platformFamily"]
        body["ephemeralStorage"] = content.get("ephemeralStorage", {"sizeInGiB": 20})
    if task.started_by:
        body["startedBy"] = task.started_by
    vpc = (launch.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if vpc is not None:
        body["attachments"] = [_attachment(task, vpc, private_ip, status)]
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
    if own == "STOPPED":
        if task.exit_code is not None:
            body["exitCode"] = task.exit_code
        if task.container_reason is not None:
            body["reason"] = task.container_reason
    return body


def _uuid(task_id: str) -> str:
    return f"{task_id[:8]}-{task_id[8:12]}-{task_id[12:16]}-{task_id[16:20]}-{task_id[20:]}"


def _attachment(task: Task, vpc: Json, private_ip: str, status: str) -> Json:
    state = "ATTACHED"
    if status == "PROVISIONING":
        state = "PRECREATED"
    elif status == "STOPPED":
        state = "DELETED"
    details = {"subnetId": vpc["subnets"][0]}
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

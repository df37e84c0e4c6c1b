"""Container instances: where tasks on EC2 run. A cluster has none until somebody registers one, or says so.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/create-capacity.html
"""

from collections.abc import Iterable

from apollo.testing.errors import NotSimulated
from apollo.testing.services.ecs import attributes, text
from apollo.testing.services.ecs.capacity import add_instance, instance_arn
from apollo.testing.services.ecs.lifecycle import stop_task
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.scheduler import wake
from apollo.testing.services.ecs.state import Cluster, Instance, Json
from apollo.testing.services.ecs.tags import checked, listed
from apollo.testing.world import Call


def set_instances(ecs: Region, cluster: Cluster, count: int, now: float) -> None:
    """From now on the cluster has so many container instances; those that go take their tasks with them."""
    ecs.step_cluster(cluster)
    ecs.step_standalone()
    gone = list(cluster.instances)[count:]
    for _ in range(count - len(cluster.instances)):
        add_instance(ecs, cluster)
    _changed(ecs, cluster, gone, now)


def _changed(ecs: Region, cluster: Cluster, gone: Iterable[str], now: float) -> None:
    """Services look for places again; a daemon service "deploys exactly one task on each active container
    instance" (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html)."""
    lost = {name: cluster.instances.pop(name) for name in gone}
    for task in ecs.tasks.values() if lost else ():
        if task.live and task.cluster is cluster and task.instance in lost:
            stop_task(ecs, task, now, "TerminationNotice", text.terminated(task.instance))
            if task.service is not None:
                task.service.steady = False
    for service in cluster.services.values():
        if service.status != "ACTIVE":
            continue
        if service.fields["schedulingStrategy"] == "DAEMON":
            service.ask_for(len(cluster.active()))
        service.blocked_until = 0.0
        wake(ecs, service, now)


def _running(ecs: Region, cluster: Cluster, instance: str) -> list[str]:
    """The statuses of its tasks."""
    now = ecs.now
    return [t.status(now) for t in ecs.tasks.values() if t.instance == instance and t.cluster is cluster]


def _view(ecs: Region, cluster: Cluster, instance: Instance, status: str | None = None) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html"""
    statuses = _running(ecs, cluster, instance.id)
    body: Json = {
        "containerInstanceArn": instance_arn(ecs, cluster, instance.id),
        "ec2InstanceId": f"i-{instance.id[:17]}",
        "version": instance.version,
        "status": status or instance.status,
        "agentConnected": status != "INACTIVE",
        "runningTasksCount": statuses.count("RUNNING"),
        "pendingTasksCount": sum(s in ("PROVISIONING", "PENDING", "ACTIVATING") for s in statuses),
        "registeredResources": [],
        "remainingResources": [],
        "attributes": attributes.of(instance),
        "attachments": [],
        "registeredAt": instance.registered_at,
        "tags": listed(instance.tags),
    }
    if instance.provider is not None:
        body["capacityProviderName"] = instance.provider
    return body


def find(ecs: Region, cluster: Cluster, given: str) -> Instance | None:
    """By id or ARN."""
    found = cluster.instances.get(given.rpartition("/")[2])
    if found is None or (given.startswith("arn:") and given != instance_arn(ecs, cluster, found.id)):
        return None
    return found


def register(ecs: Region, call: Call) -> Json:
    """What an instance's agent does: one more place for tasks on EC2. One that is registered is found again.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterContainerInstance.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    tags = checked(p.get("tags"))
    given = p.get("attributes", [])
    for attribute in given:
        attributes.check(attribute)
    found = find(ecs, cluster, p["containerInstanceArn"]) if p.get("containerInstanceArn") else None
    if found is None:
        ecs.step_cluster(cluster)
        found = add_instance(ecs, cluster, tags=tags)
        found.attributes = {one["name"]: one.get("value") for one in given}
        _changed(ecs, cluster, (), call.now)
    return {"containerInstance": _view(ecs, cluster, found)}


def deregister(ecs: Region, call: Call) -> Json:
    """With tasks on it, only by force; those of services are started on other instances.

    "If you have tasks running on the container instance when you deregister it with the force option, these
    tasks remain running until you terminate the instance … orphaned": here the instance ends with it.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    ecs.step_cluster(cluster)
    ecs.step_standalone()
    found = find(ecs, cluster, p["containerInstance"])
    if found is None:
        raise invalid("The referenced container instance was not found.")
    if not p.get("force") and any(s != "STOPPED" for s in _running(ecs, cluster, found.id)):
        raise invalid("Found running tasks on the instance.")
    shown = _view(ecs, cluster, found, "INACTIVE")
    _changed(ecs, cluster, [found.id], call.now)
    return {"containerInstance": shown}


def update_state(ecs: Region, call: Call) -> Json:
    """DRAINING: no task is placed there any more, and the tasks of services move; others stay.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    names, status = p["containerInstances"], p["status"]
    if not 1 <= len(names) <= 10:
        raise invalid("containerInstances must have between 1 and 10 items.")
    if status not in ("ACTIVE", "DRAINING"):
        raise invalid("The status must be ACTIVE or DRAINING.")
    ecs.step_cluster(cluster)
    ecs.step_standalone()
    found: dict[str, Instance] = {}
    failures = []
    for name in names:
        instance = find(ecs, cluster, name)
        if instance is None:
            arn = name if name.startswith("arn:") else instance_arn(ecs, cluster, name)
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        found[instance.id] = instance
        if instance.status != status:
            instance.status = status
            instance.version += 1
    for service in cluster.services.values():
        if any(task.live and task.instance in found for task in service.tasks):
            service.steady = False
    _changed(ecs, cluster, (), call.now)
    return {"containerInstances": [_view(ecs, cluster, one) for one in found.values()], "failures": failures}


def list_instances(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html"""
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    if p.get("filter"):
        raise NotSimulated("ecs:ListContainerInstances with a filter in the cluster query language")
    # "If you don't specify this parameter, the default is to include container instances set to all states
    # other than INACTIVE."
    wanted = p.get("status")
    known = cluster.instances.values()
    arns = [instance_arn(ecs, cluster, one.id) for one in known if wanted in (None, one.status)]
    chunk, more = page(arns, p)
    return {"containerInstanceArns": chunk, **more}


def describe(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html"""
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    names = p["containerInstances"]
    if not 1 <= len(names) <= 100:
        raise invalid("containerInstances must have between 1 and 100 items.")
    ecs.step_cluster(cluster)
    ecs.step_standalone()
    found, failures = [], []
    for name in names:
        instance = find(ecs, cluster, name)
        if instance is None:
            arn = name if name.startswith("arn:") else instance_arn(ecs, cluster, name)
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            shown = _view(ecs, cluster, instance)
            if "TAGS" not in p.get("include", []):
                shown["tags"] = []
            found.append(shown)
    return {"containerInstances": found, "failures": failures}

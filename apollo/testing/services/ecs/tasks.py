"""Tasks: running them, looking at them, stopping them."""

from collections.abc import Iterable

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.capacity import Placer, failure, instance_for, lacking
from apollo.testing.services.ecs.clusters import check_strategy
from apollo.testing.services.ecs.lifecycle import behaviour_of, start_task, stop_task
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.scheduler import wake
from apollo.testing.services.ecs.service_config import revision_config
from apollo.testing.services.ecs.service_rules import check_config, check_placement
from apollo.testing.services.ecs.state import Cluster, Json, Tags, Task, TaskDefinition
from apollo.testing.services.ecs.tags import checked
from apollo.testing.services.ecs.task_view import view
from apollo.testing.services.ecs.zones import Spread
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
        request, tasks, failures = ecs.run_tokens[token]
        if request != p:
            raise ApiError(
                "ConflictException", "The request does not match an earlier one with this clientToken."
            )
        return {"tasks": [view(ecs, task, tags=True) for task in tasks], "failures": failures}
    if p.get("launchType") and p.get("capacityProviderStrategy"):
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    if p.get("capacityProviderStrategy"):
        check_strategy(p["capacityProviderStrategy"], cluster.capacity_providers)
    check_placement(p)
    definition = ecs.usable_definition(p["taskDefinition"])
    config = revision_config(
        {k: v for k, v in p.items() if k != "volumeConfigurations"}, None, cluster, definition
    )
    check_config(ecs, config, definition, "REPLICA")
    check_overrides(p.get("overrides", {}), definition)
    tags = task_tags(p, cluster, definition)
    tasks, failures = _place(ecs, call, cluster, definition, config, tags)
    ecs.standalone.update({task.id: task for task in tasks})
    if token is not None:
        ecs.run_tokens[token] = (p, tasks, failures)
    return {"tasks": [view(ecs, task, tags=True) for task in tasks], "failures": failures}


def task_tags(p: Json, cluster: Cluster, definition: TaskDefinition) -> Tags:
    """Of tasks that no service starts."""
    if p.get("propagateTags") == "SERVICE":
        # "An error will be received if you specify the SERVICE option when running a task."
        raise invalid("Tags can only be propagated from the task definition when running a task.")
    tags = checked(p.get("tags"))
    if p.get("propagateTags") == "TASK_DEFINITION":
        tags = {**definition.tags, **tags}
    if p.get("enableECSManagedTags"):
        tags = {"aws:ecs:clusterName": cluster.name, **tags}
    return tags


def check_overrides(overrides: Json, definition: TaskDefinition) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""
    names = {c["name"] for c in definition.containers}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in names:
            raise invalid(
                f"Override for container named {override.get('name')} "
                "is not a container in the TaskDefinition."
            )


def _place(
    ecs: Region, call: Call, cluster: Cluster, definition: TaskDefinition, config: Json, tags: Tags
) -> tuple[list[Task], list[Json]]:
    """The tasks that were started, and a failure for each that found no place."""
    p = call.params
    common: Json = {
        "enableExecuteCommand": p.get("enableExecuteCommand", False),
        "networkConfiguration": config.get("networkConfiguration"),
        "platformVersion": config.get("platformVersion"),
        "platformFamily": config.get("platformFamily"),
        "overrides": p.get("overrides"),
    }
    placer = Placer(config)
    spread = Spread(common)
    tasks: list[Task] = []
    failures: list[Json] = []
    for _ in range(p.get("count", 1)):
        launch = common | placer.next()
        behaviour = behaviour_of(ecs, definition)
        lack = lacking(ecs, cluster, launch, behaviour[0].behaviour)
        if lack == text.NO_INSTANCES:
            raise invalid("No Container Instances were found in your cluster.")
        if lack is not None:
            failures.append(failure(ecs, cluster, lack))
            continue
        task = start_task(
            ecs,
            cluster,
            definition,
            call.now,
            behaviour=behaviour,
            group=p.get("group", f"family:{definition.family}"),
            launch=launch,
            tags=dict(tags),
            instance=instance_for(cluster, launch) or "",
            place=spread.next(),
            started_by=p.get("startedBy", ""),
        )
        tasks.append(task)
    return tasks, failures


def find(ecs: Region, cluster: Cluster, given: str) -> Task | None:
    """By id or ARN, as long as it is remembered; brought up to now."""
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
    task = find(ecs, ecs.cluster(p.get("cluster")), p["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    if task.live:
        stop_task(ecs, task, call.now, "UserInitiated", p.get("reason", "Task stopped by user"))
        if task.service is not None:
            task.service.steady = False
            wake(ecs, task.service, call.now)
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
        task = find(ecs, cluster, name)
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

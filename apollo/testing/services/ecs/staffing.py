"""Starting and stopping the tasks of a service, as far as there is capacity for them."""

from collections import Counter
from functools import partial

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.capacity import Placer, instance_for, lacking
from apollo.testing.services.ecs.lifecycle import behaviour_of, start_task, stop_task
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import Deployment, Json, Service, Tags, Task
from apollo.testing.services.ecs.zones import Spread

BATCH = 100
"""Task ids named in one event."""
_AGAIN = 6 * 3600.0
""" "If the cause is not resolved within six hours, you will receive another service event message" """


def start(ecs: Region, service: Service, deployment: Deployment, count: int, at: float) -> None:
    """Start so many tasks of a deployment; what finds no place is tried again after a while."""
    mine = [task for task in service.tasks if task.live and task.deployment is deployment]
    placer = Placer(deployment.revision.config, mine)
    common = _common(service, deployment)
    spread = Spread(common, mine)
    tags = _task_tags(service, deployment)
    daemon = service.fields["schedulingStrategy"] == "DAEMON"
    taken = {task.instance for task in mine} if daemon else set()
    started: list[str] = []
    lack = None
    launches: dict[object, Json] = {}  # tasks that are launched alike share what says how
    for _ in range(count):
        place = placer.next()
        launch = launches.setdefault(place.get("capacityProviderName"), common | place)
        behaviour = behaviour_of(ecs, deployment.revision.task_definition)
        lack = lacking(ecs, service.cluster, launch, behaviour[0].behaviour)
        if lack is not None:
            break
        instance = instance_for(service.cluster, launch, taken) or ""
        if daemon:
            taken.add(instance)
        task = start_task(
            ecs,
            service.cluster,
            deployment.revision.task_definition,
            at,
            behaviour=behaviour,
            group=f"service:{service.name}",
            launch=launch,
            tags=dict(tags),
            instance=instance,
            place=spread.next(),
            service=service,
            deployment=deployment,
            started_by=deployment.id,
        )
        service.tasks.append(task)
        started.append(task.id)
    service.steady = False
    deployment.updated_at = at
    for begin in range(0, len(started), BATCH):
        ids = started[begin : begin + BATCH]
        stood_in = min(service.unhealthy, len(ids))
        service.unhealthy -= stood_in
        say = partial(text.replaced, count=stood_in) if stood_in else text.started
        service.say(at, say(service.name, ids))
    if lack is not None:
        _note_lack(ecs, service, lack, at)
    else:
        service.blocked, service.blocked_until = None, 0.0


def _note_lack(ecs: Region, service: Service, lack: str, at: float) -> None:
    """ "Duplicate event messages are omitted until either the cause is resolved or six hours passes."

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html
    """
    service.blocked_until = at + ecs.world.timings.placement_retry
    if service.blocked is None or service.blocked[0] != lack or at - service.blocked[1] >= _AGAIN:
        service.blocked = (lack, at)
        service.say(at, text.unplaced(service.name, lack))


def _common(service: Service, deployment: Deployment) -> Json:
    """What all tasks of a deployment have in common, beside where they run."""
    config = deployment.revision.config
    return {
        "enableExecuteCommand": service.fields["enableExecuteCommand"],
        "networkConfiguration": config.get("networkConfiguration"),
        "platformVersion": config.get("platformVersion"),
        "platformFamily": config.get("platformFamily"),
    }


def _task_tags(service: Service, deployment: Deployment) -> Tags:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html"""
    tags: Tags = {}
    if service.fields["enableECSManagedTags"]:
        tags |= {"aws:ecs:clusterName": service.cluster.name, "aws:ecs:serviceName": service.name}
    match service.fields["propagateTags"]:
        case "SERVICE":
            tags |= service.tags
        case "TASK_DEFINITION":
            tags |= deployment.revision.task_definition.tags
    return tags


def stop(ecs: Region, service: Service, tasks: list[Task], at: float) -> None:
    if not tasks:
        return
    service.steady = False
    by = tasks[0].deployment if service.external else service.primary
    assert by is not None
    by.updated_at = at
    running = [task for task in tasks if task.running_at <= at]
    for task in tasks:
        stop_task(ecs, task, at, "ServiceSchedulerInitiated", text.scaling(by.id))
    if len(running) < len(tasks):
        service.say(at, text.stopped_pending(service.name, len(tasks) - len(running)))
    for begin in range(0, len(running), BATCH):
        ids = [task.id for task in running[begin : begin + BATCH]]
        service.say(at, text.stopped(service.name, ids))
    tell_drained(service, running, at)


def tell_registered(service: Service, tasks: list[Task], at: float) -> None:
    """These tasks have begun to run: they are targets now."""
    for group, count in _by_group(tasks).items():
        service.say(at, text.registered(service.name, count, group))


def tell_drained(service: Service, tasks: list[Task], at: float) -> None:
    """These tasks, which ran, are targets no longer."""
    for group, count in _by_group(tasks).items():
        service.say(at, text.deregistered(service.name, count, group))
    drained = Counter(
        task.deployment.id
        for task in tasks
        if task.deployment is not None and task.deployment.revision.targets
    )
    for deployment, count in drained.items():
        service.say(at, text.draining(service.name, deployment, count))


def _by_group(tasks: list[Task]) -> Counter[str]:
    """How many tasks are targets of each target group."""
    return Counter(
        group
        for task in tasks
        if task.deployment is not None
        for group, _ in task.deployment.revision.targets
    )

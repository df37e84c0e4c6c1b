"""StartTask: tasks on container instances that the caller chose."""

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.capacity import lacking
from apollo.testing.services.ecs.instances import find
from apollo.testing.services.ecs.lifecycle import behaviour_of, start_task
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.service_config import revision_config
from apollo.testing.services.ecs.service_rules import check_config
from apollo.testing.services.ecs.state import Json, Task
from apollo.testing.services.ecs.task_view import view
from apollo.testing.services.ecs.tasks import check_overrides, task_tags
from apollo.testing.services.ecs.zones import Spread
from apollo.testing.world import Call

_MOST = 10
""" "You can specify up to 10 container instances." """


def start(ecs: Region, call: Call) -> Json:
    """One task on each of them; one that is not there, or takes no tasks now, is an entry of failures[].

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    names = p["containerInstances"]
    if not 1 <= len(names) <= _MOST:
        raise invalid(f"containerInstances must have between 1 and {_MOST} items.")
    definition = ecs.usable_definition(p["taskDefinition"])
    asked = {k: v for k, v in p.items() if k != "volumeConfigurations"} | {"launchType": "EC2"}
    config = revision_config(asked, None, cluster, definition)
    check_config(ecs, config, definition, "REPLICA")
    check_overrides(p.get("overrides", {}), definition)
    tags = task_tags(p, cluster, definition)
    launch: Json = {
        "launchType": "EC2",
        "enableExecuteCommand": p.get("enableExecuteCommand", False),
        "networkConfiguration": config.get("networkConfiguration"),
        "overrides": p.get("overrides"),
    }
    spread = Spread(launch)
    tasks: list[Task] = []
    failures: list[Json] = []
    for name in names:
        instance = find(ecs, cluster, name)
        arn = name if name.startswith("arn:") else ecs.arn("container-instance", f"{cluster.name}/{name}")
        if instance is None:
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        if instance.status != "ACTIVE":
            failures.append({"arn": arn, "reason": "INACTIVE"})
            continue
        behaviour = behaviour_of(ecs, definition)
        if lacking(ecs, cluster, launch, behaviour[0].behaviour) == text.NO_INSTANCE_FITS:
            failures.append({"arn": arn, "reason": "RESOURCE:MEMORY"})
            continue
        tasks.append(
            start_task(
                ecs,
                cluster,
                definition,
                call.now,
                behaviour=behaviour,
                group=p.get("group", f"family:{definition.family}"),
                launch=launch,
                tags=dict(tags),
                instance=instance.id,
                place=spread.next(),
                started_by=p.get("startedBy", ""),
            )
        )
    ecs.standalone.update({task.id: task for task in tasks})
    return {"tasks": [view(ecs, task, tags=True) for task in tasks], "failures": failures}

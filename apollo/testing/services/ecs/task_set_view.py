"""A task set as the API shows it, and how many tasks it is to have."""

import math

from apollo.testing.services.ecs.echoes import Counts, echo, resolved_platform, tally
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import Json, Service, TaskSet
from apollo.testing.services.ecs.tags import listed

_SHOWN = (
    "launchType",
    "capacityProviderStrategy",
    "platformFamily",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
)


def wanted(service: Service, task_set: TaskSet) -> int:
    """ "… multiplying the service's desiredCount by the task set's scale percentage. The result is always
    rounded up." (API_TaskSet)"""
    return math.ceil(service.desired * task_set.scale / 100)


def view(
    ecs: Region, service: Service, task_set: TaskSet, counts: Counts | None = None, *, tags: bool
) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html"""
    deployment = task_set.deployment
    running, pending = (counts or tally(service, ecs.now)).get(id(deployment), (0, 0))
    config = echo(deployment.revision.config, ecs.world.shuffle)
    body: Json = {
        "id": deployment.id,
        "taskSetArn": task_set.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "status": deployment.status,
        "taskDefinition": config["taskDefinition"],
        "computedDesiredCount": wanted(service, task_set),
        "pendingCount": pending,
        "runningCount": running,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "scale": {"value": task_set.scale, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if task_set.stable else "STABILIZING",
        "stabilityStatusAt": task_set.stable_since,
        **{name: config[name] for name in _SHOWN if name in config},
    }
    if "platformVersion" in config:
        body["platformVersion"] = resolved_platform(config["platformVersion"])
    if task_set.external_id is not None:
        body["externalId"] = task_set.external_id
    if service.fields["deploymentController"]["type"] == "CODE_DEPLOY":
        body["startedBy"] = "CODE_DEPLOY"
    if tags:
        body["tags"] = listed(task_set.tags)
    return body

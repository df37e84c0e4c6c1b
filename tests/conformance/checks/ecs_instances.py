"""Container instances and what runs on them."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS container instances"
FAULT = ("InvalidParameterException", "ClientException")
ON_EC2: dict[str, Any] = {"launchType": "EC2", "networkConfiguration": None}


def _register(s: Stage) -> str:
    answer = s.ecs.register_container_instance(
        cluster=s.cluster,
        totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
            {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []},
        ],
    )
    return str(answer["containerInstance"]["containerInstanceArn"])


@check("ecs.instance.none", source=ecs("ListContainerInstances"))
def none(s: Stage) -> None:
    """A new cluster has no container instances."""
    assert s.ecs.list_container_instances(cluster=s.cluster)["containerInstanceArns"] == []
    [found] = s.ecs.describe_clusters(clusters=[s.cluster])["clusters"]
    assert found["registeredContainerInstancesCount"] == 0


@check(
    "ecs.instance.missing",
    source=ecs("DescribeContainerInstances"),
    says="Returns metadata about each container instance requested.",
)
def missing(s: Stage) -> None:
    """One that is not there is a failure MISSING."""
    answer = s.ecs.describe_container_instances(cluster=s.cluster, containerInstances=["0" * 32])
    assert answer["containerInstances"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@check("ecs.instance.deregister-missing", source=ecs("DeregisterContainerInstance"))
def deregister_missing(s: Stage) -> None:
    """Deregistering one that is not there is refused."""
    with s.refused(*FAULT):
        s.ecs.deregister_container_instance(cluster=s.cluster, containerInstance="0" * 32)


@check(
    "ecs.instance.register",
    source=ecs("RegisterContainerInstance"),
    says="This instance becomes available to place containers on.",
    needs=("instance",),
)
def register(s: Stage) -> None:
    """One that registers is listed, ACTIVE and connected, and takes a task."""
    arn = _register(s)
    assert s.ecs.list_container_instances(cluster=s.cluster)["containerInstanceArns"] == [arn]
    [found] = s.ecs.describe_container_instances(cluster=s.cluster, containerInstances=[arn])[
        "containerInstances"
    ]
    assert (found["status"], found["agentConnected"]) == ("ACTIVE", True)
    [task] = s.run(taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)["tasks"]
    assert task["containerInstanceArn"] == arn


@check(
    "ecs.instance.deregister",
    source=ecs("DeregisterContainerInstance"),
    says="Deregistering a container instance removes the instance from a cluster",
    needs=("instance",),
)
def deregister(s: Stage) -> None:
    """One that is deregistered is gone; with tasks on it, only by force."""
    arn = _register(s)
    s.run(taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)
    with s.refused(*FAULT):
        s.ecs.deregister_container_instance(cluster=s.cluster, containerInstance=arn)
    s.ecs.deregister_container_instance(cluster=s.cluster, containerInstance=arn, force=True)
    assert s.ecs.list_container_instances(cluster=s.cluster)["containerInstanceArns"] == []


@check("ecs.instance.service-waits", source=ecs_guide("service-event-messages-list"))
def service_waits(s: Stage) -> None:
    """A service on EC2 without instances starts nothing, and an event says why."""
    s.service(taskDefinition=s.plain()["taskDefinitionArn"], desiredCount=1, **ON_EC2)
    for _ in s.watch():
        if any("unable to place a task" in event["message"] for event in s.look()["events"]):
            break
    found = s.look()
    assert (found["runningCount"], found["pendingCount"]) == (0, 0)
    assert any("No Container Instances were found in your cluster" in e["message"] for e in found["events"])


@check(
    "ecs.instance.daemon",
    source=ecs("CreateService"),
    says="The daemon scheduling strategy deploys exactly one task on each active container instance",
    needs=("instance",),
)
def daemon(s: Stage) -> None:
    """A daemon service wants as many tasks as there are instances, and no desired count."""
    _register(s)
    given = {"taskDefinition": s.plain()["taskDefinitionArn"], "desiredCount": None, **ON_EC2}
    s.service(schedulingStrategy="DAEMON", **given)
    assert s.steady()["desiredCount"] == 1
    _register(s)
    s.settle(lambda: s.look()["runningCount"] == 2)
    assert s.look()["desiredCount"] == s.look()["runningCount"] == 2


@check(
    "ecs.instance.tags",
    source=ecs("TagResource"),
    says="capacity providers, tasks, services, task definitions, clusters, and container instances",
    needs=("instance",),
)
def instance_tags(s: Stage) -> None:
    """Container instances have tags, which are shown on request."""
    arn = _register(s)
    s.ecs.tag_resource(resourceArn=arn, tags=tags(team="green"))
    assert as_dict(s.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == {"team": "green"}
    [found] = s.ecs.describe_container_instances(
        cluster=s.cluster, containerInstances=[arn], include=["TAGS"]
    )["containerInstances"]
    assert as_dict(found["tags"]) == {"team": "green"}


@check(
    "ecs.provider.tags",
    source=ecs("TagResource"),
    says="capacity providers, tasks, services, task definitions, clusters, and container instances",
    needs=("instance",),
)
def provider_tags(s: Stage) -> None:
    """So have capacity providers that somebody created."""
    group = f"arn:aws:autoscaling:{s.target.region}:123456789012:autoScalingGroup:x:autoScalingGroupName/x"
    arn = s.ecs.create_capacity_provider(
        name=s.name("own"), autoScalingGroupProvider={"autoScalingGroupArn": group}, tags=tags(team="green")
    )["capacityProvider"]["capacityProviderArn"]
    s.ecs.tag_resource(resourceArn=arn, tags=tags(stage="prod"))
    s.ecs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert as_dict(s.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == {"stage": "prod"}

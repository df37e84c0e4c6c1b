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


def _on(s: Stage, status: str = "RUNNING") -> set[str]:
    """The container instances of the service's tasks."""
    return {task["containerInstanceArn"] for task in s.tasks(status)}


def _drain(s: Stage, arn: str, status: str = "DRAINING") -> None:
    s.ecs.update_container_instances_state(cluster=s.cluster, containerInstances=[arn], status=status)


@check(
    "ecs.instance.draining",
    source=ecs("UpdateContainerInstancesState"),
    says="replacement service tasks are started on other container instances in the cluster",
    needs=("instance",),
)
def draining(s: Stage) -> None:
    """The tasks of a service leave an instance that is DRAINING; it stays, and is listed as such."""
    one = _register(s)
    s.running(2, taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)
    two = _register(s)
    _drain(s, one)
    s.settle(lambda: _on(s) == {two} and s.is_steady())
    assert _on(s) == {two}
    assert s.look()["runningCount"] == 2
    listed = s.ecs.list_container_instances(cluster=s.cluster, status="DRAINING")["containerInstanceArns"]
    assert listed == [one]


@check(
    "ecs.instance.draining-keeps-minimum",
    source=ecs("UpdateContainerInstancesState"),
    says=(
        "If the minimum is 100%, the service scheduler can't remove existing tasks until the replacement "
        "tasks are considered healthy"
    ),
    needs=("instance",),
)
def draining_keeps(s: Stage) -> None:
    """With a minimum of a hundred percent there are never fewer tasks on the way."""
    one = _register(s)
    s.running(2, taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)
    _register(s)
    _drain(s, one)
    for _ in s.watch(120):
        assert s.look()["runningCount"] >= 2
        if one not in _on(s):
            break
    assert one not in _on(s)


@check(
    "ecs.instance.draining-alone",
    source=ecs("UpdateContainerInstancesState"),
    says="prevents new tasks from being scheduled for placement on the container instance",
    needs=("instance",),
)
def draining_alone(s: Stage) -> None:
    """Where every instance drains, tasks stay where they are, and no task is placed."""
    one = _register(s)
    s.running(1, taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)
    _drain(s, one)
    s.settle(lambda: any("unable to place" in event["message"] for event in s.look()["events"]))
    assert _on(s) == {one}
    with s.refused(*FAULT):
        s.run(taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)


@check(
    "ecs.instance.draining-spares-tasks",
    source=ecs("UpdateContainerInstancesState"),
    says="tasks that do not belong to a service aren't affected",
    needs=("instance",),
)
def draining_spares(s: Stage) -> None:
    """Tasks of no service stay on an instance that drains."""
    one = _register(s)
    [task] = s.run(taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)["tasks"]
    s.until_status(task["taskArn"], "RUNNING")
    _drain(s, one)
    s.settle()
    assert s.task(task["taskArn"])["lastStatus"] == "RUNNING"


@check(
    "ecs.instance.active-again",
    source=ecs("UpdateContainerInstancesState"),
    says="the Amazon ECS scheduler can begin scheduling tasks on the instance again",
    needs=("instance",),
)
def active_again(s: Stage) -> None:
    """An instance that was drained takes tasks once it is ACTIVE again."""
    one = _register(s)
    _drain(s, one)
    _drain(s, one, "ACTIVE")
    [task] = s.run(taskDefinition=s.plain()["taskDefinitionArn"], **ON_EC2)["tasks"]
    assert task["containerInstanceArn"] == one


@check(
    "ecs.instance.state-value",
    source=ecs("UpdateContainerInstancesState"),
    says="The only valid values for this action are ACTIVE and DRAINING",
    needs=("instance",),
)
def state_value(s: Stage) -> None:
    """Another status is refused, and an instance that is not there is a failure MISSING."""
    one = _register(s)
    with s.refused(*FAULT):
        _drain(s, one, "INACTIVE")
    answer = s.ecs.update_container_instances_state(
        cluster=s.cluster, containerInstances=["0" * 32], status="DRAINING"
    )
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@check(
    "ecs.task.start",
    source=ecs("StartTask"),
    says="Starts a new task from the specified task definition on the specified container instance",
    needs=("instance",),
)
def start(s: Stage) -> None:
    """StartTask puts a task on each instance that is named."""
    one, two = _register(s), _register(s)
    answer = s.ecs.start_task(
        cluster=s.cluster,
        containerInstances=[one, two, "0" * 32],
        taskDefinition=s.plain()["taskDefinitionArn"],
        startedBy="me",
        tags=tags(team="green"),
    )
    assert [task["containerInstanceArn"] for task in answer["tasks"]] == [one, two]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert as_dict(answer["tasks"][0]["tags"]) == {"team": "green"}
    s.until_status(answer["tasks"][0]["taskArn"], "RUNNING")
    assert len(s.ecs.list_tasks(cluster=s.cluster, startedBy="me")["taskArns"]) == 2


@check(
    "ecs.attribute.put",
    source=ecs("PutAttributes"),
    says="If the attribute exists, its value is replaced with the specified value.",
    needs=("instance",),
)
def put_attributes(s: Stage) -> None:
    """Attributes of an instance are given, replaced, listed by name and value, and taken away."""
    one = _register(s)

    def found(**asked: str) -> list[str | None]:
        answer = s.ecs.list_attributes(cluster=s.cluster, targetType="container-instance", **asked)
        return [attribute.get("value") for attribute in answer["attributes"]]

    for value in ("blue", "green"):
        s.ecs.put_attributes(
            cluster=s.cluster, attributes=[{"name": "stack", "value": value, "targetId": one}]
        )
    assert found(attributeName="stack") == ["green"]
    assert found(attributeName="stack", attributeValue="blue") == []
    [shown] = s.ecs.describe_container_instances(cluster=s.cluster, containerInstances=[one])[
        "containerInstances"
    ]
    assert {"name": "stack", "value": "green"} in shown["attributes"]
    s.ecs.delete_attributes(cluster=s.cluster, attributes=[{"name": "stack", "targetId": one}])
    assert found(attributeName="stack") == []


@check(
    "ecs.attribute.missing",
    source=ecs("PutAttributes"),
    says="You can specify up to 10 attributes in a single call.",
    needs=("instance",),
)
def attribute_missing(s: Stage) -> None:
    """An instance that is not there is TargetNotFoundException; an eleventh attribute is refused."""
    one = _register(s)
    target = {"targetId": "0" * 32, "targetType": "container-instance"}
    with s.refused("TargetNotFoundException"):
        s.ecs.put_attributes(cluster=s.cluster, attributes=[{"name": "stack", **target}])
    given = [{"name": f"a{n}", "targetId": one} for n in range(11)]
    with s.refused("AttributeLimitExceededException", *FAULT):
        s.ecs.put_attributes(cluster=s.cluster, attributes=given)
    s.ecs.put_attributes(cluster=s.cluster, attributes=given[:10])
    with s.refused("AttributeLimitExceededException"):
        s.ecs.put_attributes(cluster=s.cluster, attributes=given[10:])


@check(
    "ecs.provider.update",
    source=ecs("UpdateCapacityProvider"),
    says="Modifies the parameters for a capacity provider.",
    needs=("instance",),
)
def provider_update(s: Stage) -> None:
    """What an update leaves out stays; the providers of Fargate are not to be changed."""
    group = f"arn:aws:autoscaling:{s.target.region}:123456789012:autoScalingGroup:x:autoScalingGroupName/x"
    s.ecs.create_capacity_provider(
        name=s.name("own"),
        autoScalingGroupProvider={
            "autoScalingGroupArn": group,
            "managedScaling": {"status": "ENABLED", "targetCapacity": 80},
        },
    )
    changed = s.ecs.update_capacity_provider(
        name=s.name("own"), autoScalingGroupProvider={"managedScaling": {"targetCapacity": 90}}
    )["capacityProvider"]
    scaling = changed["autoScalingGroupProvider"]["managedScaling"]
    assert (scaling["status"], scaling["targetCapacity"]) == ("ENABLED", 90)
    assert changed["autoScalingGroupProvider"]["autoScalingGroupArn"] == group
    assert changed["updateStatus"] in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    with s.refused(*FAULT):
        s.ecs.update_capacity_provider(name="FARGATE", autoScalingGroupProvider={})

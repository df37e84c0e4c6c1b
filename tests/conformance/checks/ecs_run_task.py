"""RunTask."""

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS tasks"
LIFECYCLE = ecs_guide("task-lifecycle-explanation")
STOPPED = ecs_guide("stopped-task-error-codes")
FAULT = ("InvalidParameterException", "ClientException")


@check("ecs.task.run.provisioning", source=LIFECYCLE, needs=("task",))
def provisioning(s: Stage) -> None:
    """A task that was just run is PROVISIONING or PENDING, and meant to be RUNNING."""
    answer = s.run()
    assert answer["failures"] == []
    [task] = answer["tasks"]
    assert task["lastStatus"] in ("PROVISIONING", "PENDING")
    assert task["desiredStatus"] == "RUNNING"


@check("ecs.task.run.lifecycle", source=LIFECYCLE, needs=("task",))
def lifecycle(s: Stage) -> None:
    """It goes through PROVISIONING and PENDING to RUNNING, never back."""
    order = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    arn = s.run()["tasks"][0]["taskArn"]
    seen: list[str] = []
    for _ in s.watch():
        status = s.task(arn)["lastStatus"]
        if not seen or seen[-1] != status:
            seen.append(status)
        if status == "RUNNING":
            break
    assert seen[-1] == "RUNNING"
    assert {"PROVISIONING", "PENDING"} & set(seen)
    assert seen == sorted(seen, key=order.index)


@check("ecs.task.run.stays", source=LIFECYCLE, needs=("task",))
def stays(s: Stage) -> None:
    """A running task stays RUNNING, however often it is looked at."""
    arn = s.run()["tasks"][0]["taskArn"]
    s.until_status(arn, "RUNNING")
    for _ in range(10):
        assert s.task(arn)["lastStatus"] == "RUNNING"


@check("ecs.task.run.members", source=ecs("Task"), needs=("task",))
def members(s: Stage) -> None:
    """A Fargate task shows its size, platform, zone, group, times and version."""
    arn = s.run()["tasks"][0]["taskArn"]
    task = s.until_status(arn, "RUNNING")
    assert (task["cpu"], task["memory"]) == ("256", "512")
    assert (task["launchType"], task["platformVersion"], task["platformFamily"]) == (
        "FARGATE",
        "1.4.0",
        "Linux",
    )
    assert task["availabilityZone"].startswith(s.target.region)
    assert task["group"] == f"family:{s.name('web')}"
    assert task["createdAt"] <= task["pullStartedAt"] <= task["pullStoppedAt"] <= task["startedAt"]
    assert task["version"] >= 2
    assert task["connectivity"] == "CONNECTED"


@check("ecs.task.run.container", source=ecs("Container"), needs=("task",))
def container(s: Stage) -> None:
    """Its container shows name, image, digest, address, and UNKNOWN health without a health check."""
    arn = s.run()["tasks"][0]["taskArn"]
    [app] = s.until_status(arn, "RUNNING")["containers"]
    assert (app["name"], app["lastStatus"], app["healthStatus"]) == ("app", "RUNNING", "UNKNOWN")
    assert app["imageDigest"].startswith("sha256:")
    assert app["networkInterfaces"][0]["privateIpv4Address"]


@check("ecs.task.run.interface", source=ecs("Attachment"), needs=("task",))
def interface(s: Stage) -> None:
    """An awsvpc task has an elastic network interface ATTACHED in one of its subnets."""
    arn = s.run()["tasks"][0]["taskArn"]
    [attachment] = s.until_status(arn, "RUNNING")["attachments"]
    details = {item["name"]: item["value"] for item in attachment["details"]}
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    assert details["subnetId"] in s.target.network["subnets"]
    assert details["networkInterfaceId"].startswith("eni-")
    assert details["privateIPv4Address"]


@check(
    "ecs.task.run.health",
    source=ecs("Task"),
    says=(
        "If all essential containers in the task are reporting as HEALTHY , the task status also "
        "reports as HEALTHY ."
    ),
    needs=("task",),
)
def health(s: Stage) -> None:
    """With a health check that passes, task and container become HEALTHY."""
    check_ = {"healthCheck": {"command": ["CMD", "true"], "interval": 5, "startPeriod": 0}}
    arn = s.run(taskDefinition=s.register(container=check_)["taskDefinitionArn"])["tasks"][0]["taskArn"]
    s.settle(lambda: s.task(arn)["healthStatus"] == "HEALTHY")
    task = s.task(arn)
    assert (task["healthStatus"], task["containers"][0]["healthStatus"]) == ("HEALTHY", "HEALTHY")


@check(
    "ecs.task.run.count",
    source=ecs("RunTask"),
    says="You can specify up to 10 tasks for each call.",
    needs=("tasks",),
)
def count(s: Stage) -> None:
    """count runs so many at once; eleven are refused."""
    assert len(s.run(count=3)["tasks"]) == 3
    with s.refused(*FAULT):
        s.run(count=11)


@check(
    "ecs.task.run.token",
    source=ecs("RunTask"),
    says="Run RunTask with the clientToken and the original set of parameters",
    needs=("task",),
)
def token(s: Stage) -> None:
    """The same clientToken and request give the same task; another request with it is a conflict."""
    first = s.run(clientToken="token-1")["tasks"][0]["taskArn"]
    assert [task["taskArn"] for task in s.run(clientToken="token-1")["tasks"]] == [first]
    with s.refused("ConflictException"):
        s.run(clientToken="token-1", count=2)


@check(
    "ecs.task.run.started-by",
    source=ecs("RunTask"),
    says=(
        "You can then identify which tasks belong to that job by filtering the results of a "
        "ListTasks call with the startedBy value."
    ),
    needs=("task",),
)
def started_by(s: Stage) -> None:
    """startedBy is kept, and tasks are found by it."""
    task = s.run(startedBy="job-1")["tasks"][0]
    assert task["startedBy"] == "job-1"
    assert s.ecs.list_tasks(cluster=s.cluster, startedBy="job-1")["taskArns"] == [task["taskArn"]]
    assert s.ecs.list_tasks(cluster=s.cluster, startedBy="job-2")["taskArns"] == []


@check("ecs.task.run.overrides", source=ecs("TaskOverride"), needs=("task",))
def overrides(s: Stage) -> None:
    """Overrides are kept; one of a container that is not there is refused."""
    given = [{"name": "app", "environment": [{"name": "A", "value": "1"}], "command": ["sleep", "60"]}]
    task = s.run(overrides={"containerOverrides": given})["tasks"][0]
    [shown] = task["overrides"]["containerOverrides"]
    assert (shown["name"], shown["environment"], shown["command"]) == (
        "app",
        [{"name": "A", "value": "1"}],
        ["sleep", "60"],
    )
    with s.refused(*FAULT):
        s.run(overrides={"containerOverrides": [{"name": "nope"}]})


@check(
    "ecs.task.run.tags",
    source=ecs("RunTask"),
    says="Specifies whether to propagate the tags from the task definition to the task.",
    needs=("task",),
)
def propagated(s: Stage) -> None:
    """Own tags, those of the task definition on request, and managed tags come together on the task."""
    arn = s.register(tags=tags(team="green", stage="test"))["taskDefinitionArn"]
    answer = s.run(
        taskDefinition=arn,
        tags=tags(stage="prod"),
        propagateTags="TASK_DEFINITION",
        enableECSManagedTags=True,
    )
    shown = as_dict(s.task(answer["tasks"][0]["taskArn"], include=["TAGS"])["tags"])
    assert shown == {"team": "green", "stage": "prod", "aws:ecs:clusterName": s.cluster}


@check(
    "ecs.task.run.refuses-service-tags",
    source=ecs("RunTask"),
    says="An error will be received if you specify the SERVICE option when running a task.",
)
def service_tags(s: Stage) -> None:
    """propagateTags SERVICE is refused."""
    with s.refused(*FAULT):
        s.run(propagateTags="SERVICE")


@check(
    "ecs.task.run.refuses-network",
    source=ecs("RunTask"),
    says="This parameter is required for task definitions that use the awsvpc network mode",
)
def no_network(s: Stage) -> None:
    """awsvpc without a network configuration is refused."""
    with s.refused(*FAULT):
        s.run(networkConfiguration=None)


@check(
    "ecs.task.run.refuses-inactive",
    source=ecs("DeregisterTaskDefinition"),
    says="You can't use an INACTIVE task definition to run new tasks",
)
def inactive(s: Stage) -> None:
    """An INACTIVE or unknown task definition is refused."""
    s.ecs.deregister_task_definition(taskDefinition=s.web["taskDefinitionArn"])
    for given in (s.web["taskDefinitionArn"], s.name("nope")):
        with s.refused(*FAULT):
            s.run(taskDefinition=given)


@check(
    "ecs.task.run.refuses-both",
    source=ecs("RunTask"),
    says="A task can use either a launch type or a capacity provider strategy.",
)
def both(s: Stage) -> None:
    """A launch type and a strategy at once are refused."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    with s.refused(*FAULT):
        s.run(capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])


@check("ecs.task.run.refuses-cluster", source=ecs("RunTask"))
def no_cluster(s: Stage) -> None:
    """A cluster that is not there is ClusterNotFoundException."""
    with s.refused("ClusterNotFoundException"):
        s.run(cluster=s.name("nope"))


@check("ecs.task.run.no-instances", source=ecs_guide("api_failures_messages"))
def no_instances(s: Stage) -> None:
    """On EC2 without container instances RunTask is refused, or answers with failures and no task."""
    plain = s.plain()["taskDefinitionArn"]
    try:
        answer = s.run(taskDefinition=plain, launchType="EC2", networkConfiguration=None)
    except s.ecs.exceptions.InvalidParameterException:
        return
    assert answer["tasks"] == []
    assert answer["failures"]


@check("ecs.task.run.no-container-memory", source=ecs("ContainerDefinition"), needs=("task",))
def no_container_memory(s: Stage) -> None:
    """On Fargate a container needs no memory of its own: the task's will do."""
    containers = [{"name": "app"} | s.target.container("ok")]
    arn = s.register(containerDefinitions=containers)["taskDefinitionArn"]
    s.until_status(s.run(taskDefinition=arn)["tasks"][0]["taskArn"], "RUNNING")

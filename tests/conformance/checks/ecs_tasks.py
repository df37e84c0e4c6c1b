"""Tasks: running, watching and stopping them."""

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


@check("ecs.task.stop.user", source=STOPPED, needs=("task",))
def stop(s: Stage) -> None:
    """A stopped task is meant to be STOPPED at once, gets there, and says who wanted it and why."""
    arn = s.run()["tasks"][0]["taskArn"]
    s.until_status(arn, "RUNNING")
    stopping = s.ecs.stop_task(cluster=s.cluster, task=arn, reason="enough")["task"]
    assert stopping["desiredStatus"] == "STOPPED"
    task = s.until_status(arn, "STOPPED")
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["stoppingAt"] <= task["stoppedAt"]


@check("ecs.task.stop.path", source=LIFECYCLE, needs=("task",))
def stop_path(s: Stage) -> None:
    """Between RUNNING and STOPPED it is DEACTIVATING, STOPPING or DEPROVISIONING."""
    arn = s.run()["tasks"][0]["taskArn"]
    s.until_status(arn, "RUNNING")
    s.ecs.stop_task(cluster=s.cluster, task=arn)
    seen = set()
    for _ in s.watch():
        status = s.task(arn)["lastStatus"]
        if status == "STOPPED":
            break
        seen.add(status)
    assert s.task(arn)["lastStatus"] == "STOPPED"
    assert seen & {"DEACTIVATING", "STOPPING", "DEPROVISIONING"}


@check("ecs.task.stop.missing", source=ecs("StopTask"))
def stop_missing(s: Stage) -> None:
    """A task that is not there cannot be stopped."""
    with s.refused(*FAULT):
        s.ecs.stop_task(cluster=s.cluster, task="0" * 32)


@check("ecs.task.stop.essential", source=STOPPED, needs=("task",))
def essential(s: Stage) -> None:
    """A container that exits stops its task: EssentialContainerExited, with the exit code."""
    arn = s.run(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])["tasks"][0]["taskArn"]
    task = s.until_status(arn, "STOPPED")
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 1


@check("ecs.task.stop.no-pull", source=ecs_guide("task_cannot_pull_image"), needs=("task",))
def no_pull(s: Stage) -> None:
    """An image that cannot be pulled stops it: TaskFailedToStart, CannotPullContainerError."""
    arn = s.run(taskDefinition=s.register("web", "nopull")["taskDefinitionArn"])["tasks"][0]["taskArn"]
    task = s.until_status(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError")
    assert "startedAt" not in task


@check("ecs.task.stop.scheduler", source=STOPPED, needs=("task",))
def by_scheduler(s: Stage) -> None:
    """A task that its service takes away: ServiceSchedulerInitiated, by the deployment."""
    s.running(1)
    [task] = s.tasks()
    s.update(desiredCount=0)
    found = s.until_status(task["taskArn"], "STOPPED")
    assert found["stopCode"] == "ServiceSchedulerInitiated"
    assert found["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")


@check(
    "ecs.task.list.running",
    source=ecs("ListTasks"),
    says="The default status filter is RUNNING",
    needs=("task",),
)
def list_running(s: Stage) -> None:
    """Tasks are listed by desired status: RUNNING by default, STOPPED on request."""
    arn = s.run()["tasks"][0]["taskArn"]
    s.until_status(arn, "RUNNING")
    assert [task["taskArn"] for task in s.tasks()] == [arn]
    s.ecs.stop_task(cluster=s.cluster, task=arn)
    assert s.tasks() == []
    assert [task["taskArn"] for task in s.tasks("STOPPED")] == [arn]


@check(
    "ecs.task.list.pending",
    source=ecs("ListTasks"),
    says=(
        "Although you can filter results based on a desired status of PENDING , this doesn't "
        "return any results."
    ),
    needs=("task",),
)
def list_pending(s: Stage) -> None:
    """The desired status PENDING lists nothing."""
    s.run()
    assert s.ecs.list_tasks(cluster=s.cluster, desiredStatus="PENDING")["taskArns"] == []


@check(
    "ecs.task.list.by-service",
    source=ecs("ListTasks"),
    says="Specifying a serviceName limits the results to tasks that belong to that service.",
    needs=("tasks",),
)
def list_by_service(s: Stage) -> None:
    """Tasks are listed by service and by family; an unknown service is refused."""
    s.running(2)
    other = s.run(taskDefinition=s.register("other")["taskDefinitionArn"])["tasks"][0]["taskArn"]
    assert len(s.tasks(serviceName=s.name("web"))) == 2
    assert [task["taskArn"] for task in s.tasks(family=s.name("other"))] == [other]
    with s.refused("ServiceNotFoundException"):
        s.tasks(serviceName=s.name("nope"))


@check(
    "ecs.task.list.pages",
    source=ecs("ListTasks"),
    says="then ListTasks returns up to 100 results",
    needs=("tasks",),
)
def list_pages(s: Stage) -> None:
    """maxResults and nextToken lead through the list."""
    s.run(count=3)
    first = s.ecs.list_tasks(cluster=s.cluster, maxResults=2)
    rest = s.ecs.list_tasks(cluster=s.cluster, maxResults=2, nextToken=first["nextToken"])
    assert (len(first["taskArns"]), len(rest["taskArns"])) == (2, 1)


@check("ecs.task.describe.missing", source=ecs_guide("api_failures_messages"))
def describe_missing(s: Stage) -> None:
    """A task that is not there is a failure MISSING in an answer that succeeds."""
    answer = s.ecs.describe_tasks(cluster=s.cluster, tasks=["0" * 32])
    assert answer["tasks"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@check(
    "ecs.task.describe.limit",
    source=ecs("DescribeTasks"),
    says="A list of up to 100 task IDs or full ARN entries.",
)
def describe_limit(s: Stage) -> None:
    """More than 100 tasks in one call are refused."""
    with s.refused(*FAULT):
        s.ecs.describe_tasks(cluster=s.cluster, tasks=[f"{n:032x}" for n in range(101)])


@check("ecs.task.describe.by-id", source=ecs("DescribeTasks"), needs=("task",))
def by_id(s: Stage) -> None:
    """A task is found by its id alone and by its ARN, which has the cluster in it."""
    arn = s.run()["tasks"][0]["taskArn"]
    assert f":task/{s.cluster}/" in arn
    assert s.task(arn.rpartition("/")[2])["taskArn"] == arn


@check("ecs.task.service-tags", source=ecs_guide("ecs-using-tags"), needs=("task",))
def of_service(s: Stage) -> None:
    """Tags of the service and managed tags come to its tasks when the service says so."""
    s.running(1, tags=tags(team="green"), propagateTags="SERVICE", enableECSManagedTags=True)
    [task] = s.tasks()
    shown = as_dict(s.task(task["taskArn"], include=["TAGS"])["tags"])
    assert shown["team"] == "green"
    assert shown["aws:ecs:serviceName"] == s.name("web")
    assert shown["aws:ecs:clusterName"] == s.cluster


@check("ecs.task.protection", source=ecs("UpdateTaskProtection"), needs=("task",))
def protection(s: Stage) -> None:
    """A service's task can be protected from scale-in, and says so."""
    s.running(1)
    [task] = s.tasks()
    s.ecs.update_task_protection(cluster=s.cluster, tasks=[task["taskArn"]], protectionEnabled=True)
    [found] = s.ecs.get_task_protection(cluster=s.cluster, tasks=[task["taskArn"]])["protectedTasks"]
    assert found["protectionEnabled"] is True


@check("ecs.task.execute-command", source=ecs("ExecuteCommand"), needs=("task",))
def execute_command(s: Stage) -> None:
    """A command in a task without execute-command is refused."""
    arn = s.run()["tasks"][0]["taskArn"]
    s.until_status(arn, "RUNNING")
    with s.refused("InvalidParameterException"):
        s.ecs.execute_command(cluster=s.cluster, task=arn, interactive=True, command="sh")

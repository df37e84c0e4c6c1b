"""Tasks: watching, listing and stopping them."""

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS tasks"
LIFECYCLE = ecs_guide("task-lifecycle-explanation")
STOPPED = ecs_guide("stopped-task-error-codes")
FAULT = ("InvalidParameterException", "ClientException")


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


@check("ecs.task.execute-command-session", source=ecs("ExecuteCommand"), needs=("task",))
def session(s: Stage) -> None:
    """With execute-command turned on, a command opens a session on the container."""
    role = "arn:aws:iam::123456789012:role/task"
    arn = s.register(taskRoleArn=role)["taskDefinitionArn"]
    task = s.run(taskDefinition=arn, enableExecuteCommand=True)["tasks"][0]["taskArn"]
    s.until_status(task, "RUNNING")
    answer = s.ecs.execute_command(cluster=s.cluster, task=task, interactive=True, command="sh")
    assert (answer["containerName"], answer["taskArn"]) == ("app", task)
    assert answer["session"]["sessionId"]

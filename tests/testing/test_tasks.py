"""Tasks: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""

from typing import Any

import pytest

from tests.testing.conftest import NETWORK, Json, Refused, Stage


def run(stage: Stage, **extra: Any) -> list[Json]:
    given: Json = {"launchType": "FARGATE", "networkConfiguration": NETWORK, "taskDefinition": "web"} | extra
    tasks: list[Json] = stage.ecs.run_task(
        cluster="green", **{k: v for k, v in given.items() if v is not None}
    )["tasks"]
    return tasks


def one(stage: Stage, arn: str) -> Json:
    task: Json = stage.ecs.describe_tasks(cluster="green", tasks=[arn])["tasks"][0]
    return task


def test_a_running_task_in_full(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""
    stage.create(desiredCount=1)
    [task] = stage.tasks()
    assert (task["lastStatus"], task["desiredStatus"], task["connectivity"]) == (
        "RUNNING",
        "RUNNING",
        "CONNECTED",
    )
    assert (task["cpu"], task["memory"], task["group"]) == ("256", "512", "service:web")
    assert (task["launchType"], task["platformVersion"], task["platformFamily"]) == (
        "FARGATE",
        "1.4.0",
        "Linux",
    )
    assert task["startedBy"].startswith("ecs-svc/")
    assert task["availabilityZone"].startswith("eu-west-1")
    assert task["createdAt"] < task["pullStartedAt"] < task["pullStoppedAt"] < task["startedAt"]
    [interface] = task["attachments"]
    assert interface["type"] == "ElasticNetworkInterface"
    assert {d["name"] for d in interface["details"]} == {
        "subnetId",
        "networkInterfaceId",
        "macAddress",
        "privateIPv4Address",
    }
    [container] = task["containers"]
    assert (container["name"], container["lastStatus"], container["image"]) == ("app", "RUNNING", "web:1")
    assert container["networkInterfaces"][0]["privateIpv4Address"].startswith("10.")
    assert "stoppedAt" not in task
    assert "stopCode" not in task


def test_watching_does_not_kill(stage: Stage) -> None:
    """(Another simulator moves a task on by one state per look.)"""
    stage.create(desiredCount=1)
    [task] = stage.tasks()
    assert {one(stage, task["taskArn"])["lastStatus"] for _ in range(8)} == {"RUNNING"}


def test_describe_failures_and_limits(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html: up to 100"""
    answer = stage.ecs.describe_tasks(cluster="green", tasks=["0" * 32])
    assert answer["failures"] == [
        {"arn": f"arn:aws:ecs:eu-west-1:123456789012:task/green/{'0' * 32}", "reason": "MISSING"}
    ]
    with refused("InvalidParameterException"):
        stage.ecs.describe_tasks(cluster="green", tasks=["0" * 32] * 101)
    with refused("InvalidParameterException"):
        stage.ecs.describe_tasks(cluster="green", tasks=[])


def test_list_filters(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    stage.create()
    stage.register(family="job")
    [job] = run(stage, taskDefinition="job", startedBy="me")

    def count(**params: Any) -> int:
        return len(stage.ecs.list_tasks(cluster="green", **params)["taskArns"])

    assert count() == 3
    assert count(serviceName="web") == 2
    assert count(family="job") == 1
    assert count(startedBy="me") == 1
    assert count(launchType="EC2") == 0
    assert count(desiredStatus="PENDING") == 0  # "this doesn't return any results"
    assert count(desiredStatus="STOPPED") == 0
    stage.ecs.stop_task(cluster="green", task=job["taskArn"])
    assert count(desiredStatus="STOPPED") == 1  # while it is still stopping
    assert count() == 2
    with refused("ServiceNotFoundException"):
        count(serviceName="nope")
    pages = list(
        stage.ecs.get_paginator("list_tasks").paginate(cluster="green", PaginationConfig={"PageSize": 1})
    )
    assert [len(page["taskArns"]) for page in pages] == [1, 1]


def test_run_task(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    tasks = run(stage, count=3, startedBy="apollo", tags=[{"key": "a", "value": "b"}])
    assert len(tasks) == 3
    assert {t["lastStatus"] for t in tasks} == {"PROVISIONING"}
    assert {t["group"] for t in tasks} == {"family:web"}
    assert tasks[0]["tags"] == [{"key": "a", "value": "b"}]
    stage.aws.advance(10)
    assert one(stage, tasks[0]["taskArn"])["lastStatus"] == "RUNNING"
    with refused("InvalidParameterException"):
        run(stage, count=11)
    with refused("InvalidParameterException", "Network Configuration must be provided"):
        run(stage, networkConfiguration=None)
    with refused("ClientException", "TaskDefinition not found."):
        run(stage, taskDefinition="nope")
    with refused("InvalidParameterException", "nobody"):
        run(stage, overrides={"containerOverrides": [{"name": "nobody"}]})


def test_run_task_is_idempotent_by_token(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html (ConflictException)"""
    [first] = run(stage, clientToken="t")
    [again] = run(stage, clientToken="t")
    assert again["taskArn"] == first["taskArn"]
    with refused("ConflictException"):
        run(stage, clientToken="t", count=2)


def test_a_job_that_ends(stage: Stage) -> None:
    """Exit codes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html"""
    stage.register("job", "migrate")
    stage.aws.scenarios.add("web:job", "exit", after=30)
    [task] = run(stage, taskDefinition="migrate")
    stage.aws.advance(20)
    assert one(stage, task["taskArn"])["lastStatus"] == "RUNNING"
    stage.aws.settle()
    done = one(stage, task["taskArn"])
    assert (done["lastStatus"], done["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert done["containers"][0]["exitCode"] == 0
    assert done["startedAt"] < done["stoppingAt"] <= done["executionStoppedAt"] < done["stoppedAt"]


@pytest.mark.parametrize(
    ("tag", "code", "exit_code"),
    [("crash", "EssentialContainerExited", 1), ("nopull", "TaskFailedToStart", None)],
)
def test_a_job_that_fails(stage: Stage, tag: str, code: str, exit_code: int | None) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html"""
    stage.register(tag, "job")
    [task] = run(stage, taskDefinition="job")
    stage.aws.settle()
    done = one(stage, task["taskArn"])
    assert done["stopCode"] == code
    assert done["containers"][0].get("exitCode") == exit_code
    assert ("reason" in done["containers"][0]) == (tag == "nopull")
    assert "startedAt" not in done


def test_stop_task(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    [task] = run(stage)
    stage.aws.advance(10)
    stopped = stage.ecs.stop_task(cluster="green", task=task["taskArn"], reason="enough")["task"]
    assert (stopped["desiredStatus"], stopped["stopCode"], stopped["stoppedReason"]) == (
        "STOPPED",
        "UserInitiated",
        "enough",
    )
    stage.ecs.stop_task(cluster="green", task=task["taskArn"], reason="again")
    stage.aws.settle()
    assert one(stage, task["taskArn"])["stoppedReason"] == "enough"
    with refused("InvalidParameterException", "The referenced task was not found."):
        stage.ecs.stop_task(cluster="green", task="0" * 32)


def test_stopped_tasks_are_remembered_for_an_hour(stage: Stage) -> None:
    """ "Stopped tasks only appear … for at least 1 hour." (stopped-task-errors.html)"""
    [task] = run(stage)
    stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.settle()
    stage.aws.advance(3500)
    assert one(stage, task["taskArn"])["lastStatus"] == "STOPPED"
    stage.aws.advance(200)
    assert stage.ecs.describe_tasks(cluster="green", tasks=[task["taskArn"]])["tasks"] == []
    assert stage.ecs.list_tasks(cluster="green", desiredStatus="STOPPED")["taskArns"] == []


def test_tasks_of_another_cluster_are_missing(stage: Stage) -> None:
    [task] = run(stage)
    stage.ecs.create_cluster(clusterName="blue")
    answer = stage.ecs.describe_tasks(cluster="blue", tasks=[task["taskArn"]])
    assert answer["tasks"] == []
    assert answer["failures"][0]["reason"] == "MISSING"


def test_base_and_weight_of_a_strategy(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""
    stage.ecs.put_cluster_capacity_providers(
        cluster="green", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    stage.create(desiredCount=9, launchType=None, capacityProviderStrategy=strategy)
    placed = [t["capacityProviderName"] for t in stage.tasks()]
    assert (placed.count("FARGATE"), placed.count("FARGATE_SPOT")) == (3, 6)


def test_waiters_of_the_sdk(stage: Stage) -> None:
    [task] = run(stage)
    stage.aws.settle()
    wait = {"WaiterConfig": {"Delay": 0, "MaxAttempts": 1}}
    stage.ecs.get_waiter("tasks_running").wait(cluster="green", tasks=[task["taskArn"]], **wait)
    stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.settle()
    stage.ecs.get_waiter("tasks_stopped").wait(cluster="green", tasks=[task["taskArn"]], **wait)


def test_overrides_are_echoed_and_count(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""
    container = {"name": "app", "command": ["migrate"], "environment": [{"name": "A", "value": "b"}]}
    overrides = {"cpu": "512", "memory": "1024", "containerOverrides": [container]}
    [task] = run(stage, overrides=overrides)
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    assert task["overrides"]["containerOverrides"] == [container]
    assert task["overrides"]["inferenceAcceleratorOverrides"] == []


def test_ten_tasks_at_once(stage: Stage) -> None:
    """count: "You can specify up to 10 tasks for each call." Each has an interface of its own."""
    tasks = run(stage, count=10)
    assert len({t["taskArn"] for t in tasks}) == 10
    stage.aws.advance(10)
    found = stage.ecs.describe_tasks(cluster="green", tasks=[t["taskArn"] for t in tasks])["tasks"]
    addresses = {c["networkInterfaces"][0]["privateIpv4Address"] for t in found for c in t["containers"]}
    assert len(addresses) == 10
    assert {a["status"] for t in found for a in t["attachments"]} == {"ATTACHED"}


def test_only_the_container_that_failed_has_its_code(stage: Stage) -> None:
    """The others are stopped with it, because it is essential (API_ContainerDefinition.essential)."""
    containers = [{"name": "app", "image": "web:crash"}, {"name": "sidecar", "image": "proxy:1"}]
    stage.register(family="pair", containerDefinitions=containers)
    [task] = run(stage, taskDefinition="pair")
    stage.aws.settle()
    done = one(stage, task["taskArn"])
    assert {c["name"]: c["exitCode"] for c in done["containers"]} == {"app": 1, "sidecar": 0}


def test_the_same_image_has_the_same_digest_everywhere(stage: Stage) -> None:
    """containerImages[].imageDigest of the service revision, imageDigest of the container; an image that is
    named by digest keeps it (API_ContainerImage)."""
    digest = "sha256:" + "a" * 64
    containers = [{"name": "app", "image": "web:1"}, {"name": "pinned", "image": f"proxy@{digest}"}]
    stage.register(family="pair", containerDefinitions=containers)
    service = stage.create("pair", taskDefinition="pair")
    arn = service["currentServiceRevisions"][0]["arn"]
    [revision] = stage.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    of_revision = {i["containerName"]: i["imageDigest"] for i in revision["containerImages"]}
    of_tasks = [{c["name"]: c["imageDigest"] for c in t["containers"]} for t in stage.tasks(name="pair")]
    assert of_tasks == [of_revision] * 2
    assert of_revision["pinned"] == digest

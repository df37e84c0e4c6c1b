"""Services that something else than ECS deploys: task sets.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
"""

from typing import Any

import pytest

from tests.testing.conftest import NETWORK, Refused, Stage

Json = dict[str, Any]
EXTERNAL: Json = {
    "deploymentController": {"type": "EXTERNAL"},
    "taskDefinition": None,
    "launchType": None,
    "networkConfiguration": None,
}


@pytest.fixture
def outside(stage: Stage) -> Stage:
    """A service `web` of two tasks, deployed by something else."""
    stage.create(settle=False, **EXTERNAL)
    return stage


def add(stage: Stage, **extra: Any) -> Json:
    given: Json = {"launchType": "FARGATE", "networkConfiguration": NETWORK, "taskDefinition": "web"} | extra
    given = {name: value for name, value in given.items() if value is not None}
    answer = stage.ecs.create_task_set(cluster="green", service="web", **given)
    return dict(answer["taskSet"])


def sets(stage: Stage, **extra: Any) -> list[Json]:
    answer = stage.ecs.describe_task_sets(cluster="green", service="web", **extra)
    return list(answer["taskSets"])


def scale(stage: Stage, task_set: str, value: float) -> None:
    stage.ecs.update_task_set(
        cluster="green", service="web", taskSet=task_set, scale={"value": value, "unit": "PERCENT"}
    )
    stage.aws.settle()


def test_a_service_without_task_sets_does_nothing(outside: Stage) -> None:
    outside.aws.advance(3600)
    service = outside.look()
    assert (service["status"], service["desiredCount"], service["runningCount"]) == ("ACTIVE", 2, 0)
    assert service["taskSets"] == service["deployments"] == []
    assert "taskDefinition" not in service
    assert "currentServiceDeployment" not in service
    assert outside.ecs.list_service_deployments(cluster="green", service="web")["serviceDeployments"] == []


def test_a_blue_green_deployment_by_hand(outside: Stage) -> None:
    blue = add(outside, scale={"value": 100.0, "unit": "PERCENT"}, externalId="one")
    assert (blue["status"], blue["stabilityStatus"], blue["computedDesiredCount"]) == (
        "ACTIVE",
        "STABILIZING",
        2,
    )
    outside.aws.settle()
    [shown] = sets(outside)
    assert (shown["stabilityStatus"], shown["runningCount"], shown["externalId"]) == (
        "STEADY_STATE",
        2,
        "one",
    )
    assert shown["platformVersion"] == "1.4.0"
    outside.ecs.update_service_primary_task_set(cluster="green", service="web", primaryTaskSet=blue["id"])
    assert outside.look()["taskDefinition"].endswith("web:1")
    outside.register("2")
    green = add(outside)
    assert (green["scale"]["value"], green["computedDesiredCount"]) == (0.0, 0)
    scale(outside, green["taskSetArn"], 50.0)
    assert [(s["computedDesiredCount"], s["runningCount"]) for s in sets(outside)] == [(2, 2), (1, 1)]
    scale(outside, green["id"], 100.0)
    outside.ecs.update_service_primary_task_set(cluster="green", service="web", primaryTaskSet=green["id"])
    assert [s["status"] for s in sets(outside)] == ["ACTIVE", "PRIMARY"]
    assert outside.look()["taskDefinition"].endswith("web:2")
    assert outside.look()["runningCount"] == 4
    gone = outside.ecs.delete_task_set(cluster="green", service="web", taskSet=blue["id"], force=True)
    assert gone["taskSet"]["status"] == "DRAINING"
    outside.aws.settle()
    assert [s["id"] for s in sets(outside)] == [green["id"]]
    assert {t["startedBy"] for t in outside.tasks()} == {green["id"]}
    assert outside.look()["runningCount"] == 2


def test_the_desired_count_is_shared_out(outside: Stage) -> None:
    """ "For example, if the computed desired count is 1.2, it rounds up to 2 tasks." (API_TaskSet)"""
    one = add(outside, scale={"value": 40.0, "unit": "PERCENT"})
    outside.update(desiredCount=3)
    outside.aws.settle()
    [shown] = sets(outside)
    assert (shown["computedDesiredCount"], shown["runningCount"]) == (2, 2)
    scale(outside, one["id"], 0.0)
    outside.ecs.delete_task_set(cluster="green", service="web", taskSet=one["id"])
    outside.aws.settle()
    assert sets(outside) == []


def test_failing_tasks_are_started_again_and_nothing_is_rolled_back(outside: Stage) -> None:
    outside.aws.scenarios.add("web:1", "crash")
    add(outside, scale={"value": 100.0, "unit": "PERCENT"})
    outside.aws.advance(1800)
    assert outside.look()["taskSets"][0]["stabilityStatus"] == "STABILIZING"
    outside.aws.scenarios.clear()
    outside.aws.advance(3600)
    assert outside.look()["taskSets"][0]["stabilityStatus"] == "STEADY_STATE"


def test_what_is_refused(outside: Stage, refused: Refused) -> None:
    arguments = {"cluster": "green", "service": "web"}
    with refused("TaskSetNotFoundException"):
        outside.ecs.update_task_set(**arguments, taskSet="ecs-svc/1", scale={"value": 1.0})
    with refused("InvalidParameterException", "between 0 and 100"):
        add(outside, scale={"value": 101.0})
    with refused("InvalidParameterException", "Network Configuration"):
        add(outside, networkConfiguration=None)
    made = add(outside, scale={"value": 10.0})
    with refused("InvalidParameterException", "scaled above 0"):
        outside.ecs.delete_task_set(**arguments, taskSet=made["id"])
    for change in (
        {"taskDefinition": "web"},
        {"forceNewDeployment": True},
        {"networkConfiguration": NETWORK},
    ):
        with refused("InvalidParameterException", "EXTERNAL"):
            outside.update(**change)
    outside.update(desiredCount=4, healthCheckGracePeriodSeconds=30)
    answer = outside.ecs.describe_task_sets(**arguments, taskSets=["ecs-svc/1"])
    assert [f["reason"] for f in answer["failures"]] == ["MISSING"]
    outside.create("own")
    with refused("InvalidParameterException", "external deployment controllers"):
        outside.ecs.describe_task_sets(cluster="green", service="own")
    with refused("InvalidParameterException", "DAEMON"):
        outside.create("daemon", **EXTERNAL, schedulingStrategy="DAEMON", desiredCount=None)
    with refused("InvalidParameterException", "EXTERNAL"):
        outside.create("other", **(EXTERNAL | {"taskDefinition": "web"}))


def test_the_same_client_token_makes_one(outside: Stage, refused: Refused) -> None:
    one = add(outside, clientToken="t")
    assert add(outside, clientToken="t")["id"] == one["id"]
    with refused("InvalidParameterException", "idempotent"):
        add(outside, clientToken="t", externalId="other")


def test_deleting_the_service_takes_its_task_sets_with_it(outside: Stage, refused: Refused) -> None:
    add(outside, scale={"value": 100.0})
    outside.aws.settle()
    with refused("InvalidParameterException", "scaled above 0"):
        outside.ecs.delete_service(cluster="green", service="web")
    outside.ecs.delete_service(cluster="green", service="web", force=True)
    outside.aws.settle()
    assert outside.look()["status"] == "INACTIVE"
    assert outside.tasks() == []
    assert outside.aws.snapshot()


def test_codedeploy_begins_with_a_primary_task_set(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html"""
    controller = {"deploymentController": {"type": "CODE_DEPLOY"}}
    with refused("InvalidParameterException", "load balancer"):
        stage.create(**controller)
    group = stage.aws.target_group("web")
    balancers = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]
    service = stage.create(loadBalancers=balancers, **controller)
    [primary] = service["taskSets"]
    assert (primary["status"], primary["scale"]["value"], primary["startedBy"]) == (
        "PRIMARY",
        100.0,
        "CODE_DEPLOY",
    )
    assert (service["runningCount"], service["deployments"]) == (2, [])
    health = stage.aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    assert len(health["TargetHealthDescriptions"]) == 2
    with refused("InvalidParameterException", "CODE_DEPLOY"):
        stage.update(taskDefinition="web")
    stage.update(desiredCount=1, deploymentConfiguration={"maximumPercent": 150})
    stage.aws.settle()
    assert stage.look()["runningCount"] == 1

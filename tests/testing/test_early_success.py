"""Rolling deployments that complete early:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html"""

from typing import Any

import pytest

from tests.testing.conftest import BREAKER, Json, Refused, Stage


def early(percent: int, cleanup: str, **extra: Any) -> Json:
    criteria = {"enable": True, "healthyPercent": percent, "sourceServiceRevisionCleanup": cleanup}
    return {"minimumHealthyPercent": 50, "earlySuccessCriteria": criteria} | extra


def half_good(stage: Stage, configuration: Json, desired: int = 4) -> None:
    """A rollout of which only some tasks can become healthy: the others find no capacity."""
    stage.create(desiredCount=desired, deploymentConfiguration=configuration)
    stage.register("2")
    stage.aws.scenarios.add("*:2", "nocapacity")
    stage.aws.scenarios.add("*:2", "ok", times=desired // 2)
    stage.update(taskDefinition="web:2")


@pytest.mark.parametrize("cleanup", ["BLOCKING", "DEFERRED"])
def test_complete_at_the_healthy_percent(stage: Stage, cleanup: str) -> None:
    """ "Amazon ECS completes the deployment after … the healthy percent of the desired count"; the remaining
    tasks come "through regular service scaling"."""
    half_good(stage, early(50, cleanup))
    stage.aws.advance(120)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert stage.service_deployment()["status"] == "SUCCESSFUL"
    assert stage.look()["runningCount"] == 2
    stage.aws.scenarios.clear()
    stage.aws.settle()
    assert stage.look()["runningCount"] == 4
    assert stage.events()[-1] == "(service web) has reached a steady state."


@pytest.mark.parametrize(("cleanup", "left"), [("BLOCKING", []), ("DEFERRED", ["web:1"])])
def test_the_old_tasks_go_before_or_after(stage: Stage, cleanup: str, left: list[str]) -> None:
    """BLOCKING: they are cleaned up, then the deployment is complete. DEFERRED: the other way round."""
    stage.create(desiredCount=4, deploymentConfiguration=early(75, cleanup))
    stage.register("2")
    stage.update(taskDefinition="web:2")
    for _ in range(300):
        stage.aws.advance(0.5)
        if stage.look()["deployments"][0]["rolloutState"] == "COMPLETED":
            break
    assert [d["taskDefinition"].rpartition("/")[2] for d in stage.look()["deployments"][1:]] == left
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_without_criteria_it_waits_for_all(stage: Stage) -> None:
    half_good(stage, {"minimumHealthyPercent": 50})
    stage.aws.advance(600)
    assert stage.deployments()[0] == ("PRIMARY", "IN_PROGRESS", "web:2")


def test_the_counts_are_those_of_the_end(stage: Stage) -> None:
    """ "After the deployment completes, the task counts are a snapshot" """
    half_good(stage, early(50, "BLOCKING"))
    stage.aws.advance(120)
    stage.aws.scenarios.clear()
    stage.aws.settle()
    assert stage.service_deployment()["targetServiceRevision"]["runningTaskCount"] == 2
    assert stage.look()["currentServiceRevisions"][0]["runningTaskCount"] == 4


def test_no_rollback_after_the_end(stage: Stage) -> None:
    """ "After Amazon ECS completes the deployment, the deployment circuit breaker and CloudWatch alarm
    rollback no longer apply." """
    stage.create(desiredCount=4, deploymentConfiguration=early(50, "BLOCKING", **BREAKER))
    stage.register("2")
    stage.aws.scenarios.add("*:2", "slow")
    stage.aws.scenarios.add("*:2", "ok", times=2)
    stage.update(taskDefinition="web:2")
    stage.aws.advance(60)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    stage.aws.scenarios.add("*:2", "crash")
    for task in stage.tasks():
        stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.advance(300)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert not any("rolling back" in event for event in stage.events())


def test_a_bad_image_never_gets_there(stage: Stage) -> None:
    """ "… launches at least one task on the target service revision and waits for it to become healthy" """
    stage.create(deploymentConfiguration=early(0, "DEFERRED", minimumHealthyPercent=0, **BREAKER))
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert stage.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"enable": True}, "must be specified"),
        (
            {"enable": True, "healthyPercent": 40, "sourceServiceRevisionCleanup": "BLOCKING"},
            "minimumHealthyPercent",
        ),
        (
            {"enable": True, "healthyPercent": 101, "sourceServiceRevisionCleanup": "BLOCKING"},
            "",
        ),
    ],
)
def test_refused_criteria(stage: Stage, refused: Refused, criteria: Json, message: str) -> None:
    """ "This value must be greater than or equal to the minimumHealthyPercent value." """
    with refused("InvalidParameterException", message):
        stage.create(deploymentConfiguration={"minimumHealthyPercent": 50, "earlySuccessCriteria": criteria})

"""Task scale-in protection:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html"""

from typing import Any

import pytest

from tests.testing.conftest import NETWORK, Json, Refused, Stage


def protect(stage: Stage, *tasks: str, enabled: bool = True, **extra: Any) -> Json:
    answer: Json = stage.ecs.update_task_protection(
        cluster="green", tasks=list(tasks), protectionEnabled=enabled, **extra
    )
    return answer


def test_scale_in_spares_the_protected(stage: Stage) -> None:
    """ "protect your task from termination during scale-in events", two hours by default"""
    stage.create(desiredCount=4)
    arn = stage.tasks()[-1]["taskArn"]
    [seen] = protect(stage, arn)["protectedTasks"]
    assert (seen["taskArn"], seen["protectionEnabled"]) == (arn, True)
    assert seen["expirationDate"].timestamp() == pytest.approx(stage.aws.clock.now() + 7200, abs=0.01)
    stage.update(desiredCount=1)
    stage.aws.advance(60)
    assert [t["taskArn"] for t in stage.tasks()] == [arn]
    stage.update(desiredCount=0)
    stage.aws.advance(3600)
    assert stage.look()["runningCount"] == 1
    stage.aws.advance(3600)
    assert stage.look()["runningCount"] == 0


@pytest.mark.parametrize("way", ["expires", "unset"])
def test_a_deployment_waits_for_the_protected(stage: Stage, way: str) -> None:
    """ "… or deployments. After this time period lapses, protectionEnabled will be reset to false." """
    stage.create()
    arn, other = (t["taskArn"] for t in stage.tasks())
    protect(stage, arn, expiresInMinutes=30)
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(600)
    assert [d["runningCount"] for d in stage.look()["deployments"]] == [2, 1]
    assert stage.deployments()[0] == ("PRIMARY", "IN_PROGRESS", "web:2")
    if way == "unset":
        assert protect(stage, arn, enabled=False)["protectedTasks"] == [
            {"taskArn": arn, "protectionEnabled": False}
        ]
        stage.aws.advance(60)
    else:
        stage.aws.advance(1260)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert other not in {t["taskArn"] for t in stage.tasks()}


def test_get_task_protection(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html"""
    stage.create()
    first, second = (t["taskArn"] for t in stage.tasks())
    protect(stage, first.rpartition("/")[2], expiresInMinutes=1)
    get = stage.ecs.get_task_protection
    both = get(cluster="green", tasks=[first, second])["protectedTasks"]
    assert [t["protectionEnabled"] for t in both] == [True, False]
    assert [t["taskArn"] for t in get(cluster="green")["protectedTasks"]] == [first]
    stage.aws.advance(61)
    assert get(cluster="green")["protectedTasks"] == []


def test_failures(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html"""
    stage.create()
    [job] = stage.ecs.run_task(
        cluster="green", taskDefinition="web", launchType="FARGATE", networkConfiguration=NETWORK
    )["tasks"]
    answer = protect(stage, job["taskArn"], "0" * 32)
    assert answer["protectedTasks"] == []
    assert [f["reason"] for f in answer["failures"]] == ["TASK_NOT_VALID", "MISSING"]
    old = [t["taskArn"] for t in stage.tasks()]
    protect(stage, old[0])
    stage.update(forceNewDeployment=True)
    stage.aws.advance(120)
    new = next(t["taskArn"] for t in stage.tasks() if t["taskArn"] not in old)
    assert [f["reason"] for f in protect(stage, new)["failures"]] == ["DEPLOYMENT_BLOCKED"]
    for wrong in ({"expiresInMinutes": 0}, {"expiresInMinutes": 2881}):
        with refused("InvalidParameterException"):
            protect(stage, old[0], **wrong)
    with refused("InvalidParameterException"):
        protect(stage)

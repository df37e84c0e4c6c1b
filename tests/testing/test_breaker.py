"""The deployment circuit breaker and rollbacks:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""

import pytest

from tests.testing.conftest import BREAKER, Json, Refused, Stage

NO_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


def breaker(kind: str, value: int, *, reset: bool = True) -> Json:
    return {
        "deploymentCircuitBreaker": {
            "enable": True,
            "rollback": True,
            "resetOnHealthyTask": reset,
            "thresholdConfiguration": {"type": kind, "value": value},
        }
    }


def bad(stage: Stage, tag: str = "crash") -> Json:
    """A running service, updated to an image that never comes up."""
    stage.create(deploymentConfiguration=BREAKER)
    stage.register(tag)
    return stage.update(taskDefinition="web:2")


def test_rolls_back_to_the_last_completed_deployment(stage: Stage) -> None:
    first = stage.create(deploymentConfiguration=BREAKER)
    good = {t["taskArn"] for t in stage.tasks()}
    stage.register("crash")
    failed = stage.update(taskDefinition="web:2")
    stage.aws.advance(15)
    service = stage.look()
    assert [(d["status"], d["rolloutState"]) for d in service["deployments"]] == [
        ("PRIMARY", "IN_PROGRESS"),
        ("ACTIVE", "FAILED"),
    ]
    back, gone = service["deployments"]
    old = first["deployments"][0]["id"]
    assert (
        back["rolloutStateReason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {old}."
    )
    assert gone["id"] == failed["deployments"][0]["id"]
    assert gone["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert gone["failedTasks"] >= 3
    stage.aws.settle()
    # the service names the old task definition again: a tool that looks at that alone sees success
    after = stage.look()
    assert after["taskDefinition"] == first["taskDefinition"]
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    # healthy tasks of the revision rolled back to are kept, and the revision is used again
    assert {t["taskArn"] for t in stage.tasks()} == good
    assert after["currentServiceRevisions"][0]["arn"] == first["currentServiceRevisions"][0]["arn"]


def test_events_of_a_rollback(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"""
    failed = bad(stage)["deployments"]
    stage.aws.settle()
    events = stage.events()
    assert f"(service web) (deployment {failed[0]['id']}) deployment failed: tasks failed to start." in events
    assert f"(service web) rolling back to deployment {failed[1]['id']}." in events
    assert events[-1] == "(service web) has reached a steady state."


def test_the_service_deployment_of_a_rollback(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html"""
    target = bad(stage)["currentServiceRevisions"][0]["arn"]
    assert stage.service_deployment()["status"] == "PENDING"
    stage.aws.advance(3)
    running = stage.service_deployment()
    assert running["status"] == "IN_PROGRESS"
    assert running["deploymentCircuitBreaker"] == {"status": "MONITORING", "failureCount": 0, "threshold": 3}
    assert running["targetServiceRevision"] == {
        "arn": target,
        "requestedTaskCount": 2,
        "runningTaskCount": 0,
        "pendingTaskCount": 2,
    }
    stage.aws.advance(13)
    assert stage.service_deployment()["status"] == "ROLLBACK_IN_PROGRESS"
    stage.aws.settle()
    done = stage.service_deployment()
    assert done["status"] == "ROLLBACK_SUCCESSFUL"
    assert "circuit breaker" in done["statusReason"]
    assert done["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert done["rollback"]["serviceRevisionArn"] == done["sourceServiceRevisions"][0]["arn"]
    assert done["finishedAt"] > done["rollback"]["startedAt"] > done["startedAt"]


@pytest.mark.parametrize(
    ("tag", "code", "reason", "exit_code"),
    [
        ("crash", "EssentialContainerExited", "Essential container in task exited", 1),
        ("nopull-2", "TaskFailedToStart", "CannotPullContainerError: ", None),
        ("unhealthy", "ServiceSchedulerInitiated", "Task failed container health checks", 143),
    ],
)
def test_every_bad_image_trips_it(
    stage: Stage, tag: str, code: str, reason: str, exit_code: int | None
) -> None:
    """Stop codes and reasons:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html"""
    bad(stage, tag)
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    failed = [
        t for t in stage.tasks("STOPPED") if t["taskDefinitionArn"].endswith(":2") and t["stopCode"] == code
    ]
    assert len(failed) >= 3
    assert all(t["stoppedReason"].startswith(reason) for t in failed)
    assert {t["containers"][0].get("exitCode") for t in failed} == {exit_code}


def test_a_slow_image_gets_there(stage: Stage) -> None:
    bad(stage, "slow")
    stage.aws.advance(60)
    assert stage.deployments()[0] == ("PRIMARY", "IN_PROGRESS", "web:2")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_without_rollback_it_fails_and_stays(stage: Stage) -> None:
    """ "A deployment in FAILED state doesn't launch any new tasks." The old tasks go on; the service
    deployment is STOPPED (API_ServiceDeployment.stoppedAt)."""
    stage.create(deploymentConfiguration=NO_ROLLBACK)
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "FAILED", "web:2"), ("ACTIVE", "COMPLETED", "web:1")]
    assert stage.look()["runningCount"] == 2
    assert stage.service_deployment()["status"] == "STOPPED"
    started = sum("has started" in event for event in stage.events())
    stage.aws.advance(10_000)
    assert sum("has started" in event for event in stage.events()) == started
    stage.register("good")
    stage.update(taskDefinition="web:3")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:3")]


def test_without_breaker_it_retries_for_ever(stage: Stage) -> None:
    """ "Amazon ECS doesn't ever stop a failing service from retrying." It slows down, to 27 minutes between
    tries: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html"""
    stage.create()
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(600)
    assert any("is unable to consistently start tasks successfully" in event for event in stage.events())
    stage.aws.advance(100_000)
    assert stage.deployments() == [("PRIMARY", "IN_PROGRESS", "web:2"), ("ACTIVE", "COMPLETED", "web:1")]
    service = stage.look()
    assert service["runningCount"] == 2
    assert service["deployments"][0]["failedTasks"] > 50
    assert stage.service_deployment()["status"] == "IN_PROGRESS"
    starts = [e["createdAt"] for e in service["events"] if "has started" in e["message"]]
    assert 1620 <= (starts[0] - starts[1]).total_seconds() <= 1640
    # "If you update your service …, it resumes to non-throttled state immediately"
    stage.register("good")
    stage.update(taskDefinition="web:3")
    stage.aws.advance(60)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:3")]


def test_the_first_deployment_has_nothing_to_go_back_to(stage: Stage) -> None:
    """ "When the deployment circuit breaker does not find a deployment that is in a COMPLETED state, the
    circuit breaker does not launch new tasks and the deployment is stalled." """
    stage.register("crash")
    stage.create(taskDefinition="web:2", deploymentConfiguration=BREAKER)
    assert stage.deployments() == [("PRIMARY", "FAILED", "web:2")]
    assert stage.service_deployment()["status"] == "ROLLBACK_FAILED"
    assert stage.look()["pendingCount"] == 0


def test_a_deployment_being_rolled_back_to_is_no_candidate(stage: Stage) -> None:
    """The documented example: deployment 3, started while 2 rolls back to 1, cannot roll back."""
    stage.create(deploymentConfiguration=BREAKER)
    stage.register("crash")
    stage.register("crash-too")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(15)
    assert stage.service_deployment()["status"] == "ROLLBACK_IN_PROGRESS"
    stage.update(taskDefinition="web:3")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "FAILED", "web:3"), ("ACTIVE", "IN_PROGRESS", "web:1")]
    assert stage.service_deployment()["status"] == "ROLLBACK_FAILED"
    assert stage.look()["runningCount"] == 2


def test_a_rollback_that_fails_too(stage: Stage) -> None:
    """The old image stops working meanwhile and its tasks are gone."""
    stage.create(deploymentConfiguration=BREAKER | {"minimumHealthyPercent": 0, "maximumPercent": 100})
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.scenarios.add("web:1", "crash")
    stage.aws.settle()
    assert stage.service_deployment()["status"] == "ROLLBACK_FAILED"
    assert stage.deployments() == [("PRIMARY", "FAILED", "web:1")]


@pytest.mark.parametrize(
    ("configuration", "desired", "threshold"),
    [
        (BREAKER, 1, 3),
        (BREAKER, 7, 4),
        (BREAKER, 20, 10),
        (BREAKER, 1000, 200),
        (breaker("BOUNDED_PERCENT", 10), 50, 5),
        (breaker("UNBOUNDED_PERCENT", 50), 2, 1),
        (breaker("UNBOUNDED_PERCENT", 50), 1000, 500),
        (breaker("COUNT", 1), 10, 1),
        (breaker("COUNT", 7), 1, 7),
    ],
)
def test_thresholds(stage: Stage, configuration: Json, desired: int, threshold: int) -> None:
    """BOUNDED_PERCENT 50 of the desired count by default, at least 3, at most 200; UNBOUNDED_PERCENT
    without the bounds; COUNT as it is (API_ThresholdConfiguration)"""
    stage.create(settle=False, desiredCount=desired, deploymentConfiguration=configuration)
    assert stage.service_deployment()["deploymentCircuitBreaker"]["threshold"] == threshold


def test_a_threshold_of_one(stage: Stage) -> None:
    stage.create(desiredCount=1, deploymentConfiguration=breaker("COUNT", 1))
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    assert stage.service_deployment()["deploymentCircuitBreaker"]["failureCount"] == 1
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


@pytest.mark.parametrize(("reset", "state"), [(True, "COMPLETED"), (False, "FAILED")])
def test_a_healthy_task_resets_the_count_unless_told_not_to(stage: Stage, reset: bool, state: str) -> None:
    """ "When set to true, a task that reaches a healthy state resets the failure count to 0. … The default is
    true." (API_DeploymentCircuitBreaker)"""
    stage.create(desiredCount=1, deploymentConfiguration=breaker("COUNT", 4, reset=reset))
    stage.register("flaky")
    stage.aws.scenarios.add("*:flaky", "crash", times=3)
    stage.update(taskDefinition="web:2")
    stage.aws.advance(32)  # three failures, then one that runs
    assert stage.look()["deployments"][0]["failedTasks"] == (0 if reset else 3)
    stage.aws.scenarios.add("*:flaky", "crash", times=2)
    for task in [t for t in stage.tasks() if t["taskDefinitionArn"].endswith(":2")]:
        stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.advance(20)
    assert (state == "FAILED") == ("rolling back" in " ".join(stage.events()))
    stage.aws.settle()
    assert stage.deployments()[0][1] == "COMPLETED"


def test_a_task_that_was_healthy_is_replaced_without_being_counted(stage: Stage) -> None:
    """https://repost.aws/knowledge-center/ecs-deployment-roll-back-failure: "If a task successfully starts,
    passes the dependent health checks, but then stops, then the circuit breaker might not activate." """
    stage.create(deploymentConfiguration=BREAKER)
    stage.register("later")
    stage.aws.scenarios.add("*:later", "crash", after=20)
    stage.update(taskDefinition="web:2")
    stage.aws.advance(600)
    assert stage.deployments()[0] == ("PRIMARY", "IN_PROGRESS", "web:2")
    assert stage.look()["deployments"][0]["failedTasks"] == 0


def test_unhealthy_targets(stage: Stage) -> None:
    """Task failed ELB health checks; the grace period is waited for first."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
    balancer = {"targetGroupArn": arn, "containerName": "app", "containerPort": 80}
    stage.create(
        deploymentConfiguration=BREAKER,
        loadBalancers=[balancer],
        healthCheckGracePeriodSeconds=300,
        desiredCount=1,
    )
    stage.register("unhealthy")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(300)
    assert stage.look()["deployments"][0]["failedTasks"] == 0
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    reasons = {t["stoppedReason"] for t in stage.tasks("STOPPED")}
    assert f"Task failed ELB health checks in (target-group {arn})" in reasons
    assert any("due to (reason Health checks failed)" in event for event in stage.events())


def test_the_whole_revision_comes_back(stage: Stage) -> None:
    """A rollback restores every member of the service revision, not only the task definition; what does not
    belong to a revision stays as it was set."""
    first = stage.create(deploymentConfiguration=BREAKER)
    stage.register("crash")
    stage.update(
        taskDefinition="web:2",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-z"]}},
        enableExecuteCommand=True,
    )
    stage.aws.settle()
    after = stage.look()
    vpc = after["networkConfiguration"]["awsvpcConfiguration"]
    assert sorted(vpc["subnets"]) == sorted(first["networkConfiguration"]["awsvpcConfiguration"]["subnets"])
    assert after["enableExecuteCommand"] is True


def test_stop_service_deployment_rolls_back(stage: Stage) -> None:
    """ "You can use this option even if you didn't configure the service deployment for the rollback option."
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html"""
    stage.create()
    good = {t["taskArn"] for t in stage.tasks()}
    stage.register("2")
    arn = stage.update(taskDefinition="web:2")["currentServiceDeployment"]
    stage.aws.advance(10)
    answer = stage.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert answer["serviceDeploymentArn"] == arn
    assert stage.service_deployment()["status"] == "ROLLBACK_REQUESTED"
    stage.ecs.stop_service_deployment(serviceDeploymentArn=arn)  # "continues the rollback operation"
    stage.aws.advance(1)
    assert stage.service_deployment()["status"] == "ROLLBACK_IN_PROGRESS"
    stage.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    assert stage.service_deployment()["status"] == "ROLLBACK_IN_PROGRESS"
    stage.aws.settle()
    assert stage.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert {t["taskArn"] for t in stage.tasks()} == good


def test_stop_service_deployment_refusals(stage: Stage, refused: Refused) -> None:
    arn = stage.create()["currentServiceDeployment"]
    with refused("ConflictException", "SUCCESSFUL"):
        stage.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    with refused("ServiceDeploymentNotFoundException"):
        stage.ecs.stop_service_deployment(serviceDeploymentArn=arn[:-3] + "xyz")
    with refused("InvalidParameterException", "ROLLBACK"):
        stage.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    with refused("InvalidParameterException"):
        stage.ecs.stop_service_deployment(
            serviceDeploymentArn="arn:aws:ecs:eu-west-1:123456789012:service/green/web"
        )


def test_stopping_the_first_deployment(stage: Stage) -> None:
    arn = stage.create(settle=False)["currentServiceDeployment"]
    stage.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    stage.aws.settle()
    assert stage.service_deployment()["status"] == "ROLLBACK_FAILED"

"""Rolling updates over virtual time:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.testing.conftest import Json, Stage


def watch(stage: Stage, seconds: int, step: float = 1.0) -> Iterator[Json]:
    """The service at each step."""
    for _ in range(int(seconds / step)):
        stage.aws.advance(step)
        yield stage.look()


def test_a_new_service_starts_its_tasks(stage: Stage) -> None:
    """pending, then running, then COMPLETED with AWS's events."""
    stage.create(settle=False)
    seen = [
        (s["pendingCount"], s["runningCount"], s["deployments"][0]["rolloutState"]) for s in watch(stage, 12)
    ]
    assert seen[0] == (2, 0, "IN_PROGRESS")
    assert seen[-1] == (0, 2, "COMPLETED")
    assert sorted(set(seen), key=seen.index) == [seen[0], seen[-1]]
    deployment = stage.look()["deployments"][0]
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    tasks = " ".join(f"(task {arn['taskArn'].rpartition('/')[2]})" for arn in stage.tasks())
    assert stage.events() == [
        f"(service web) has started 2 tasks: {tasks}.",
        f"(service web) (deployment {deployment['id']}) deployment completed.",
        "(service web) has reached a steady state.",
    ]


def test_a_task_goes_through_the_life_cycle(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""
    stage.create(settle=False, desiredCount=1)
    stage.aws.advance(1)
    [arn] = stage.ecs.list_tasks(cluster="green", serviceName="web")["taskArns"]

    def statuses(seconds: float) -> list[str]:
        seen = []
        for _ in range(int(seconds * 2)):
            seen.append(stage.ecs.describe_tasks(cluster="green", tasks=[arn])["tasks"][0]["lastStatus"])
            stage.aws.advance(0.5)
        return sorted(set(seen), key=seen.index)

    assert statuses(10) == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    stage.ecs.stop_task(cluster="green", task=arn)
    assert statuses(10) == ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]


def test_two_deployments_while_rolling(stage: Stage) -> None:
    """The newest is PRIMARY, the one being replaced ACTIVE; the service names the new task definition at
    once."""
    first = stage.create()
    stage.register("2")
    answer = stage.update(taskDefinition="web:2")
    assert answer["taskDefinition"].endswith("web:2")
    assert [(d["status"], d["rolloutState"]) for d in answer["deployments"]] == [
        ("PRIMARY", "IN_PROGRESS"),
        ("ACTIVE", "COMPLETED"),
    ]
    assert answer["deployments"][1]["id"] == first["deployments"][0]["id"]
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert {t["taskDefinitionArn"].rpartition(":")[2] for t in stage.tasks()} == {"2"}
    [old, _] = stage.tasks("STOPPED")
    assert old["stopCode"] == "ServiceSchedulerInitiated"
    assert old["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
    assert any("has stopped 2 running tasks" in event for event in stage.events())
    assert stage.events()[-1] == "(service web) has reached a steady state."


@pytest.mark.parametrize(
    ("least", "most", "desired"),
    [(100, 200, 2), (50, 100, 4), (0, 100, 2), (50, 150, 4), (100, 150, 4), (75, 125, 7)],
)
def test_minimum_and_maximum_are_respected(stage: Stage, least: int, most: int, desired: int) -> None:
    """ "… must remain in the RUNNING state during a deployment … (rounded up)", "… allowed in the RUNNING
    or PENDING state during a deployment … (rounded down)" (API_DeploymentConfiguration)"""
    configuration = {"minimumHealthyPercent": least, "maximumPercent": most}
    stage.create(desiredCount=desired, deploymentConfiguration=configuration)
    stage.register("2")
    stage.update(taskDefinition="web:2")
    floor, ceiling = -(-desired * least // 100), desired * most // 100
    for service in watch(stage, 400, 2):
        assert service["runningCount"] >= floor
        assert service["runningCount"] + service["pendingCount"] <= ceiling
        if service["deployments"][0]["rolloutState"] == "COMPLETED":
            break
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert stage.look()["runningCount"] == desired


def test_one_at_a_time_when_the_maximum_says_so(stage: Stage) -> None:
    """desired 2, 100/150 %: three tasks at most, so the new ones come one by one."""
    stage.create(deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 150})
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    assert sum("has started 1 tasks" in event for event in stage.events()) == 2


def test_unchecked_tasks_wait_before_they_count(stage: Stage) -> None:
    """ "If a task has no essential containers with a health check defined, the service scheduler will wait
    for 40 seconds after a task reaches a RUNNING state before the task is counted towards the minimum
    healthy percent" """
    stage.create()
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(45)
    assert [d["runningCount"] for d in stage.look()["deployments"]] == [2, 2]
    stage.aws.advance(5)
    assert [d["runningCount"] for d in stage.look()["deployments"]] == [2, 0]


def test_health_checks_count_when_they_pass(stage: Stage) -> None:
    """ "… wait for the task to reach a healthy status before counting it towards the minimum healthy
    percent" """
    check = {"healthCheck": {"command": ["CMD", "true"]}}
    stage.register("2", container=check)
    stage.create()
    assert {t["healthStatus"] for t in stage.tasks()} == {"HEALTHY"}
    stage.register("3", container=check)
    stage.update(taskDefinition="web:3")
    stage.aws.advance(10)
    assert {t["healthStatus"] for t in stage.tasks()} == {"UNKNOWN", "HEALTHY"}
    stage.aws.advance(20)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:3")]


def test_a_configuration_that_blocks_by_rounding(stage: Stage) -> None:
    """One task, 100/150 %: 1.5 rounds down to 1, so nothing can move; AWS says so in an event."""
    stage.create(
        desiredCount=1, deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 150}
    )
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(300)
    assert stage.deployments()[0] == ("PRIMARY", "IN_PROGRESS", "web:2")
    stuck = [
        event for event in stage.events() if "unable to stop or start tasks during a deployment" in event
    ]
    assert len(stuck) == 1
    stage.update(deploymentConfiguration={"maximumPercent": 200})
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_scaling_is_no_deployment(stage: Stage) -> None:
    """desiredCount "doesn't trigger a new service deployment"; the primary deployment follows it."""
    before = stage.create()
    stage.update(desiredCount=5)
    stage.aws.advance(3)
    service = stage.look()
    assert service["deployments"][0]["id"] == before["deployments"][0]["id"]
    assert (service["deployments"][0]["desiredCount"], service["pendingCount"]) == (5, 3)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    stage.aws.settle()
    assert stage.look()["runningCount"] == 5
    stage.update(desiredCount=1)
    stage.aws.settle()
    assert stage.look()["runningCount"] == 1
    assert stage.events().count("(service web) has reached a steady state.") == 3


def test_scaling_to_nothing_and_back(stage: Stage) -> None:
    stage.create(desiredCount=0)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    stage.update(desiredCount=1)
    stage.aws.settle()
    stage.update(desiredCount=0)
    stage.aws.settle()
    assert stage.look()["runningCount"] == 0


def test_scaling_during_a_rollout(stage: Stage) -> None:
    """ "… percentage types … by the latest service desired count" """
    stage.create()
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(3)
    stage.update(desiredCount=4)
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert stage.look()["runningCount"] == 4


def test_force_replaces_every_task(stage: Stage) -> None:
    """forceNewDeployment "starts a new deployment … with no service definition changes" """
    before = stage.create()
    old = {t["taskArn"] for t in stage.tasks()}
    stage.update(forceNewDeployment=True)
    stage.aws.settle()
    after = stage.look()
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert after["currentServiceRevisions"][0]["arn"] != before["currentServiceRevisions"][0]["arn"]
    assert old.isdisjoint(t["taskArn"] for t in stage.tasks())


def test_a_newer_update_supersedes(stage: Stage) -> None:
    """The older service deployment ends STOPPED, its tasks are replaced like any other old ones."""
    stage.create()
    stage.register("2")
    stage.register("3")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(10)
    second = stage.look()["currentServiceDeployment"]
    stage.update(taskDefinition="web:3")
    assert [d[0] for d in stage.deployments()] == ["PRIMARY", "ACTIVE", "ACTIVE"]
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:3")]
    [old] = stage.ecs.describe_service_deployments(serviceDeploymentArns=[second])["serviceDeployments"]
    assert old["status"] == "STOPPED"
    assert old["stoppedAt"] >= old["startedAt"]


def test_a_stopped_task_is_replaced(stage: Stage) -> None:
    """The scheduler keeps the desired count; no deployment is involved."""
    stage.create()
    victim = stage.tasks()[0]["taskArn"]
    stage.ecs.stop_task(cluster="green", task=victim, reason="chaos")
    assert stage.look()["runningCount"] == 1
    stage.aws.settle()
    assert stage.look()["runningCount"] == 2
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert stage.events()[-1] == "(service web) has reached a steady state."


def test_only_the_last_hundred_events(stage: Stage) -> None:
    """ "The event stream for your service. A maximum of 100 of the latest events are displayed."
    (API_Service)"""
    stage.create(desiredCount=1)
    for n in range(60):
        stage.update(desiredCount=2 - n % 2)
        stage.aws.settle()
    events = stage.look()["events"]
    assert len(events) == 100
    assert len({event["id"] for event in events}) == 100
    assert events[0]["createdAt"] >= events[-1]["createdAt"]


def test_how_often_it_is_looked_at_makes_no_difference(stage: Stage) -> None:
    """State follows from time alone: one look at the end sees what a hundred looks see."""
    stage.create("a", settle=False)
    stage.create("b", settle=False)
    stage.register("2")
    for name in "ab":
        stage.update(name, taskDefinition="web:2")
    for _ in range(80):
        stage.aws.advance(1)
        stage.look("a")
    ends = [stage.look(name) for name in "ab"]
    assert [[d["rolloutState"] for d in s["deployments"]] for s in ends] == [["COMPLETED"]] * 2
    assert ends[0]["deployments"][0]["updatedAt"] == ends[1]["deployments"][0]["updatedAt"]
    times = [[event["createdAt"] for event in s["events"]] for s in ends]
    assert times[0] == times[1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["1", "2", "crash", "scale", "force", "kill", "wait"]), st.integers(0, 60)),
        max_size=6,
    )
)
def test_whatever_happens_it_settles_at_what_was_asked(stage: Stage, moves: list[tuple[str, int]]) -> None:
    """With a good image in the end, the service has its desired count of it and one COMPLETED deployment."""
    stage.aws.reset()
    stage.ecs.create_cluster(clusterName="green")
    arns = {tag: stage.register(tag) for tag in ("1", "2", "crash")}
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stage.create(taskDefinition=arns["1"], settle=False, deploymentConfiguration=breaker)
    for move, wait in moves:
        if move in arns:
            stage.update(taskDefinition=arns[move])
        elif move == "scale":
            stage.update(desiredCount=wait % 5)
        elif move == "force":
            stage.update(forceNewDeployment=True)
        elif move == "kill":
            for task in stage.tasks()[:1]:
                stage.ecs.stop_task(cluster="green", task=task["taskArn"])
        stage.aws.advance(wait)
        service = stage.look()
        assert [d["status"] for d in service["deployments"]].count("PRIMARY") == 1
        assert service["runningCount"] == sum(d["runningCount"] for d in service["deployments"])
    stage.register("last")
    stage.update(taskDefinition="web:4", desiredCount=3)
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:4")]
    assert (stage.look()["runningCount"], stage.look()["pendingCount"]) == (3, 0)
    assert stage.service_deployment()["status"] == "SUCCESSFUL"


def _shape(event: str) -> str:
    """A message without what AWS draws."""
    event = re.sub(r"\(task \w{32}\)", "(task T)", event)
    return re.sub(r"ecs-svc/\d+", "ecs-svc/D", re.sub(r"arn:\S+targetgroup/(\w+)/\w+", r"\1", event))


def test_the_events_of_a_service_behind_a_load_balancer(stage: Stage) -> None:
    """In the words that published events of real services have, in their order."""
    group = stage.aws.target_group("web")
    balancer = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]
    stage.create(desiredCount=1, loadBalancers=balancer)
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    said = [_shape(event) for event in stage.events()]
    begin = [
        "(service web) has started 1 tasks: (task T).",
        "(service web) registered 1 targets in (target-group web)",
    ]
    end = [
        "(service web) (deployment ecs-svc/D) deployment completed.",
        "(service web) has reached a steady state.",
    ]
    assert said == [
        *begin,
        *end,
        *begin,
        "(service web) has stopped 1 running tasks: (task T).",
        "(service web) deregistered 1 targets in (target-group web)",
        "(service web, taskSet ecs-svc/D) has begun draining connections on 1 tasks.",
        *end,
    ]


def test_a_task_that_stands_in_for_an_unhealthy_one_is_told_so(stage: Stage) -> None:
    stage.create(desiredCount=1)
    stage.aws.scenarios.add("web:*", "unhealthy", times=1)
    [task] = stage.tasks()
    stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.settle()
    said = [_shape(event) for event in stage.events()]
    assert (
        "(service web) has started 1 tasks: (task T). Amazon ECS replaced 1 tasks due to an unhealthy status."
    ) in said


def test_a_pull_that_fails_on_fargate_is_told(stage: Stage) -> None:
    stage.create(desiredCount=1)
    stage.register("nopull")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(30)
    told = [event for event in stage.events() if "unable to place a task" in event]
    assert told
    assert told[0].startswith("(service web) was unable to place a task. Reason: CannotPullContainerError: ")


def test_tasks_that_never_ran_are_stopped_as_pending(stage: Stage) -> None:
    stage.create(settle=False, desiredCount=2)
    stage.aws.advance(2)
    stage.update(desiredCount=0)
    stage.aws.settle()
    assert "(service web) stopped 2 pending tasks." in stage.events()

"""The request log, the snapshot, determinism."""

from typing import Any

from apollo.testing import LocalAws
from tests.testing.conftest import BREAKER, Refused, Stage


def test_every_call_is_logged(stage: Stage, refused: Refused) -> None:
    stage.aws.clear()
    stage.create(settle=False)
    with refused("ServiceNotFoundException"):
        stage.update("nope", desiredCount=1)
    stage.look()
    log = stage.aws.requests
    assert [(r.action, r.mutating, r.outcome) for r in log] == [
        ("ecs:CreateService", True, "OK"),
        ("ecs:UpdateService", True, "ServiceNotFoundException"),
        ("ecs:DescribeServices", False, "OK"),
    ]
    assert [r.seq for r in log] == list(range(log[0].seq, log[0].seq + 3))
    first = log[0]
    assert (first.account, first.region, first.params["serviceName"]) == ("123456789012", "eu-west-1", "web")
    assert "otocore" in first.user_agent
    assert first.time == stage.aws.clock.now()
    assert [r.operation for r in stage.aws.mutations()] == ["CreateService", "UpdateService"]
    assert stage.aws.counts() == {"ecs:CreateService": 1, "ecs:UpdateService": 1, "ecs:DescribeServices": 1}
    stage.aws.clear()
    assert stage.aws.requests == []
    assert stage.aws.counts() == {}
    stage.look()
    assert stage.aws.requests[0].seq == log[-1].seq + 1


def test_query_parameters_are_logged_as_values(aws: LocalAws) -> None:
    role = "arn:aws:iam::999999999999:role/x"
    aws.client("sts").assume_role(RoleArn=role, RoleSessionName="apollo", DurationSeconds=900)
    assert aws.requests[-1].params == {"RoleArn": role, "RoleSessionName": "apollo", "DurationSeconds": 900}
    assert aws.mutations() == []


def story(aws: LocalAws) -> tuple[list[Any], dict[str, Any], list[str]]:
    """Some life: good, bad, faults, scale, delete."""
    stage = Stage(aws, aws.client("ecs"))
    stage.ecs.create_cluster(clusterName="green")
    stage.register("1")
    stage.register("crash")
    echoes = [stage.create(deploymentConfiguration=BREAKER)]
    aws.faults.add("ecs:Describe*", "latency", seconds=0.0, probability=0.5)
    stage.update(taskDefinition="web:2")
    for _ in range(5):
        aws.advance(7)
        echoes.append(stage.look())
    stage.create("other", settle=False)
    aws.settle()
    echoes += [stage.look(), stage.look("other"), stage.service_deployment()]
    log = [r.as_dict() for r in aws.requests]
    return (
        log,
        aws.snapshot(),
        [repr({k: v for k, v in e.items() if k != "ResponseMetadata"}) for e in echoes],
    )


def test_two_runs_with_one_seed_are_identical() -> None:
    """Request logs, states, and every answer down to identifiers and orders."""
    runs = []
    for seed in (7, 7, 8):
        with LocalAws(seed=seed) as aws:
            runs.append(story(aws))
    assert runs[0] == runs[1]
    assert runs[2][1] == runs[0][1]  # another seed ends in the same state
    assert runs[2][2] != runs[0][2]  # by other identifiers and orders


def test_a_snapshot_has_no_identifiers_and_no_times(stage: Stage) -> None:
    """The same moves at another time, with other identifiers, give the same snapshot."""

    def state() -> Any:
        return stage.aws.snapshot()["123456789012/eu-west-1/ecs"]

    stage.create()
    first = state()
    assert first["clusters"]["green"]["services"]["web"]["desiredCount"] == 2
    stage.aws.reset()
    stage.aws.advance(12345)
    stage.ecs.create_cluster(clusterName="green")
    stage.register()
    stage.create()
    assert state() == first
    stage.update(desiredCount=3)
    assert state() != first


def test_reset_forgets_everything_but_the_time(stage: Stage) -> None:
    stage.create()
    now = stage.aws.clock.now()
    stage.aws.faults.add("ecs:*", "throttle")
    stage.aws.reset()
    assert stage.ecs.list_clusters()["clusterArns"] == []
    assert stage.aws.clock.now() == now
    assert stage.aws.snapshot() == {}

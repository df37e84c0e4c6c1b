"""Faults as a client of AWS sees them."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.testing.conftest import Refused, Stage

CONTAINERS = [{"name": "app", "image": "web:1", "memory": 128}]


def test_throttling(stage: Stage, refused: Refused) -> None:
    """ThrottlingException, HTTP 400, "Rate exceeded":
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""
    rule = stage.aws.faults.add("ecs:List*", "throttle", times=2)
    for _ in range(2):
        with refused("ThrottlingException", "Rate exceeded"):
            stage.ecs.list_clusters()
    assert stage.ecs.list_clusters()["clusterArns"]
    assert rule.hits == 2
    assert [r.outcome for r in stage.aws.requests][-3:] == ["ThrottlingException"] * 2 + ["OK"]


def test_throttling_of_a_query_service(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html: Throttling"""
    stage.aws.faults.add("sts:*", "throttle", times=1)
    with refused("Throttling"):
        stage.aws.client("sts").get_caller_identity()


def test_the_sdk_retries_throttling_and_5xx(stage: Stage) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html (standard mode)"""
    stage.aws.faults.add("ecs:ListClusters", "throttle", times=1)
    stage.aws.faults.add("ecs:ListClusters", "error", times=1)
    client = stage.aws.client("ecs", retries=3)
    stage.aws.clear()
    assert client.list_clusters()["clusterArns"]
    assert stage.aws.counts() == {"ecs:ListClusters": 3}


def test_errors_have_the_code_they_are_given(stage: Stage, refused: Refused) -> None:
    stage.aws.faults.add("ecs:UpdateService", "error", times=1)
    stage.aws.faults.add(
        "ecs:UpdateService", "error", code="InvalidParameterException", message="no", status=400, times=1
    )
    stage.create()
    with pytest.raises(ClientError) as caught:
        stage.update(desiredCount=3)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    with refused("InvalidParameterException", "no"):
        stage.update(desiredCount=3)
    assert stage.look()["desiredCount"] == 2
    assert [r.applied for r in stage.aws.mutations() if r.operation == "UpdateService"] == [False, False]


def test_an_error_after_the_effect(stage: Stage, refused: Refused) -> None:
    """A 5xx says nothing about whether the operation took place."""
    stage.create()
    stage.aws.faults.add("ecs:UpdateService", "error_after", times=1)
    with refused("ServerException"):
        stage.update(desiredCount=3)
    assert stage.look()["desiredCount"] == 3
    assert stage.aws.mutations()[-1].applied


def test_reset_before_the_effect(stage: Stage) -> None:
    stage.aws.faults.add("ecs:RegisterTaskDefinition", "reset_before", times=1)
    with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
        stage.register("2")
    assert stage.register("2").endswith("web:2")


def test_an_answer_lost_after_the_effect_orphans_a_revision(stage: Stage) -> None:
    """RegisterTaskDefinition has no token: an SDK that retries silently registers twice."""
    stage.aws.faults.add("ecs:RegisterTaskDefinition", "reset_after", times=1)
    client = stage.aws.client("ecs", retries=2)
    answer = client.register_task_definition(family="lost", containerDefinitions=CONTAINERS)
    assert answer["taskDefinition"]["revision"] == 2
    assert [(r.outcome, r.applied) for r in stage.aws.mutations()][-2:] == [
        ("reset_after", True),
        ("OK", True),
    ]


def test_latency_runs_into_the_clients_timeout(stage: Stage) -> None:
    """In real seconds; the operation takes effect all the same. Other connections are not held up."""
    stage.create()
    stage.aws.faults.add("ecs:UpdateService", "latency", seconds=0.3, times=1)
    impatient = stage.aws.client("ecs", read_timeout=0.1)
    begin = time.perf_counter()
    with pytest.raises(ReadTimeoutError):
        impatient.update_service(cluster="green", service="web", desiredCount=5)
    assert stage.look()["desiredCount"] == 5
    assert time.perf_counter() - begin < 0.3


def test_latency_delays_the_answer(stage: Stage) -> None:
    stage.aws.faults.add("ecs:ListClusters", "latency", seconds=0.1, times=1)
    begin = time.perf_counter()
    stage.ecs.list_clusters()
    assert time.perf_counter() - begin >= 0.1


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [("access_denied", "AccessDeniedException", 400), ("expired_token", "ExpiredTokenException", 400)],
)
def test_refused_credentials(stage: Stage, kind: Any, code: str, status: int) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html"""
    stage.aws.faults.add("ecs:ListClusters", kind)
    with pytest.raises(ClientError) as caught:
        stage.ecs.list_clusters()
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    if kind == "access_denied":
        assert "is not authorized to perform: ecs:ListClusters" in error["Error"]["Message"]


def test_refused_credentials_of_a_query_service(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"""
    stage.aws.faults.add("sts:*", "expired_token", times=1)
    with refused("ExpiredToken"):
        stage.aws.client("sts").get_caller_identity()


def test_skip_account_region_and_regular_expressions(stage: Stage, refused: Refused) -> None:
    stage.aws.faults.add("ecs:(List|Describe)Clusters", "throttle", skip=1, account="111111111111")
    other = stage.aws.client("ecs", account="111111111111")
    for _ in range(3):
        stage.ecs.list_clusters()
    other.list_clusters()
    with refused("ThrottlingException"):
        other.describe_clusters()


def test_probability_is_seeded(stage: Stage) -> None:
    def outcomes() -> list[str]:
        stage.aws.reset()
        stage.aws.faults.add("ecs:ListClusters", "throttle", probability=0.5)
        for _ in range(30):
            try:
                stage.ecs.list_clusters()
            except ClientError:
                continue
        return [r.outcome for r in stage.aws.requests]

    first = outcomes()
    assert outcomes() == first
    assert 5 < first.count("OK") < 25


def test_unknown_kinds_are_refused(stage: Stage) -> None:
    wrong: Any = "explode"
    with pytest.raises(ValueError, match="unknown fault 'explode'"):
        stage.aws.faults.add("ecs:*", wrong)
    rule = stage.aws.faults.add("ecs:*", "throttle")
    stage.aws.faults.remove(rule)
    assert stage.ecs.list_clusters()["clusterArns"]

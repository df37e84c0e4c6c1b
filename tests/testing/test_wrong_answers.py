"""Answers that are out of date, incomplete or broken: what a client of AWS has to live with."""

import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from apollo.testing import LocalAws
from tests.testing.conftest import BREAKER, Stage, plain

WHERE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/green/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def test_a_stale_read_shows_how_it_was(stage: Stage) -> None:
    stage.create(desiredCount=1)
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=30)
    stage.aws.advance(60)
    stage.update(desiredCount=2)
    assert stage.look()["desiredCount"] == 1
    stage.aws.advance(29)
    assert stage.look()["desiredCount"] == 1
    stage.aws.advance(1)
    assert stage.look()["desiredCount"] == 2
    assert [r.outcome for r in stage.aws.requests][-2:] == ["stale", "stale"]


def test_writes_and_other_reads_are_not_stale(stage: Stage) -> None:
    stage.create(desiredCount=1)
    stage.aws.faults.add("ecs:*Service*", "stale", seconds=30)
    assert stage.update(desiredCount=2)["desiredCount"] == 2
    assert stage.look()["desiredCount"] == 1
    stage.aws.settle()
    assert len(stage.tasks()) == 2


def test_a_new_service_is_missing_for_a_while(stage: Stage) -> None:
    """ "MISSING" right after CreateService, as after any write to what is eventually consistent."""
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=5)
    stage.create(settle=False)
    found = stage.ecs.describe_services(cluster="green", services=["web"])
    assert [f["reason"] for f in found["failures"]] == ["MISSING"]
    stage.aws.advance(5)
    assert stage.look()["status"] == "ACTIVE"


def test_every_moment_of_a_rollout_is_seen_later_as_it_was_seen_then(stage: Stage) -> None:
    """A reader thirty seconds behind sees what the others saw, tasks' ids and events included."""
    stage.create(deploymentConfiguration=BREAKER)
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=30, times=0)
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    then: list[Any] = []
    for _ in range(30):
        then.append(plain(stage.look()))
        stage.aws.advance(1)
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=30)
    for before in then:
        assert plain(stage.look()) == before
        stage.aws.advance(1)


def test_before_the_beginning_is_the_beginning(stage: Stage) -> None:
    stage.create(desiredCount=1)
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=1e6)
    stage.aws.advance(50)
    stage.update(desiredCount=4)
    stage.aws.settle()
    assert stage.look()["runningCount"] == 1


def test_what_a_schedule_did_is_stale_as_well(stage: Stage) -> None:
    stage.create(desiredCount=1)
    scaling = stage.aws.client("application-autoscaling")
    scaling.register_scalable_target(**WHERE, MinCapacity=1, MaxCapacity=9)
    scaling.put_scheduled_action(
        **WHERE,
        ScheduledActionName="up",
        Schedule="rate(1 minute)",
        ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 9},
    )
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=30)
    seen = []
    for _ in range(10):
        stage.aws.advance(10)
        seen.append(stage.look()["desiredCount"])
    assert seen == [1] * 8 + [3] * 2


def test_a_stale_read_of_a_query_and_of_a_cbor_service(stage: Stage) -> None:
    elb = stage.aws.client("elbv2")
    tagging = stage.aws.client("resourcegroupstaggingapi")
    stage.aws.faults.add("(elbv2|resourcegroupstaggingapi):.*", "stale", seconds=10)
    stage.aws.target_group("before")
    elb.create_target_group(Name="new", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip")
    stage.register(tags=[{"key": "a", "value": "b"}])
    names = [g["TargetGroupName"] for g in elb.describe_target_groups()["TargetGroups"]]
    assert "new" not in names
    assert tagging.get_resources()["ResourceTagMappingList"] == []
    stage.aws.advance(10)
    assert len(elb.describe_target_groups()["TargetGroups"]) == len(names) + 2
    assert len(tagging.get_resources()["ResourceTagMappingList"]) == 1


def test_without_the_rule_nothing_is_stale(stage: Stage) -> None:
    stage.create(desiredCount=1)
    rule = stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=1e6)
    stage.update(desiredCount=2)
    assert stage.look()["desiredCount"] == 1
    stage.aws.faults.remove(rule)
    assert stage.look()["desiredCount"] == 2
    stage.aws.faults.add("ecs:DescribeServices", "stale", seconds=1e6)
    stage.aws.faults.clear()
    assert stage.look()["desiredCount"] == 2


def test_pages_are_lost(stage: Stage) -> None:
    """The list looks complete and is not."""
    for n in range(12):
        stage.create(f"s{n}", settle=False, desiredCount=0)
    listing = stage.ecs.get_paginator("list_services")

    def count() -> int:
        return len(listing.paginate(cluster="green").build_full_result()["serviceArns"])

    stage.aws.faults.add("ecs:ListServices", "lost_page", times=1)
    assert count() == 10
    assert count() == 12


def test_pages_of_other_protocols_are_lost(stage: Stage) -> None:
    for n in range(3):
        stage.aws.target_group(f"g{n}")
        stage.register(family=f"f{n}", tags=[{"key": "a", "value": "b"}])
    elb = stage.aws.client("elbv2")
    tagging = stage.aws.client("resourcegroupstaggingapi")
    stage.aws.faults.add("*", "lost_page")
    assert "NextMarker" not in elb.describe_target_groups(PageSize=1)
    assert not tagging.get_resources(ResourcesPerPage=1).get("PaginationToken")


def test_one_of_the_found_is_among_the_failures(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html"""
    names = [f"s{n}" for n in range(4)]
    for name in names:
        stage.create(name, settle=False, desiredCount=0)
    stage.aws.faults.add("ecs:DescribeServices", "partial", times=20)
    lost = set()
    for _ in range(20):
        found = stage.ecs.describe_services(cluster="green", services=[*names, "nope"])
        assert len(found["services"]) == 3
        gone, missing = sorted(found["failures"], key=lambda f: f["arn"].endswith("nope"))
        assert (gone["reason"], missing["reason"]) == ("MISSING", "MISSING")
        lost.add(gone["arn"].rpartition("/")[2])
        assert {s["serviceName"] for s in found["services"]} == set(names) - {gone["arn"].rpartition("/")[2]}
    assert len(lost) > 1
    assert len(stage.ecs.describe_services(cluster="green", services=names)["services"]) == 4


@pytest.mark.parametrize(
    ("operation", "found"), [("describe_tasks", "tasks"), ("describe_clusters", "clusters")]
)
def test_partial_answers_of_other_operations(stage: Stage, operation: str, found: str) -> None:
    stage.create(desiredCount=2)
    given = {"tasks": [t["taskArn"] for t in stage.tasks()], "clusters": ["green"]}[found]
    request: dict[str, Any] = {found: given} | ({"cluster": "green"} if found == "tasks" else {})
    stage.aws.faults.add(f"ecs:{operation.title().replace('_', '')}", "partial", code="BUSY")
    answer = getattr(stage.ecs, operation)(**request)
    assert len(answer[found]) == len(given) - 1
    assert [f["reason"] for f in answer["failures"]] == ["BUSY"]


def test_a_malformed_answer_to_a_change_that_was_made(stage: Stage) -> None:
    """The operation takes effect; of broken JSON botocore makes an answer without any of its members."""
    stage.create()
    stage.aws.faults.add("ecs:UpdateService", "malformed", times=1)
    answer = stage.ecs.update_service(cluster="green", service="web", desiredCount=3)
    assert "service" not in answer
    assert stage.look()["desiredCount"] == 3
    last = stage.aws.mutations()[-1]
    assert (last.outcome, last.applied) == ("malformed", True)


@pytest.mark.parametrize("service", ["elbv2", "resourcegroupstaggingapi"])
def test_malformed_xml_and_cbor(stage: Stage, service: str) -> None:
    client = stage.aws.client(service)
    stage.register(tags=[{"key": "a", "value": "b"}])
    stage.aws.faults.add(f"{service}:*", "malformed", times=1)
    with pytest.raises((ResponseParserError, struct.error, KeyError)):
        client.describe_target_groups() if service == "elbv2" else client.get_resources()["PaginationToken"]


def burst(call: Any, most: int = 300) -> int:
    """How many calls go through before one is refused."""
    for n in range(most):
        try:
            call()
        except ClientError as error:
            assert error.response["Error"]["Code"] in (
                "ThrottlingException",
                "Throttling",
                "ThrottledException",
            )
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            return n
    return most


def test_throttled_as_aws_documents(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""
    stage.create(desiredCount=0)
    stage.aws.faults.throttle_like_aws()
    assert burst(stage.register) == 20
    stage.aws.advance(3)
    assert burst(stage.register) == 3
    assert burst(stage.look) == 100
    stage.aws.advance(2)
    # One bucket for what reads services.
    assert burst(lambda: stage.ecs.list_services(cluster="green")) == 40
    assert burst(stage.look) == 0
    assert burst(lambda: stage.update(desiredCount=0)) == 50
    stage.aws.advance(1000)
    assert burst(stage.register) == 20


def test_accounts_and_regions_have_their_own_buckets(stage: Stage) -> None:
    stage.aws.faults.throttle_like_aws()
    elsewhere = [{"account": "111111111111"}, {"region": "us-east-1"}, {}]
    for where in elsewhere:
        assert burst(stage.aws.client("ecs", **where).list_clusters) == 50


def test_documented_rates_of_other_services(stage: Stage) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html and
    https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html"""
    stage.aws.faults.throttle_like_aws()
    assert burst(stage.aws.client("elbv2").describe_target_groups) == 40
    assert burst(stage.aws.client("resourcegroupstaggingapi").get_resources) == 15
    assert burst(stage.aws.client("sts").get_caller_identity, 60) == 60


def test_throttling_is_off_until_asked_for(aws: LocalAws) -> None:
    clusters = aws.client("ecs").list_clusters
    assert burst(clusters, 60) == 60
    aws.faults.throttle_like_aws()
    assert burst(clusters) == 50
    aws.faults.throttle_like_aws(False)
    assert burst(clusters, 60) == 60
    aws.faults.throttle_like_aws()
    aws.faults.clear()
    assert burst(clusters, 60) == 60


def test_the_sdk_waits_until_it_may() -> None:
    """With a running clock the tokens come back by themselves."""
    with LocalAws() as aws, ThreadPoolExecutor() as threads:
        client = aws.client("ecs", retries=8)
        aws.faults.throttle_like_aws()
        for n in range(20):
            client.create_cluster(clusterName=f"c{n}")
        one_more = threads.submit(client.create_cluster, clusterName="green")
        until = time.monotonic() + 30
        while "ThrottlingException" not in {request.outcome for request in aws.requests}:
            assert time.monotonic() < until
            time.sleep(0.01)
        aws.clock.set_speed(20)
        assert one_more.result(30)["cluster"]["clusterName"] == "green"

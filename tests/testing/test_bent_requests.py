"""No request, however wrong, gets anything but an answer of its model or an error of its operation."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apollo.testing import LocalAws
from apollo.testing.dispatch import Dispatcher
from apollo.testing.http import HttpRequest
from tests.conformance.registry import checks
from tests.conformance.targets import Ours
from tests.testing.bent import play, send, steps_of
from tests.testing.conftest import NETWORK

SAMPLE = 40
OTHERS = (("123456789012", "eu-west-1"), ("123456789012", "us-east-1"))
PLACES = (*OTHERS, ("210987654321", "eu-west-1"), ("210987654321", "us-east-1"))


@pytest.fixture(scope="module")
def ours() -> Iterator[Ours]:
    with Ours() as target:
        assert isinstance(target, Ours)
        yield target


@pytest.mark.parametrize("seed", [1, 2])
def test_bent_requests_are_answered_or_refused_as_the_model_says(ours: Ours, seed: int) -> None:
    """A hunt through all checks, and for longer: python -m tests.testing.bent SEED ROUNDS."""
    dice = random.Random(seed)
    every = [steps_of(ours, check) for check in dice.sample(checks(), SAMPLE)]
    assert [found for steps in every for _ in range(2) for found in play(steps, dice)] == []


def test_unbent_they_are_all_right(ours: Ours) -> None:
    """What the above would see in a right answer is nothing."""
    dice = random.Random(3)
    for check in dice.sample(checks(), 10):
        assert list(play(steps_of(ours, check), dice, bend=False)) == []


@pytest.mark.parametrize(
    "form",
    [
        "Conditions.member.%C2%B2.Field=path-pattern",
        "Conditions.member.1.PathPatternConfig=x",
        "Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1=x",
        "Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams=x",
        "ListenerArn=%00&ListenerArn.x=1",
        "ListenerArn=%00%01%ff%3Cx%3E",
        "Conditions.member.=1&.=2&=3",
        "Priority=1_0e9",
    ],
)
def test_forms_that_are_not_well_formed(aws: LocalAws, form: str) -> None:
    scope = "123456789012/20260101/eu-west-1/elasticloadbalancing/aws4_request"
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}",
    }
    body = f"Action=CreateRule&Version=2015-12-01&{form}".encode()
    reply = Dispatcher(aws.world).handle(HttpRequest("POST", "/", headers, body))
    assert reply.status == 400
    assert b"SimInternalError" not in reply.body
    assert b"\x00" not in reply.body


@pytest.mark.parametrize("token", ["b2Zmc2V0Oi0x", "b2Zmc2V0Og==", "x", "ü", ""])
def test_tokens_that_were_never_given(aws: LocalAws, token: str) -> None:
    """An offset below zero, none, and no token at all."""
    for service, operation, name in (
        ("ecs", "ListClusters", "nextToken"),
        ("elbv2", "DescribeTargetGroups", "Marker"),
        ("resourcegroupstaggingapi", "GetResources", "PaginationToken"),
    ):
        assert send(Dispatcher(aws.world, strict=True), service, operation, {name: token}) is None


def _family(number: int) -> str:
    return f"family-{number:02d}"


@pytest.mark.parametrize("size", [1, 7, 22, 23, 24])
def test_pages_of_every_size_hold_everything_once(aws: LocalAws, size: int) -> None:
    ecs, elb = aws.client("ecs"), aws.client("elbv2")
    containers: Any = [{"name": "app", "image": "x:1", "memory": 128}]
    for number in range(23):
        aws.target_group(f"tg{number}", balanced=False)
        ecs.create_cluster(clusterName=_family(number))
        ecs.register_task_definition(family=_family(number), containerDefinitions=containers)
    paging = {"PageSize": size}
    for client, operation, member in (
        (ecs, "list_clusters", "clusterArns"),
        (ecs, "list_task_definitions", "taskDefinitionArns"),
        (ecs, "list_task_definition_families", "families"),
        (elb, "describe_target_groups", "TargetGroups"),
    ):
        pages = list(client.get_paginator(operation).paginate(PaginationConfig=paging))
        found = [repr(item) for page in pages for item in page[member]]
        assert len(found) == len(set(found)) == 23
        assert all(0 < len(page[member]) <= size for page in pages)
        assert len(pages) == -(-23 // size)


def test_sixteen_clients_in_four_places_do_not_disturb_each_other(aws: LocalAws) -> None:
    """Each place ends up with its own services, all of them, whatever the order of the requests."""
    clients = {place: aws.client("ecs", account=place[0], region=place[1]) for place in PLACES}

    def work(number: int) -> None:
        ecs = clients[PLACES[number % 4]]
        ecs.create_cluster(clusterName="green")
        definition = {
            "family": f"f{number}",
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": "app", "image": "x:1"}],
        }
        for _ in range(3):
            ecs.register_task_definition(**definition)
        service = {"cluster": "green", "serviceName": f"s{number}", "taskDefinition": f"f{number}"}
        ecs.create_service(**service, desiredCount=1, launchType="FARGATE", networkConfiguration=NETWORK)
        for count in (2, 3):
            ecs.update_service(cluster="green", service=f"s{number}", desiredCount=count)
            ecs.describe_services(cluster="green", services=[f"s{number}"])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    aws.settle()
    for index, place in enumerate(PLACES):
        ecs = clients[place]
        arns = ecs.list_services(cluster="green")["serviceArns"]
        assert sorted(arn.rpartition("/")[2] for arn in arns) == sorted(
            f"s{number}" for number in range(16) if number % 4 == index
        )
        found = ecs.describe_services(cluster="green", services=arns)["services"]
        assert {(one["runningCount"], len(one["deployments"])) for one in found} == {(3, 1)}
        assert all(place[0] in arn and place[1] in arn for arn in arns)
        assert len(ecs.list_task_definitions()["taskDefinitionArns"]) == 12
    assert {request.outcome for request in aws.requests} == {"OK"}

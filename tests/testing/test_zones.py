"""Availability Zones: "By default, the service scheduler spreads tasks across Availability Zones"
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html)."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.testing import LocalAws
from tests.testing.conftest import Stage


def _zones(stage: Stage) -> list[int]:
    """How many tasks the zones have."""
    return sorted(Counter(task["availabilityZone"] for task in stage.tasks()).values())


def test_tasks_are_spread_and_stay_so(stage: Stage) -> None:
    stage.create(desiredCount=5)
    assert _zones(stage) == [2, 3]
    subnets = {
        (detail["value"], task["availabilityZone"])
        for task in stage.tasks()
        for detail in task["attachments"][0]["details"]
        if detail["name"] == "subnetId"
    }
    assert subnets == {("subnet-a", "eu-west-1a"), ("subnet-b", "eu-west-1b")}
    for count, zones in ((2, [1, 1]), (6, [3, 3]), (3, [1, 2])):
        stage.update(desiredCount=count)
        stage.aws.settle()
        assert _zones(stage) == zones


def test_a_lost_task_is_replaced_where_it_was_lost(stage: Stage) -> None:
    stage.create(desiredCount=4)
    for task in stage.tasks():
        if task["availabilityZone"] == "eu-west-1a":
            stage.ecs.stop_task(cluster="green", task=task["taskArn"])
    stage.aws.settle()
    assert _zones(stage) == [2, 2]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_no_zone_is_ever_two_ahead(counts: list[int]) -> None:
    with LocalAws() as aws:
        stage = Stage(aws, aws.client("ecs"))
        stage.ecs.create_cluster(clusterName="green")
        stage.register()
        stage.create(desiredCount=1)
        for count in counts:
            stage.update(desiredCount=count)
            aws.settle()
            zones = _zones(stage)
            assert sum(zones) == count
            assert not zones or max(zones) - (min(zones) if len(zones) == 2 else 0) <= 1

"""What happens when the load changes, and the activities that tell of it.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

import json
from http.client import HTTPConnection

import pytest

from tests.testing.autoscaling.conftest import CPU, ID, Scaling
from tests.testing.conftest import Json


def rises(scaling: Scaling, tasks: int) -> int:
    return scaling.aws.load_rises("web", tasks, cluster="green")


@pytest.fixture
def tracked(scaling: Scaling) -> Scaling:
    scaling.register(1, 4)
    scaling.put()
    return scaling


def test_the_load_moves_the_count_within_the_bounds(tracked: Scaling) -> None:
    assert [rises(tracked, n) for n in (3, 9, 2, 0)] == [3, 4, 2, 1]
    assert tracked.desired() == 1
    tracked.aws.settle()
    assert tracked.stage.look()["runningCount"] == 1


def test_it_is_no_call_of_a_client_and_starts_no_deployment(tracked: Scaling) -> None:
    deployments = tracked.stage.deployments()
    tracked.aws.clear()
    rises(tracked, 4)
    assert tracked.aws.requests == []
    tracked.aws.settle()
    assert tracked.stage.deployments() == deployments


def test_an_activity_says_what_and_why(tracked: Scaling) -> None:
    """The example of DescribeScalingActivities."""
    rises(tracked, 4)
    [activity] = tracked.activities(ResourceId=ID)
    assert activity["StatusCode"] == "InProgress"
    assert activity["Description"] == "Setting desired count to 4."
    [policy] = tracked.policies()
    assert activity["Cause"] == (
        f"monitor alarm {policy['Alarms'][0]['AlarmName']} in state ALARM triggered policy cpu"
    )
    tracked.aws.settle()
    [activity] = tracked.activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 4. Change successfully fulfilled by ecs."
    )
    assert activity["EndTime"] > activity["StartTime"]


def test_the_newer_activity_overrides_the_older(tracked: Scaling) -> None:
    rises(tracked, 3)
    rises(tracked, 4)
    assert [item["StatusCode"] for item in tracked.activities()] == ["InProgress", "Overridden"]


def test_bounds_leave_an_activity_too(scaling: Scaling) -> None:
    """ "It also initiates scaling activities when you modify the maximum or minimum size"."""
    scaling.register(3, 4)
    [activity] = scaling.activities()
    assert activity["Cause"] == "minimum capacity was set to 3"
    scaling.aws.settle()
    scaling.register(1, 1)
    assert scaling.activities()[0]["Cause"] == "maximum capacity was set to 1"


@pytest.mark.parametrize(
    ("suspended", "up", "down"),
    [
        ({"DynamicScalingOutSuspended": True}, 2, 1),
        ({"DynamicScalingInSuspended": True}, 3, 3),
        ({"ScheduledScalingSuspended": True}, 3, 1),
    ],
)
def test_suspended_directions_stay(tracked: Scaling, suspended: Json, up: int, down: int) -> None:
    """application-auto-scaling-suspend-resume-scaling."""
    tracked.register(None, None, SuspendedState=suspended)
    assert (rises(tracked, 3), rises(tracked, 1)) == (up, down)


def test_without_a_policy_nothing_moves(scaling: Scaling) -> None:
    with pytest.raises(LookupError):
        rises(scaling, 3)
    scaling.register(1, 4)
    assert rises(scaling, 3) == 2


def test_policies_that_do_not_scale_in(scaling: Scaling) -> None:
    """API_TargetTrackingScalingPolicyConfiguration, DisableScaleIn; a step policy moves one way."""
    scaling.register(1, 4)
    scaling.put(configuration=CPU | {"DisableScaleIn": True})
    assert (rises(scaling, 4), rises(scaling, 1)) == (4, 4)
    steps = [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}]
    scaling.put(
        "down",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps},
    )
    assert rises(scaling, 1) == 1


def test_not_scaled_activities_on_request(tracked: Scaling) -> None:
    """API_DescribeScalingActivities, IncludeNotScaledActivities; API_NotScaledReason."""
    rises(tracked, 4)
    tracked.aws.settle()
    assert rises(tracked, 9) == 4
    assert len(tracked.activities()) == 1
    newest = tracked.activities(IncludeNotScaledActivities=True)[0]
    assert newest["NotScaledReasons"] == [
        {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4, "CurrentCapacity": 4}
    ]


def test_another_process_says_it_through_the_control_api(tracked: Scaling) -> None:
    def post(body: Json) -> tuple[int, Json]:
        connection = HTTPConnection("127.0.0.1", tracked.aws.port)
        connection.request("POST", "/_apollo/load", json.dumps(body))
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    assert post({"cluster": "green", "service": "web", "tasks": 3}) == (200, {"desiredCount": 3})
    assert tracked.desired() == 3
    assert post({"cluster": "green", "service": "nope", "tasks": 3})[0] == 400
    assert post({"cluster": "green", "service": "web"})[0] == 400


def test_two_runs_with_one_seed_are_alike() -> None:
    from apollo.testing import LocalAws
    from tests.testing.conftest import Stage

    def run() -> list[object]:
        with LocalAws(seed=3) as aws:
            ecs = aws.client("ecs")
            ecs.create_cluster(clusterName="green")
            stage = Stage(aws, ecs)
            stage.register()
            scaling = Scaling(stage)
            scaling.register(1, 4, Tags={"a": "1"})
            answer = scaling.put()
            del answer["ResponseMetadata"]
            rises(scaling, 4)
            aws.settle()
            return [answer, scaling.activities(), aws.snapshot()]

    assert run() == run()

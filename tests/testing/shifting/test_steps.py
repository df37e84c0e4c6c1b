"""Linear and canary deployments:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/canary-deployment.html"""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Refused, Stage
from tests.testing.shifting.conftest import Shifting


def steps(shop: Shifting, seconds: float) -> list[tuple[float, tuple[int, int]]]:
    """When the production weights changed, from the first change on, and to what."""
    begin = None
    seen: list[tuple[float, tuple[int, int]]] = []
    last = shop.weights()
    for _ in range(int(seconds)):
        shop.aws.advance(1)
        weights = shop.weights()
        if weights != last:
            begin = begin or shop.aws.clock.now()
            seen.append((shop.aws.clock.now() - begin, weights))
            last = weights
    return seen


def test_linear_steps(shop: Shifting) -> None:
    """ "Step 1: 10.0% to green, 90.0% to blue …"; "stepBakeTimeInMinutes … is not applied after reaching 100
    percent traffic"."""
    linear = {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}
    shop.begin("LINEAR", linearConfiguration=linear)
    shop.release()
    seen = steps(shop, 900)
    assert [weights for _, weights in seen] == [(75, 25), (50, 50), (25, 75), (0, 100)]
    gaps = [b[0] - a[0] for a, b in pairwise(seen)]
    assert all(120 <= gap <= 130 for gap in gaps)
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_canary_steps(shop: Shifting) -> None:
    """Two steps: "canaryPercent", and after "canaryBakeTimeInMinutes" the rest."""
    shop.begin("CANARY", canaryConfiguration={"canaryPercent": 5.5, "canaryBakeTimeInMinutes": 3})
    shop.release()
    seen = steps(shop, 600)
    assert [weights for _, weights in seen] == [(945, 55), (0, 100)]
    assert 180 <= seen[1][0] <= 190


def test_defaults(shop: Shifting) -> None:
    """stepPercent 10.0 and stepBakeTimeInMinutes 6 (API_LinearConfiguration); canaryPercent 5.0 and
    canaryBakeTimeInMinutes 10 (API_CanaryConfiguration)"""
    linear = shop.begin("LINEAR")["deploymentConfiguration"]
    assert linear["linearConfiguration"] == {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}
    canary = shop.update(deploymentConfiguration={"strategy": "CANARY"})["deploymentConfiguration"]
    assert canary["canaryConfiguration"] == {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}
    assert "linearConfiguration" not in canary


def test_weights_as_they_are_described(shop: Shifting) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevisionSummary.html"""
    shop.begin("CANARY", canaryConfiguration={"canaryPercent": 5.5, "canaryBakeTimeInMinutes": 3})
    shop.release()
    shop.until("PRODUCTION_TRAFFIC_SHIFT")
    shop.aws.advance(60)
    found = shop.service_deployment()
    assert found["targetServiceRevision"]["requestedProductionTrafficWeight"] == 5.5
    assert found["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 94.5


@pytest.mark.parametrize("strategy", ["LINEAR", "CANARY"])
def test_an_alarm_between_the_steps_takes_all_traffic_back(shop: Shifting, strategy: str) -> None:
    """ "Canary deployments enable quick rollback by shifting traffic back" """
    shop.begin(strategy, alarms={"alarmNames": ["errors"], "enable": True, "rollback": True})
    shop.release()
    shop.until("PRODUCTION_TRAFFIC_SHIFT")
    shop.aws.advance(60)
    blue, green = shop.weights()
    assert blue > 0 < green
    shop.aws.alarm("errors")
    shop.aws.advance(2)
    assert shop.weights() == (100, 0)
    shop.aws.settle()
    assert shop.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


def test_a_newer_update_in_the_middle_brings_traffic_back_first(shop: Shifting) -> None:
    shop.begin("CANARY")
    shop.release()
    shop.until("PRODUCTION_TRAFFIC_SHIFT")
    shop.aws.advance(60)
    shop.release("3")
    shop.until("RECONCILE_SERVICE")
    assert shop.weights() == (100, 0)
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:3")]
    assert shop.weights() == (0, 100)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}, "stepPercent"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 10.05}}, "multiple of 0.1"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepBakeTimeInMinutes": 1441}}, "1440"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.0}}, "canaryPercent"),
        ({"strategy": "CANARY", "linearConfiguration": {"stepPercent": 10.0}}, "only valid when"),
        ({"strategy": "ROLLING", "canaryConfiguration": {"canaryPercent": 10.0}}, "only valid when"),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441}, "bakeTimeInMinutes"),
        (
            {
                "strategy": "BLUE_GREEN",
                "earlySuccessCriteria": {
                    "enable": True,
                    "healthyPercent": 100,
                    "sourceServiceRevisionCleanup": "BLOCKING",
                },
            },
            "ROLLING",
        ),
    ],
)
def test_refused_settings(shop: Shifting, refused: Refused, configuration: Json, message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    with refused("InvalidParameterException", message):
        shop.begin(**configuration)


MOVES: dict[str, Any] = {
    "fine": lambda shop, n: shop.release(f"v{n}"),
    "crash": lambda shop, n: shop.release("crash"),
    "scale": lambda shop, n: shop.update(desiredCount=n % 3 + 1),
    "alarm": lambda shop, n: shop.aws.alarm("errors", "ALARM" if n % 2 else "OK"),
    "stop": lambda shop, n: (
        shop.service_deployment()["status"] in ("PENDING", "IN_PROGRESS")
        and shop.ecs.stop_service_deployment(
            serviceDeploymentArn=shop.service_deployment()["serviceDeploymentArn"]
        )
    ),
    "kill": lambda shop, n: [
        shop.ecs.stop_task(cluster="green", task=task["taskArn"]) for task in shop.tasks()[:1]
    ],
    "wait": lambda shop, n: shop.aws.advance(n),
}
PLAYS = st.lists(st.tuples(st.sampled_from(list(MOVES)), st.integers(1, 200)), max_size=8)
STRATEGIES = st.sampled_from(
    [
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1},
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}},
        {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 1}},
    ]
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configuration=STRATEGIES, moves=PLAYS)
def test_it_always_ends_with_one_revision_and_all_traffic(
    local_aws: LocalAws, configuration: Json, moves: list[tuple[str, int]]
) -> None:
    """Whatever is done to it: in the end one service revision has all tasks and all the traffic, and the
    deployment has a final status."""
    local_aws.reset()
    ecs = local_aws.client("ecs")
    ecs.create_cluster(clusterName="green")
    shop = Shifting(local_aws, ecs)
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    alarms = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}
    shop.create(
        loadBalancers=[shop.balancer()], deploymentConfiguration={**configuration, **breaker, **alarms}
    )
    for name, n in moves:
        MOVES[name](shop, n)
    shop.aws.settle()
    [deployment] = shop.look()["deployments"]
    assert deployment["rolloutState"] == "COMPLETED"
    assert deployment["runningCount"] == shop.look()["desiredCount"]
    assert shop.service_deployment()["status"] in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL")
    weights = shop.weights()
    assert sorted(weights) == [0, 100]
    serving = shop.blue if weights[0] else shop.green
    health = shop.elb.describe_target_health(TargetGroupArn=serving)["TargetHealthDescriptions"]
    assert len(health) == deployment["runningCount"]


def story(seed: int) -> tuple[Any, ...]:
    with LocalAws(seed=seed) as aws:
        ecs = aws.client("ecs")
        ecs.create_cluster(clusterName="green")
        shop = Shifting(aws, ecs)
        shop.begin("LINEAR", lifecycleHooks=[{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}])
        hook = shop.service_deployment()["lifecycleHookDetails"][0]["hookId"]
        arn = shop.look()["currentServiceDeployment"]
        ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook)
        aws.settle()
        shop.release()
        aws.advance(60)
        return (
            [r.as_dict() for r in aws.requests],
            aws.snapshot(),
            repr(shop.service_deployment()["updatedAt"]),
        )


def test_two_runs_with_one_seed_are_identical() -> None:
    assert story(3) == story(3)


def test_stage_is_a_stage(shop: Shifting) -> None:
    """A rolling deployment has no lifecycleStage."""
    assert isinstance(shop, Stage)
    shop.create("plain")
    assert "lifecycleStage" not in shop.service_deployment("plain")

"""Target health, registered by hand and following ECS tasks.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Refused, Stage


def states(aws: LocalAws, group: str) -> list[str]:
    found = aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(item["TargetHealth"]["State"] for item in found)


@pytest.fixture
def group(aws: LocalAws) -> str:
    return aws.target_group("by-hand")


def test_a_target_becomes_healthy_and_drains(aws: LocalAws, group: str) -> None:
    """API_TargetHealth: initial, healthy, draining; deregistration_delay.timeout_seconds is 300 s."""
    elb = aws.client("elbv2")
    targets = [{"Id": "10.0.0.1"}]
    elb.register_targets(TargetGroupArn=group, Targets=targets)
    [seen] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen["Target"] == {"Id": "10.0.0.1", "Port": 80}
    assert seen["TargetHealth"]["Reason"] == "Elb.InitialHealthChecking"
    aws.settle()
    [seen] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen == {
        "Target": {"Id": "10.0.0.1", "Port": 80},
        "TargetHealth": {"State": "healthy"},
        "HealthCheckPort": "80",
    }
    elb.deregister_targets(TargetGroupArn=group, Targets=targets)
    [seen] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["State"] == "draining"
    assert seen["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    assert aws.settle() == pytest.approx(300)
    assert states(aws, group) == []


def test_a_target_comes_back_while_it_drains(aws: LocalAws, group: str) -> None:
    elb = aws.client("elbv2")
    for call in (elb.register_targets, elb.deregister_targets, elb.register_targets):
        call(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1", "Port": 81}])
    aws.settle()
    assert states(aws, group) == ["healthy"]


def test_without_a_load_balancer_targets_are_unused(aws: LocalAws) -> None:
    """API_TargetHealth, Target.NotInUse."""
    elb = aws.client("elbv2")
    group = aws.target_group("alone", balanced=False)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}])
    aws.settle()
    [seen] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert (seen["TargetHealth"]["State"], seen["TargetHealth"]["Reason"]) == ("unused", "Target.NotInUse")
    assert "HealthCheckPort" not in seen


def test_asking_for_a_target_that_is_not_registered(aws: LocalAws, group: str) -> None:
    """API_TargetHealth, Target.NotRegistered."""
    answer = aws.client("elbv2").describe_target_health(TargetGroupArn=group, Targets=[{"Id": "10.0.0.9"}])
    [seen] = answer["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_refused_targets(aws: LocalAws, group: str, refused: Refused) -> None:
    elb = aws.client("elbv2")
    with refused("ValidationError"):
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "i-0123"}])
    with refused("TargetGroupNotFound"):
        elb.register_targets(TargetGroupArn=group[:-4] + "0000", Targets=[{"Id": "10.0.0.1"}])
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}])


@pytest.fixture
def balanced(stage: Stage) -> tuple[Stage, str, Json]:
    arn = stage.aws.target_group("svc")
    return stage, arn, {"targetGroupArn": arn, "containerName": "app", "containerPort": 80}


def test_health_follows_the_tasks_of_a_service(balanced: tuple[Stage, str, Json]) -> None:
    """Task lifecycle: registered in ACTIVATING, taken out in DEACTIVATING
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html)."""
    stage, group, balancer = balanced
    stage.create(loadBalancers=[balancer], settle=False)
    seen: list[list[str]] = []
    for _ in range(40):
        stage.aws.advance(1)
        now = states(stage.aws, group)
        if not seen or seen[-1] != now:
            seen.append(now)
    assert seen == [[], ["initial"] * 2, ["healthy"] * 2]
    stage.update(desiredCount=1)
    stage.aws.advance(2)
    assert states(stage.aws, group) == ["draining", "healthy"]
    stage.aws.settle()
    assert states(stage.aws, group) == ["healthy"]


def test_a_target_is_the_tasks_address_and_port(balanced: tuple[Stage, str, Json]) -> None:
    """Target type ip: the private address of the task's network interface, and containerPort."""
    stage, group, balancer = balanced
    stage.create(loadBalancers=[balancer], desiredCount=1)
    [task] = stage.tasks()
    details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
    [seen] = stage.aws.client("elbv2").describe_target_health(TargetGroupArn=group)[
        "TargetHealthDescriptions"
    ]
    assert seen["Target"] == {
        "Id": details["privateIPv4Address"],
        "Port": 80,
        "AvailabilityZone": task["availabilityZone"],
    }


def test_an_unhealthy_image_is_an_unhealthy_target(balanced: tuple[Stage, str, Json]) -> None:
    """API_TargetHealth, Target.FailedHealthChecks; the service scheduler then replaces the task."""
    stage, group, balancer = balanced
    stage.register("unhealthy")
    stage.create(loadBalancers=[balancer], desiredCount=1, settle=False)
    seen: set[str] = set()
    for _ in range(80):
        stage.aws.advance(1)
        seen |= set(states(stage.aws, group))
    assert "unhealthy" in seen
    assert "healthy" not in seen


def test_a_rollout_never_leaves_the_group_without_healthy_targets(
    balanced: tuple[Stage, str, Json],
) -> None:
    """minimumHealthyPercent 100 over a rolling deployment (API_DeploymentConfiguration)."""
    stage, group, balancer = balanced
    stage.create(loadBalancers=[balancer])
    stage.register("2")
    stage.update(taskDefinition="web")
    for _ in range(120):
        stage.aws.advance(1)
        assert states(stage.aws, group).count("healthy") >= 2
    assert states(stage.aws, group) == ["healthy"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"balanced": False}, "does not have an associated load balancer."),
        ({"identifier": "00000000000000aa", "missing": True}, "does not exist"),
        (
            {"type": "instance"},
            "has target type instance, which is incompatible with the awsvpc network mode",
        ),
    ],
)
def test_ecs_refuses_a_target_group_it_cannot_use(
    stage: Stage, refused: Refused, change: Json, message: str
) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html"""
    arn = stage.aws.target_group("svc", balanced=change.get("balanced", True))
    if change.get("missing"):
        arn = arn[:-16] + change["identifier"]
    if "type" in change:
        arn = _instances(stage.aws)
    balancer = {"targetGroupArn": arn, "containerName": "app", "containerPort": 80}
    with refused("InvalidParameterException", message):
        stage.create(loadBalancers=[balancer])
    stage.create()
    with refused("InvalidParameterException", message):
        stage.update(loadBalancers=[balancer])


def _instances(aws: LocalAws) -> str:
    """A target group for instances, behind a listener of its own."""
    elb: Any = aws.client("elbv2")
    [group] = elb.create_target_group(Name="instances", Protocol="HTTP", Port=80, VpcId="vpc-1")[
        "TargetGroups"
    ]
    arn = str(group["TargetGroupArn"])
    forward = {"Type": "forward", "TargetGroupArn": arn}
    elb.modify_listener(ListenerArn=aws.listener("other"), DefaultActions=[forward])
    return arn


def test_a_service_keeps_a_target_group_that_lost_its_listener(stage: Stage) -> None:
    """Only an UpdateService that names load balancers looks at them."""
    group = stage.aws.target_group("svc")
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    stage.create(loadBalancers=[balancer])
    elb = stage.aws.client("elbv2")
    [one] = elb.describe_load_balancers(Names=["svc"])["LoadBalancers"]
    elb.delete_load_balancer(LoadBalancerArn=one["LoadBalancerArn"])
    assert stage.update(desiredCount=3)["desiredCount"] == 3
    assert states(stage.aws, group) == ["unused"] * 2

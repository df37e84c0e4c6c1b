"""What is shown of a service is what it is, however often one looks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.testing import LocalAws
from tests.testing.conftest import BREAKER, Stage, plain

MOVES: dict[str, Any] = {
    "scale": lambda stage, n: stage.update(desiredCount=n % 4),
    "crash": lambda stage, n: stage.update(taskDefinition=stage.register("crash")),
    "fine": lambda stage, n: stage.update(taskDefinition=stage.register(f"v{n}")),
    "force": lambda stage, n: stage.update(forceNewDeployment=True),
    "tag": lambda stage, n: stage.ecs.tag_resource(
        resourceArn="arn:aws:ecs:eu-west-1:123456789012:service/green/web",
        tags=[{"key": "n", "value": str(n)}],
    ),
    "stop a task": lambda stage, n: [
        stage.ecs.stop_task(cluster="green", task=task["taskArn"]) for task in stage.tasks()[:1]
    ],
    "wait": lambda stage, n: stage.aws.advance(n),
    "load": lambda stage, n: stage.aws.load_rises("web", n % 4 + 1, cluster="green"),
}
PLAYS = st.lists(st.tuples(st.sampled_from(list(MOVES)), st.integers(1, 60)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=PLAYS)
def test_what_was_asked_before_is_not_out_of_date(local_aws: LocalAws, moves: list[tuple[str, int]]) -> None:
    """A change somewhere else makes everything be looked up anew: that must not be seen."""
    local_aws.reset()
    stage = Stage(local_aws, local_aws.client("ecs"))
    cluster = stage.ecs.create_cluster(clusterName="green")["cluster"]["clusterArn"]
    stage.register()
    stage.create(settle=False, deploymentConfiguration=BREAKER)
    scaling = local_aws.client("application-autoscaling")
    where = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/green/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**where, MinCapacity=0, MaxCapacity=9)
    action = {"Schedule": "rate(1 minute)", "ScalableTargetAction": {"MinCapacity": 1}}
    scaling.put_scheduled_action(**where, ScheduledActionName="up", **action)
    for name, n in moves:
        MOVES[name](stage, n)
        seen = [plain(stage.look(include=include)) for include in ([], ["TAGS"]) for _ in range(2)]
        stage.ecs.tag_resource(resourceArn=cluster, tags=[{"key": "n", "value": str(n)}])
        fresh = [plain(stage.look(include=include)) for include in ([], ["TAGS"])]
        assert seen == [fresh[0]] * 2 + [fresh[1]] * 2


def test_counts_follow_the_clock(stage: Stage) -> None:
    """Nothing but time passes between these looks."""
    stage.create(settle=False)
    seen = []
    for _ in range(40):
        service = stage.look()
        seen.append((service["runningCount"], service["pendingCount"]))
        stage.aws.advance(0.5)
    assert list(dict.fromkeys(seen)) == [(0, 0), (0, 2), (2, 0)]


def test_sets_come_in_more_than_one_order(stage: Stage) -> None:
    """Subnets and security groups are sets to AWS, also in what is asked again and again."""
    stage.create()
    orders = {
        tuple(stage.look()["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) for _ in range(40)
    }
    assert orders == {("subnet-a", "subnet-b"), ("subnet-b", "subnet-a")}


@pytest.mark.parametrize("count", [300])
def test_more_services_than_are_kept(stage: Stage, count: int) -> None:
    for n in range(count):
        stage.create(f"s{n}", settle=False, desiredCount=0)
    for _ in range(2):
        for start in range(0, count, 10):
            names = [f"s{n}" for n in range(start, start + 10)]
            found = stage.ecs.describe_services(cluster="green", services=names)
            assert [s["serviceName"] for s in found["services"]] == names
            assert found["failures"] == []


def test_answers_mix_what_is_and_what_is_missing(stage: Stage) -> None:
    stage.create(desiredCount=0)
    for _ in range(2):
        found = stage.ecs.describe_services(cluster="green", services=["web", "nope"])
        assert [s["serviceName"] for s in found["services"]] == ["web"]
        assert [f["reason"] for f in found["failures"]] == ["MISSING"]


def test_a_change_is_seen_at_once(stage: Stage) -> None:
    arn = stage.create()["serviceArn"]
    assert stage.look(include=["TAGS"])["tags"] == []
    stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    assert stage.look(include=["TAGS"])["tags"] == [{"key": "a", "value": "b"}]
    stage.ecs.stop_task(cluster="green", task=stage.tasks()[0]["taskArn"])
    assert stage.look()["runningCount"] == 1
    stage.update(desiredCount=5)
    assert stage.look()["desiredCount"] == 5

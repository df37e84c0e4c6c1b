"""Virtual time, and what images do."""

import pytest

from apollo.testing import LocalAws, Scenarios, Timings, VirtualClock
from tests.testing.conftest import Stage


class Wall:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_manual_clock_moves_by_hand_only() -> None:
    wall = Wall()
    clock = VirtualClock(wall=wall)
    begin = clock.now()
    wall.now = 100
    assert clock.now() == begin
    assert clock.advance(5) == begin + 5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_a_running_clock_and_a_change_of_pace() -> None:
    wall = Wall()
    clock = VirtualClock(speed=10, start=1000.0, wall=wall)
    wall.now = 2
    assert clock.now() == 1020
    clock.advance(5)
    clock.set_speed(1)
    wall.now = 3
    assert clock.now() == 1026
    clock.set_speed(0)
    wall.now = 9
    assert clock.now() == 1026
    with pytest.raises(ValueError, match="negative"):
        clock.set_speed(-1)


def test_a_fast_clock_gets_there_by_itself() -> None:
    """At high speed a rollout is over before the second look; nobody advances anything."""
    with LocalAws(speed=1_000_000) as aws:
        stage = Stage(aws, aws.client("ecs"))
        stage.ecs.create_cluster(clusterName="green")
        stage.register()
        stage.create(settle=False)
        while stage.look()["deployments"][0]["rolloutState"] != "COMPLETED":
            continue


def test_settle_stops_at_its_limit(stage: Stage) -> None:
    """A service that retries for ever never comes to rest."""
    stage.register("crash")
    stage.create(taskDefinition="web:2", settle=False)
    assert 3000 < stage.aws.settle(limit=5000) <= 5000


def test_timings_can_be_chosen() -> None:
    quick = Timings(scheduler=0.1, provisioning=0.1, pulling=0.1, activating=0.1)
    with LocalAws(timings=quick) as aws:
        stage = Stage(aws, aws.client("ecs"))
        stage.ecs.create_cluster(clusterName="green")
        stage.register()
        stage.create(settle=False)
        aws.advance(0.5)
        assert stage.look()["runningCount"] == 2


@pytest.mark.parametrize(
    ("image", "behaviour"),
    [
        ("web:1.2", "ok"),
        ("web", "ok"),
        ("web:crash", "crash"),
        ("registry:5000/crash/web:1", "ok"),
        ("registry:5000/web", "ok"),
        ("r.example.com/a/web:crash-loop@sha256:00", "crash"),
        ("web:unhealthy-2", "unhealthy"),
        ("web:nopull", "nopull"),
        ("web:slowly", "slow"),
        ("web:not-crash", "ok"),
    ],
)
def test_the_tag_decides(image: str, behaviour: str) -> None:
    assert Scenarios().of(image).behaviour == behaviour


def test_rules_win_over_tags_and_newer_over_older() -> None:
    scenarios = Scenarios()
    scenarios.add("*/web:*", "crash")
    scenarios.add("*/web:crash*", "ok")
    assert scenarios.of("r/web:1").behaviour == "crash"
    assert scenarios.of("r/web:crash").behaviour == "ok"
    scenarios.add("*", "slow", times=1)
    assert [scenarios.of("r/web:1").behaviour for _ in range(2)] == ["slow", "crash"]
    scenarios.clear()
    assert scenarios.of("r/web:1").behaviour == "ok"


def test_the_essential_container_decides_first(stage: Stage) -> None:
    """A sidecar that misbehaves counts too, after the essential ones."""
    containers = [
        {"name": "side", "image": "side:nopull", "essential": False},
        {"name": "app", "image": "web:crash", "essential": True},
    ]
    stage.register(family="two", containerDefinitions=containers)
    stage.create(taskDefinition="two", settle=False)
    stage.aws.advance(30)
    assert {t["stopCode"] for t in stage.tasks("STOPPED")} == {"EssentialContainerExited"}


def test_running_tasks_keep_their_behaviour(stage: Stage) -> None:
    stage.create()
    stage.aws.scenarios.add("web:1", "crash")
    stage.aws.advance(1000)
    assert stage.look()["runningCount"] == 2


def test_an_image_that_is_never_healthy_shows_even_without_checks(stage: Stage) -> None:
    stage.register("unhealthy")
    stage.create(taskDefinition="web:2", settle=False)
    stage.aws.advance(38.5)
    assert {t["lastStatus"] for t in stage.tasks("STOPPED")} == {"DEACTIVATING"}
    assert {t["healthStatus"] for t in stage.tasks("STOPPED")} == {"UNHEALTHY"}
    assert any("failed container health checks" in event for event in stage.events())

"""Deployments that CloudWatch alarms fail:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""

import pytest

from apollo.testing import Timings
from tests.testing.conftest import Json, Stage

BAKE = Timings().alarm_bake


def alarms(*, rollback: bool = True) -> Json:
    return {"alarms": {"alarmNames": ["errors", "latency"], "enable": True, "rollback": rollback}}


def updated(stage: Stage, *, rollback: bool = True) -> Json:
    """A running service, updated to an image that is healthy as far as ECS can see."""
    before = stage.create(deploymentConfiguration=alarms(rollback=rollback))
    stage.register("2")
    stage.update(taskDefinition="web:2")
    return before


def test_an_alarm_rolls_back(stage: Stage) -> None:
    """ "Set the rollback parameter to have Amazon ECS to roll back your service to the last completed
    deployment after a failure." (API_DeploymentAlarms)"""
    before = updated(stage)
    stage.aws.advance(20)
    assert stage.service_deployment()["alarms"] == {
        "status": "MONITORING",
        "alarmNames": ["errors", "latency"],
        "triggeredAlarmNames": [],
    }
    stage.aws.alarm("latency")
    stage.aws.advance(2)
    running = stage.service_deployment()
    assert running["status"] == "ROLLBACK_IN_PROGRESS"
    assert running["alarms"]["status"] == "TRIGGERED"
    assert running["alarms"]["triggeredAlarmNames"] == ["latency"]
    assert [(d["status"], d["rolloutState"]) for d in stage.look()["deployments"]] == [
        ("PRIMARY", "IN_PROGRESS"),
        ("ACTIVE", "FAILED"),
    ]
    stage.aws.settle()
    done = stage.service_deployment()
    assert done["status"] == "ROLLBACK_SUCCESSFUL"
    assert "alarm" in done["statusReason"]
    assert done["rollback"]["reason"] == done["statusReason"]
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    old = before["deployments"][0]["id"]
    assert f"(service web) rolling back to deployment {old}." in stage.events()
    assert any(event.endswith("deployment failed: alarm detected.") for event in stage.events())


def test_without_rollback_the_deployment_fails_and_stops(stage: Stage) -> None:
    """ "A deployment in a FAILED state won't launch any new tasks." """
    updated(stage, rollback=False)
    stage.aws.advance(20)
    stage.aws.alarm("errors")
    stage.aws.settle()
    assert stage.deployments()[0] == ("PRIMARY", "FAILED", "web:2")
    done = stage.service_deployment()
    assert (done["status"], "rollback" in done) == ("STOPPED", False)
    assert "stoppedAt" in done


def test_alarms_are_watched_through_the_bake_time(stage: Stage) -> None:
    """ "When the service reaches a steady state and the bake time is complete, the rollout state transitions
    to COMPLETED." """
    updated(stage)
    stage.aws.advance(60)
    service = stage.look()
    assert [d["taskDefinition"][-5:] for d in service["deployments"]] == ["web:2"]
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    stage.aws.advance(BAKE)
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert stage.service_deployment()["alarms"]["status"] == "MONITORING_COMPLETE"
    stage.aws.alarm("errors")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_an_alarm_in_the_bake_time_rolls_back(stage: Stage) -> None:
    updated(stage)
    stage.aws.advance(60 + BAKE / 2)
    stage.aws.alarm("errors")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


def test_an_alarm_that_was_on_before_is_ignored(stage: Stage) -> None:
    """ "If an alarm is in the ALARM state at the beginning of a deployment, Amazon ECS will not monitor
    alarms for the duration of that deployment." """
    stage.create(deploymentConfiguration=alarms())
    stage.aws.alarm("errors")
    stage.register("2")
    stage.update(taskDefinition="web:2")
    assert stage.service_deployment()["alarms"]["status"] == "DISABLED"
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


@pytest.mark.parametrize(("name", "state"), [("other", "ALARM"), ("errors", "INSUFFICIENT_DATA")])
def test_only_its_own_alarms_in_the_state_alarm_count(stage: Stage, name: str, state: str) -> None:
    updated(stage)
    stage.aws.advance(20)
    stage.aws.alarm(name, state)
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_either_method_can_fail_a_deployment(stage: Stage) -> None:
    """ "A rollback occurs when you use the rollback option for the method that initiated the deployment
    failure." """
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    stage.create(deploymentConfiguration=alarms() | breaker)
    stage.register("crash")
    stage.update(taskDefinition="web:2")
    stage.aws.settle()
    assert stage.deployments()[0] == ("PRIMARY", "FAILED", "web:2")
    done = stage.service_deployment()
    assert done["status"] == "STOPPED"
    assert (done["deploymentCircuitBreaker"]["status"], done["alarms"]["status"]) == (
        "TRIGGERED",
        "MONITORING_COMPLETE",
    )


def test_alarms_are_those_of_the_account_and_region(stage: Stage) -> None:
    updated(stage)
    stage.aws.advance(20)
    stage.aws.alarm("errors", region="us-east-1")
    stage.aws.alarm("errors", account="999999999999")
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    with pytest.raises(ValueError, match="ON"):
        stage.aws.alarm("errors", "ON")

"""Rollouts that fail: told as rejected, with their reasons, and superseded by a fix."""

from __future__ import annotations

import pytest

from apollo.aws import Aws
from tests.virtual import VirtualClock

from ..pilot import SERVICES, Pilot, changed, deployed, resource, service, task

pytestmark = pytest.mark.anyio


async def test_a_rolled_back_rollout_is_rejected_with_its_reasons(pilot: Pilot) -> None:
    await deployed(pilot)
    bad = await changed(pilot, "web:crash")
    await pilot.apply(bad)
    seen = await pilot.follow(bad)
    why = SERVICES.rejected(bad, seen)
    assert why is not None and "rolled back" in why and "circuit breaker" in why
    assert "rolling back to" not in why and "completed" not in why, "only what says why"
    assert "app exited with 1" in why and "Essential container in task exited" in why
    health = SERVICES.health(bad, seen)
    assert (health.status, health.reason, health.message) == ("Degraded", "RolledBack", why)
    assert SERVICES.diff(bad, seen)[0].call.operation == "UpdateService"
    # A process that knows nothing finds out the same.
    pilot.local.settle()
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        fresh = await Pilot(pilot.local, aws).look(bad)
    assert SERVICES.rejected(bad, fresh.seen) == why


async def test_what_ecs_did_with_targets_is_no_reason(pilot: Pilot) -> None:
    """In the words that published events of real services have."""
    group = pilot.local.target_group("web")
    only = {"loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}]}
    await deployed(pilot, **only)
    bad = await changed(pilot, "web:unhealthy", **only)
    await pilot.apply(bad)
    why = SERVICES.rejected(bad, await pilot.follow(bad))
    assert why is not None and "failed ELB health checks" in why
    said = pilot.ecs.describe_services(cluster="green", services=["web"])["services"][0]["events"]
    assert any("deregistered" in event["message"] for event in said)
    assert "registered" not in why and "draining" not in why, "only what says why"


async def test_while_aws_goes_back_the_generation_is_rejected_already(pilot: Pilot) -> None:
    await deployed(pilot)
    bad = await changed(pilot, "web:crash")
    await pilot.apply(bad)
    said: list[str] = []
    for _ in range(100):
        seen = (await pilot.look(bad)).seen
        wait = SERVICES.settled(bad, seen)
        if wait is None:
            break
        said.append(wait.reason)
        assert (SERVICES.rejected(bad, seen) is not None) == (wait.reason == "RollingBack")
        pilot.local.advance(1)
    assert said.index("RollingBack") == said.count("RollingOut") > 0


async def test_the_good_commit_after_a_rollback_changes_nothing_and_is_healthy(pilot: Pilot) -> None:
    good = await deployed(pilot)
    bad = await changed(pilot, "web:crash")
    await pilot.apply(bad)
    await pilot.follow(bad)
    look = await pilot.look(good)
    assert look.steps == ()
    seen = await pilot.follow(good)
    assert SERVICES.rejected(good, seen) is None
    assert SERVICES.health(good, seen).status == "Healthy"


async def test_a_fix_supersedes_a_rollout_that_is_failing(pilot: Pilot) -> None:
    await deployed(pilot)
    await pilot.apply(await changed(pilot, "web:crash"))
    pilot.local.advance(10)
    fix = await changed(pilot, "web:2")
    look = await pilot.look(fix)
    assert look.calls == ["UpdateService"]
    assert SERVICES.rejected(fix, look.seen) is None
    await pilot.apply(fix)
    seen = await pilot.follow(fix)
    assert SERVICES.health(fix, seen).status == "Healthy"
    assert SERVICES.rejected(fix, seen) is None


async def test_a_failed_rollout_without_rollback_is_rejected_too(pilot: Pilot) -> None:
    only = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}}
    await deployed(pilot, **only)
    bad = await changed(pilot, "web:crash", **only)
    await pilot.apply(bad)
    seen = await pilot.follow(bad)
    why = SERVICES.rejected(bad, seen)
    assert why is not None and "app exited with 1" in why
    health = SERVICES.health(bad, seen)
    assert (health.status, health.reason) == ("Degraded", "Failed")


async def test_a_first_rollout_that_fails_has_nothing_to_go_back_to(pilot: Pilot) -> None:
    bad, seen = await pilot.deploy(
        resource("TaskDefinition", task("web:nopull")), resource("Service", service())
    )
    health = SERVICES.health(bad, seen)
    assert (health.status, health.reason) == ("Degraded", "Failed")
    assert "CannotPullContainerError" in (SERVICES.rejected(bad, seen) or "")


async def test_a_rollout_that_a_person_stopped_is_rejected(pilot: Pilot) -> None:
    await deployed(pilot)
    want = await changed(pilot, "web:slow")
    await pilot.apply(want)
    pilot.local.advance(3)
    live = pilot.ecs.describe_services(cluster="green", services=["web"])["services"][0]
    arn = live["currentServiceDeployment"]
    pilot.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    seen = await pilot.follow(want)
    assert SERVICES.rejected(want, seen) is not None
    assert SERVICES.health(want, seen).reason == "RolledBack"


async def test_causes_of_a_failure_are_read_once(pilot: Pilot) -> None:
    await deployed(pilot)
    bad = await changed(pilot, "web:crash")
    await pilot.apply(bad)
    await pilot.follow(bad)
    pilot.local.settle()
    await pilot.look(bad)
    pilot.local.clear()
    await pilot.look(bad)
    assert pilot.local.counts() == {"ecs:DescribeServices": 1}

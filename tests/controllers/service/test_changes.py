"""What a service is created and updated with, and at what cost in calls."""

from __future__ import annotations

import pytest

from apollo.api import OWNER_TAG, Lifecycle, Ref, marker
from apollo.aws import Aws
from tests.virtual import VirtualClock

from ..pilot import SERVICES, Pilot, changed, deployed, resolve, resource, service, task

pytestmark = pytest.mark.anyio


async def test_a_new_service_is_created_whole_and_followed_to_the_end(pilot: Pilot) -> None:
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = resolve(resource("Service", service()), outputs)
    look = await pilot.look(want)
    assert (look.calls, look.verbs, look.seen) == (["CreateService"], ["create"], None)
    assert SERVICES.health(want, None).status == "Missing"
    params = look.steps[0].call.params
    assert params["serviceName"] == "web" and params["cluster"] == "green"
    assert {"key": OWNER_TAG, "value": "apollo/stage/Service/web"} in params["tags"]
    assert len(params["clientToken"]) <= 36 and params["clientToken"].isascii()
    seen = await pilot.send(want, look.steps[0])
    wait = SERVICES.settled(want, seen)
    assert wait is not None and wait.reason == "RollingOut" and not wait.blocking
    assert SERVICES.health(want, seen).status == "Progressing"
    seen = await pilot.follow(want)
    assert SERVICES.health(want, seen).status == "Healthy"
    assert SERVICES.outputs(seen) == {
        "arn": seen.arn,
        "name": "web",
        "cluster": "green",
    }


async def test_a_converged_service_costs_one_call(pilot: Pilot) -> None:
    want = await deployed(pilot)
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        assert (await Pilot(pilot.local, aws).look(want)).steps == ()
    counts = pilot.local.counts()
    counts.pop("sts:GetCallerIdentity")
    assert counts == {"ecs:DescribeServices": 1}


async def test_an_image_change_is_one_update_and_needs_no_other_call_when_warm(pilot: Pilot) -> None:
    await deployed(pilot)
    tasks = resource("TaskDefinition", task("web:2"))
    registered = await pilot.send(tasks, (await pilot.look(tasks)).steps[0])
    outputs = pilot.of(tasks).outputs(registered)
    want = resolve(
        resource("Service", service()), {Ref("TaskDefinition", "web", n): v for n, v in outputs.items()}
    )
    look = await pilot.look(want)
    (step,) = look.steps
    assert step.why == "taskDefinition changes: tasks are replaced" and step.disruptive
    assert (step.changes[0].before, step.changes[0].after) == ("web:1", "web:2")
    assert step.call.params == {"cluster": "green", "service": "web", "taskDefinition": outputs["arn"]}
    await pilot.send(want, step)
    assert pilot.local.counts() == {
        "ecs:ListTaskDefinitions": 1,
        "ecs:RegisterTaskDefinition": 1,
        "ecs:DescribeServices": 1,
        "ecs:UpdateService": 1,
    }
    assert SERVICES.health(want, await pilot.follow(want)).status == "Healthy"
    assert (await pilot.look(want)).steps == ()


async def test_the_plan_is_made_before_the_revision_is_known(pilot: Pilot) -> None:
    await deployed(pilot)
    want = resource("Service", service())
    look = await pilot.look(want)
    assert look.calls == ["UpdateService"]
    assert look.steps[0].changes[0].path == "/taskDefinition"
    assert look.steps[0].changes[0].before == "web:1"
    assert look.steps[0].changes[0].after == marker("TaskDefinition", "web", "arn")
    assert pilot.local.counts() == {"ecs:DescribeServices": 1}


async def test_counts_alone_restart_nothing(pilot: Pilot) -> None:
    want = await deployed(pilot)
    more = resolve(resource("Service", service(desiredCount=3)), {})
    spec = want.spec.model_copy(update={"desiredCount": 3})
    from attrs import evolve

    more = evolve(want, spec=spec)
    (step,) = (await pilot.look(more)).steps
    assert step.call.params == {"cluster": "green", "service": "web", "desiredCount": 3}
    assert not step.disruptive
    await pilot.send(more, step)
    wait = SERVICES.settled(more, (await pilot.look(more)).seen)
    assert wait is not None and wait.reason == "Scaling"
    assert SERVICES.health(more, await pilot.follow(more)).message == "3/3 running"
    less = evolve(want, spec=want.spec.model_copy(update={"desiredCount": 1}))
    (step,) = (await pilot.look(less)).steps
    assert step.disruptive and "3 to 1" in step.why


async def test_scaled_to_nothing_is_healthy(pilot: Pilot) -> None:
    want, seen = await pilot.deploy(
        resource("TaskDefinition", task()), resource("Service", service(desiredCount=0))
    )
    health = SERVICES.health(want, seen)
    assert (health.status, health.message) == ("Healthy", "scaled to 0")


async def test_undeclared_counts_belong_to_somebody_else(pilot: Pilot) -> None:
    spec = {name: value for name, value in service().items() if name != "desiredCount"}
    want, _ = await pilot.deploy(resource("TaskDefinition", task()), resource("Service", spec))
    pilot.ecs.update_service(cluster="green", service="web", desiredCount=4)
    assert (await pilot.look(want)).steps == ()


async def test_a_change_behind_our_back_is_seen(pilot: Pilot) -> None:
    want = await deployed(pilot)
    pilot.ecs.update_service(cluster="green", service="web", desiredCount=5, enableExecuteCommand=True)
    look = await pilot.look(want)
    assert look.paths == {"/desiredCount", "/enableExecuteCommand"}
    assert look.calls == ["UpdateService"]
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()


async def test_ignored_fields_are_left_alone_and_told(pilot: Pilot) -> None:
    await deployed(pilot)
    pilot.ecs.update_service(cluster="green", service="web", desiredCount=5)
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    spec = resource("Service", service(), lifecycle=Lifecycle(ignore=("/desiredCount",)))
    want = resolve(spec, outputs)
    look = await pilot.look(want)
    assert look.steps == ()
    assert [one.path for one in SERVICES.ignored(want, look.seen)] == ["/desiredCount"]


async def test_leaving_a_field_out_clears_it(pilot: Pilot) -> None:
    await deployed(pilot, placementConstraints=[], enableExecuteCommand=True)
    want = await changed(pilot, "web:1", deploymentConfiguration={"maximumPercent": 200})
    (step,) = (await pilot.look(want)).steps
    breaker = step.call.params["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert breaker == {"enable": False, "rollback": False}
    assert step.call.params["enableExecuteCommand"] is False
    assert not step.disruptive
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()


async def test_what_aws_would_reset_is_sent_again(pilot: Pilot) -> None:
    pinned = {"platformVersion": "1.4.0"}
    await deployed(pilot, **pinned)
    want = await changed(pilot, "web:1", desiredCount=3, **pinned)
    (step,) = (await pilot.look(want)).steps
    assert step.call.params["platformVersion"] == "1.4.0"


async def test_a_capacity_provider_strategy_is_changed_by_force(pilot: Pilot) -> None:
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    await deployed(pilot)
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    spec = {name: value for name, value in service(**spot).items() if name != "launchType"}
    want = resolve(resource("Service", spec), outputs)
    (step,) = (await pilot.look(want)).steps
    assert (step.verb, step.call.operation) == ("update", "UpdateService")
    assert step.call.params["forceNewDeployment"] is True
    await pilot.apply(want)
    await pilot.follow(want)
    assert (await pilot.look(want)).steps == ()
    back = resolve(resource("Service", service()), outputs)
    (step,) = (await pilot.look(back)).steps
    assert step.verb == "update"
    assert step.call.params["capacityProviderStrategy"] == []
    await pilot.apply(back)
    await pilot.follow(back)
    assert (await pilot.look(back)).steps == ()

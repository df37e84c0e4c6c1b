"""Services that are deleted, replaced, or found deleted."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.errors import AwsError

from ..pilot import SERVICES, Pilot, changed, deployed, resolve, resource, service, task

pytestmark = pytest.mark.anyio


async def test_what_cannot_be_changed_in_place_is_deleted_and_created_anew(pilot: Pilot) -> None:
    await deployed(pilot)
    ec2 = {name: value for name, value in service().items() if name != "launchType"}
    want = await changed(pilot, "web:1")
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = resolve(resource("Service", {**ec2, "launchType": "EC2"}), outputs)
    look = await pilot.look(want)
    assert look.verbs == ["replace", "create"]
    assert look.calls == ["DeleteService", "CreateService"]
    assert look.steps[0].call.params["force"] is True
    assert look.steps[0].disruptive and "launchType" in look.steps[0].why
    await pilot.send(want, look.steps[0])
    then = await pilot.look(want)
    assert [step.call for step in then.steps] == [look.steps[1].call]
    wait = SERVICES.settled(want, then.seen)
    assert wait is not None and wait.reason == "Draining" and wait.blocking
    pilot.local.advance(60)
    then = await pilot.look(want)
    assert SERVICES.settled(want, then.seen) is None
    assert [step.call for step in then.steps] == [look.steps[1].call]
    assert SERVICES.owner(then.seen) == want.owner, "nobody stands in the way of a free name"
    await pilot.apply(want)


async def test_the_same_service_after_a_deletion_is_a_new_request(pilot: Pilot) -> None:
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = resolve(resource("Service", service()), outputs)
    first = (await pilot.look(want)).steps[0].call.params["clientToken"]
    assert (await pilot.look(want)).steps[0].call.params["clientToken"] == first
    seen = await pilot.apply(want)
    await pilot.follow(want)
    await pilot.send(want, SERVICES.diff(None, seen)[0])
    assert SERVICES.diff(None, (await pilot.look(want)).seen) == []
    pilot.local.advance(120)
    second = (await pilot.look(want)).steps[0].call.params["clientToken"]
    assert second != first
    await pilot.apply(want)
    assert SERVICES.health(want, await pilot.follow(want)).status == "Healthy"


async def test_a_deleted_service_is_absent_to_who_does_not_want_it(pilot: Pilot) -> None:
    want = await deployed(pilot)
    at = SERVICES.identity(want.spec, pilot.env)
    seen = await SERVICES.observe(pilot.ctx(), at, None)
    await pilot.send(want, SERVICES.diff(None, seen)[0])
    draining = await SERVICES.observe(pilot.ctx(), at, None)
    assert SERVICES.diff(None, draining) == []
    wait = SERVICES.settled(None, draining)
    assert wait is not None and wait.reason == "Draining"
    pilot.local.advance(120)
    assert await SERVICES.observe(pilot.ctx(), at, None) is None


@pytest.mark.parametrize("fault", ["reset_after", "error_after"])
async def test_a_creation_whose_answer_was_lost_is_found_again(pilot: Pilot, fault: Any) -> None:
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = resolve(resource("Service", service()), outputs)
    look = await pilot.look(want)
    pilot.local.faults.add("ecs:CreateService", fault, times=1)
    with pytest.raises(AwsError):
        await pilot.send(want, look.steps[0])
    assert (await pilot.look(want)).steps == ()

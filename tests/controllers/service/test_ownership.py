"""Tags, adoption, and the list of what is ours."""

from __future__ import annotations

import pytest

from apollo.api import OWNER_TAG, PRUNE_TAG, Lifecycle
from apollo.errors import AwsError, Transient

from ..pilot import NETWORK, SERVICES, Pilot, changed, deployed, resolve, resource, service, task

pytestmark = pytest.mark.anyio


async def test_tags_have_calls_of_their_own(pilot: Pilot) -> None:
    await deployed(pilot)
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    spec = service(tags=[{"key": "team", "value": "green"}])
    want = resolve(resource("Service", spec, lifecycle=Lifecycle(prune="never")), outputs)
    look = await pilot.look(want)
    assert (look.calls, look.paths) == (["TagResource"], {"/tags/team", "/tags/apollo:prune"})
    assert not look.steps[0].disruptive
    await pilot.apply(want)
    look = await pilot.look(resolve(resource("Service", spec), outputs))
    assert look.calls == ["UntagResource"]
    assert look.steps[0].call.params["tagKeys"] == [PRUNE_TAG]


async def test_an_existing_service_is_adopted_and_brought_in_line(pilot: Pilot) -> None:
    pilot.ecs.register_task_definition(family="other", **task())
    pilot.ecs.create_service(
        cluster="green", serviceName="web", taskDefinition="other:1", desiredCount=1, launchType="FARGATE",
        networkConfiguration=NETWORK, tags=[{"key": "made-by", "value": "hand"}],
    )  # fmt: skip
    want = await changed(pilot, "web:1")
    look = await pilot.look(want)
    assert look.verbs == ["adopt", "update"]
    assert look.calls == ["TagResource", "UpdateService"]
    assert SERVICES.owner(look.seen) is None
    await pilot.apply(want)
    seen = await pilot.follow(want)
    assert seen.tags == {"made-by": "hand", OWNER_TAG: "apollo/stage/Service/web"}


async def test_an_identical_service_is_adopted_by_its_tag_alone(pilot: Pilot) -> None:
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    want = resolve(resource("Service", service()), outputs)
    pilot.ecs.create_service(**want.spec.declared())
    pilot.local.settle()
    assert (await pilot.look(want)).verbs == ["adopt"]


async def test_a_foreign_service_shows_its_owner(pilot: Pilot) -> None:
    await deployed(pilot)
    want = resource("Service", service(), environment="prod")
    look = await pilot.look(want)
    assert SERVICES.owner(look.seen) == "apollo/stage/Service/web"
    assert look.verbs[0] == "adopt"


async def test_owned_lists_what_carries_our_tag_and_nothing_else(pilot: Pilot) -> None:
    outputs = await pilot.arn(resource("TaskDefinition", task()))
    for number in range(12):
        await pilot.apply(resolve(resource("Service", service(), name=f"web-{number}"), {
            ref.__class__(ref.kind, f"web-{number}", ref.output): value for ref, value in outputs.items()
        }))  # fmt: skip
    await pilot.apply(
        resolve(resource("Service", service(), name="prod", environment="prod"), {
            ref.__class__(ref.kind, "prod", ref.output): value for ref, value in outputs.items()
        })
    )  # fmt: skip
    pilot.ecs.create_service(
        cluster="green", serviceName="hand", taskDefinition="web:1", desiredCount=0, launchType="FARGATE",
        networkConfiguration=NETWORK,
    )  # fmt: skip
    pilot.local.settle()
    pilot.local.clear()
    found = [one async for one in SERVICES.owned(pilot.ctx(), [])]
    assert {one.key.name for one in found} == {f"web-{number}" for number in range(12)}
    assert all(one.complete and one.identity.id == f"green/{one.key.name}" for one in found)
    reads = {"ecs:ListServices": 1, "ecs:DescribeServices": 2, "resourcegroupstaggingapi:GetResources": 1}
    assert pilot.local.counts() == reads
    (step,) = SERVICES.diff(None, found[0].seen)
    assert (step.verb, step.call.operation, step.target) == ("delete", "DeleteService", found[0].key)


async def test_a_list_that_cannot_be_read_to_its_end_raises(pilot: Pilot) -> None:
    await deployed(pilot)
    pilot.local.faults.add("ecs:DescribeServices", "access_denied")
    with pytest.raises(AwsError):
        _ = [one async for one in SERVICES.owned(pilot.ctx(), [])]


async def test_a_missing_cluster_is_named(pilot: Pilot) -> None:
    want = resource("Service", service(cluster="blue", taskDefinition="web:1"))
    with pytest.raises(Transient, match="blue"):
        await pilot.look(want)
    assert [one async for one in SERVICES.owned(pilot.ctx(), [want])] == []

"""Revisions are found by content; one is registered only when no usable one has it."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import HASH_TAG, OWNER_TAG, Lifecycle, marker
from apollo.aws import Aws
from apollo.errors import AwsError
from apollo.testing import LocalAws
from tests.virtual import VirtualClock

from .pilot import TASKS, Pilot, resource, task

pytestmark = pytest.mark.anyio


def revisions(local: LocalAws, family: str = "web") -> list[str]:
    ecs = local.client("ecs", region="eu-west-1")
    arns: list[str] = ecs.list_task_definitions(familyPrefix=family, maxResults=100)["taskDefinitionArns"]
    return sorted(arn.rsplit("/", 1)[-1] for arn in arns)


async def revision(pilot: Pilot, want: Any) -> str:
    return TASKS.outputs((await pilot.look(want)).seen).get("revision", "")


async def test_unchanged_content_is_never_registered_again(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    assert (await pilot.look(want)).verbs == ["create"]
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()
    assert revisions(pilot.local) == ["web:1"]


async def test_another_text_of_the_same_content_is_the_same_revision(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task()))
    container = {"name": "app", "image": "web:1", "essential": True, "cpu": 0, "environment": []}
    ports = [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    other = task(cpu=".25 vCPU", memory="0.5 GB", containerDefinitions=[{**container, "portMappings": ports}])
    assert (await pilot.look(resource("TaskDefinition", other))).steps == ()


async def test_going_back_uses_the_old_revision(pilot: Pilot) -> None:
    old, new = resource("TaskDefinition", task("web:1")), resource("TaskDefinition", task("web:2"))
    await pilot.apply(old)
    await pilot.apply(new)
    assert await revision(pilot, new) == "2"
    look = await pilot.look(old)
    assert (look.steps, TASKS.outputs(look.seen)["revision"]) == ((), "1")
    assert revisions(pilot.local) == ["web:1", "web:2"]


async def test_the_plan_shows_what_changes_in_the_newest_revision(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task("web:1")))
    look = await pilot.look(resource("TaskDefinition", task("web:2")))
    (change,) = look.steps[0].changes
    assert change.path == "/containerDefinitions/app/image"
    assert (change.before, change.after) == ("web:1", "web:2")
    assert look.verbs == ["create"]
    assert TASKS.outputs(look.seen) == {}
    assert TASKS.health(resource("TaskDefinition", task("web:2")), look.seen).status == "Missing"


async def test_what_is_sent_is_what_is_declared_with_our_tags(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task(tags=[{"key": "team", "value": "green"}]))
    params = dict((await pilot.look(want)).steps[0].call.params)
    tags = {tag["key"]: tag["value"] for tag in params.pop("tags")}
    assert params == {**task(), "family": "web"}
    assert tags["team"] == "green"
    assert tags[OWNER_TAG] == "apollo/stage/TaskDefinition/web"
    assert tags[HASH_TAG].startswith("1:")


async def test_tags_are_not_content(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task()))
    want = resource("TaskDefinition", task(tags=[{"key": "team", "value": "green"}]))
    look = await pilot.look(want)
    assert (look.calls, look.verbs, look.paths) == (["TagResource"], ["update"], {"/tags/team"})
    await pilot.apply(want)
    assert revisions(pilot.local) == ["web:1"]


async def test_a_change_of_tags_leaves_the_outputs_known(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task()))
    tagged = await pilot.look(resource("TaskDefinition", task(tags=[{"key": "a", "value": "b"}])))
    assert TASKS.lasting(tagged.seen, tagged.steps)["revision"] == "1"
    other = await pilot.look(resource("TaskDefinition", task("web:2")))
    assert "arn" not in TASKS.lasting(other.seen, other.steps)
    assert "arn" not in TASKS.stable_outputs, "another content is another revision"


async def test_a_tag_that_somebody_else_set_stays(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    arn = TASKS.outputs(await pilot.apply(want))["arn"]
    ecs = pilot.local.client("ecs", region="eu-west-1")
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "cost", "value": "7"}])
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        assert (await Pilot(pilot.local, aws).look(want)).steps == ()


async def test_two_environments_may_share_a_family(pilot: Pilot) -> None:
    stage, prod = (resource("TaskDefinition", task(), environment=name) for name in ("stage", "prod"))
    await pilot.apply(stage)
    assert (await pilot.look(prod)).calls == ["RegisterTaskDefinition"]
    await pilot.apply(prod)
    assert (await pilot.look(stage)).steps == (await pilot.look(prod)).steps == ()
    assert revisions(pilot.local) == ["web:1", "web:2"]


async def test_a_family_whose_name_begins_the_same_is_another(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task(), name="web-admin"))
    look = await pilot.look(resource("TaskDefinition", task()))
    assert look.calls == ["RegisterTaskDefinition"]
    assert look.seen is None


async def test_an_unowned_revision_is_taken_only_with_permission(pilot: Pilot) -> None:
    ecs = pilot.local.client("ecs", region="eu-west-1")
    ecs.register_task_definition(family="web", **task())
    assert (await pilot.look(resource("TaskDefinition", task()))).calls == ["RegisterTaskDefinition"]
    want = resource("TaskDefinition", task(), lifecycle=Lifecycle(adopt=True))
    look = await pilot.look(want)
    assert (look.calls, look.verbs) == (["TagResource"], ["adopt"])
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()
    assert revisions(pilot.local) == ["web:1"]


async def test_adopting_from_an_owner_takes_from_that_owner_alone(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task(), environment="old"))
    other = resource("TaskDefinition", task(), lifecycle=Lifecycle(adopt="apollo/other/TaskDefinition/web"))
    assert (await pilot.look(other)).calls == ["RegisterTaskDefinition"]
    unowned = resource("TaskDefinition", task(), lifecycle=Lifecycle(adopt=True))
    assert (await pilot.look(unowned)).calls == ["RegisterTaskDefinition"]
    want = resource("TaskDefinition", task(), lifecycle=Lifecycle(adopt="apollo/old/TaskDefinition/web"))
    assert (await pilot.look(want)).verbs == ["adopt"]


@pytest.mark.parametrize("fault", ["reset_after", "error_after"])
async def test_a_registration_whose_answer_was_lost_is_found_again(pilot: Pilot, fault: Any) -> None:
    want = resource("TaskDefinition", task())
    look = await pilot.look(want)
    pilot.local.faults.add("ecs:RegisterTaskDefinition", fault, times=1)
    with pytest.raises(AwsError):
        await pilot.send(want, look.steps[0])
    assert (await pilot.look(want)).steps == ()
    assert revisions(pilot.local) == ["web:1"]


async def test_what_was_registered_here_is_known_without_looking(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    look = await pilot.look(want)
    seen = await pilot.send(want, look.steps[0])
    assert TASKS.diff(want, seen) == []
    assert TASKS.outputs(seen)["revision"] == "1"
    pilot.local.clear()
    assert (await pilot.look(want)).steps == ()
    assert pilot.local.counts() == {"ecs:ListTaskDefinitions": 1}


async def test_a_revision_that_was_deregistered_is_registered_anew(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    await pilot.apply(want)
    ecs = pilot.local.client("ecs", region="eu-west-1")
    ecs.deregister_task_definition(taskDefinition="web:1")
    assert (await pilot.look(want)).calls == ["RegisterTaskDefinition"]
    await pilot.apply(want)
    assert await revision(pilot, want) == "2"


async def test_a_wrong_hash_tag_decides_nothing(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    arn = TASKS.outputs(await pilot.apply(want))["arn"]
    other = resource("TaskDefinition", task("web:2"))
    wrong = {tag["key"]: tag["value"] for tag in (await pilot.look(other)).steps[0].call.params["tags"]}
    ecs = pilot.local.client("ecs", region="eu-west-1")
    ecs.tag_resource(resourceArn=arn, tags=[{"key": HASH_TAG, "value": wrong[HASH_TAG]}])
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        fresh = Pilot(pilot.local, aws)
        assert (await fresh.look(want)).steps == ()
        assert (await fresh.look(other)).calls == ["RegisterTaskDefinition"]


async def test_a_long_family_is_read_newest_first_and_each_revision_once(pilot: Pilot) -> None:
    for number in range(12):
        await pilot.apply(resource("TaskDefinition", task(f"web:{number}")))
    newest, oldest = resource("TaskDefinition", task("web:11")), resource("TaskDefinition", task("web:0"))
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        fresh = Pilot(pilot.local, aws)
        pilot.local.clear()
        assert (await fresh.look(newest)).steps == ()
        assert pilot.local.counts()["ecs:DescribeTaskDefinition"] == 1
        assert (await fresh.look(oldest)).steps == ()
        assert pilot.local.counts()["ecs:DescribeTaskDefinition"] == 12
        assert (await fresh.look(oldest)).steps == ()
        assert pilot.local.counts()["ecs:DescribeTaskDefinition"] == 12


async def test_only_the_newest_fifty_are_looked_at(pilot: Pilot) -> None:
    ecs = pilot.local.client("ecs", region="eu-west-1")
    want = resource("TaskDefinition", task("web:first"))
    await pilot.apply(want)
    for number in range(50):
        ecs.register_task_definition(family="web", **task(f"web:{number}"))
    assert (await pilot.look(want)).calls == ["RegisterTaskDefinition"]


async def test_ignored_fields_are_neither_compared_nor_changed(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task("web:by-another-tool")))
    image = Lifecycle(ignore=("/containerDefinitions/app/image",))
    assert (await pilot.look(resource("TaskDefinition", task("web:1"), lifecycle=image))).steps == ()
    want = resource("TaskDefinition", task("web:1", memory="1024"), lifecycle=image)
    look = await pilot.look(want)
    assert look.paths == {"/memory"}
    assert look.steps[0].call.params["containerDefinitions"][0]["image"] == "web:by-another-tool"
    await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()


async def test_content_that_waits_for_an_output_is_registered_once_that_is_known(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task()))
    role = marker("acme.Role", "web", "arn")
    look = await pilot.look(resource("TaskDefinition", task(taskRoleArn=role)))
    assert look.calls == ["RegisterTaskDefinition"]
    assert look.steps[0].call.params["taskRoleArn"] == role
    assert look.paths == {"/taskRoleArn"}


def test_what_git_does_not_hold_any_more_stays_in_the_pool() -> None:
    assert not TASKS.diff(None, None)


async def test_nothing_is_ever_pruned(pilot: Pilot) -> None:
    await pilot.apply(resource("TaskDefinition", task()))
    assert [one async for one in TASKS.owned(pilot.ctx(), [])] == []


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (task(cpu="256", memory="4096"), "APO-TD-007"),
        (task(cpu="256", memory="1536"), "APO-TD-007"),
        (task(cpu="4 vCPU", memory="40 GB"), "APO-TD-007"),
        (task(cpu="300"), "APO-TD-006"),
        (task(networkMode="bridge"), "APO-TD-004"),
        ({k: v for k, v in task().items() if k not in ("cpu", "networkMode")}, "APO-TD-005"),
        (task(containerDefinitions=[{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]), "APO-TD-002"),
        (task(containerDefinitions=[{"name": "a", "image": "x", "essential": False}]), "APO-TD-003"),
        (task(containerDefinitions=[]), "APO-TD-001"),
        (task(family="web.v1"), "APO-TD-008"),
        (task(family="a" * 256), "APO-TD-008"),
    ],
)
def test_certain_mistakes_are_found_without_aws(spec: dict[str, Any], code: str) -> None:
    assert code in {problem.code for problem in TASKS.check(resource("TaskDefinition", spec))}


@pytest.mark.parametrize(
    "spec",
    [
        task(),
        task(cpu=".5 vCPU", memory="1 GB"),
        task(cpu="16 vCPU", memory="120 GB"),
        task(cpu="${CPU}"),
        {"containerDefinitions": [{"name": "a", "image": "x:1", "memory": 128}]},
        task(cpu=marker("acme.Size", "web", "cpu")),
    ],
)
def test_what_may_be_right_is_no_mistake(spec: dict[str, Any]) -> None:
    assert list(TASKS.check(resource("TaskDefinition", spec))) == []


# ── what AWS fills in ────────────────────────────────────────────────────────────────────────────────────


def filled_in(pilot: Pilot, want: Any, tags: list[dict[str, str]], **more: Any) -> None:
    """A revision as it would look if AWS had filled something in that git does not say."""
    pilot.ecs.register_task_definition(**want.spec.declared(), **more, tags=tags)


async def test_what_aws_begins_to_fill_in_registers_nothing_for_ever(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    tags = (await pilot.look(want)).steps[0].call.params["tags"]
    filled_in(pilot, want, tags, ephemeralStorage={"sizeInGiB": 30})
    look = await pilot.look(want)
    assert (look.steps, TASKS.outputs(look.seen)["revision"]) == ((), "1")
    (told,) = TASKS.ignored(want, look.seen)
    assert (told.path, told.why.split(":")[0]) == ("/ephemeralStorage", "filled in by AWS")
    assert (await pilot.look(resource("TaskDefinition", task("web:2")))).verbs == ["create"]


async def test_a_revision_that_says_more_is_not_used_where_one_says_just_that(pilot: Pilot) -> None:
    want = resource("TaskDefinition", task())
    tags = (await pilot.look(want)).steps[0].call.params["tags"]
    await pilot.apply(want)
    filled_in(pilot, want, tags, ephemeralStorage={"sizeInGiB": 30})
    assert await revision(pilot, want) == "1"
    other = [{**one, "value": "1:0"} if one["key"] == HASH_TAG else one for one in tags]
    pilot.ecs.deregister_task_definition(taskDefinition="web:1")
    pilot.ecs.deregister_task_definition(taskDefinition="web:2")
    filled_in(pilot, want, other, ephemeralStorage={"sizeInGiB": 30})
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        assert (await Pilot(pilot.local, aws).look(want)).verbs == ["create"], "registered from other content"

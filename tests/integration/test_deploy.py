"""The main job: what a merge to a branch does to AWS."""

from __future__ import annotations

import pytest

from tests.integration.world import World, service, task_definition

pytestmark = pytest.mark.anyio


async def test_from_nothing_to_running_and_then_nothing_to_do(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    plan = await world.plan()
    assert plan.to_dict()["summary"] == {
        "create": 2,
        "update": 0,
        "replace": 0,
        "adopt": 0,
        "delete": 0,
        "unchanged": 0,
    }
    announced = [call["operation"] for call in plan.to_dict()["calls"]]
    assert announced == ["RegisterTaskDefinition", "CreateService"]
    assert world.calls() == [], "planning never writes"
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    assert world.calls() == announced
    live = world.services()["web"]
    assert (live["runningCount"], live["desiredCount"]) == (2, 2)
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    world.forget()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []


async def test_an_image_change_is_exactly_two_calls_and_going_back_is_one(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    first = world.services()["web"]["taskDefinition"]
    world.aws.clear()
    world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
    plan = (await world.plan()).to_dict()
    row = next(row for row in plan["resources"] if row["key"] == "Service/web")
    assert row["disruptive"] and row["reason"] == "PendingChange"
    assert (
        row["changes"] == [{"path": "/taskDefinition", "before": "web:1", "after": "(known after apply)"}]
        or row["changes"][0]["after"] == "(known after apply)"
    )
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["RegisterTaskDefinition", "UpdateService"]
    world.aws.clear()
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["UpdateService"], "the old revision is used again"
    assert world.services()["web"]["taskDefinition"] == first


async def test_a_bad_image_rolls_back_is_not_tried_again_and_the_fix_supersedes_it(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.write({"web/web.yaml": task_definition(image="web:crash-1") + "---" + service()})
    result = await world.apply()
    assert result.exit_code == 5
    outcome = next(one for one in result.outcomes if one.key.kind == "Service")
    assert outcome.outcome == "RolledBack"
    assert "Essential container in task exited" in outcome.message or "exit" in outcome.message.lower()
    assert world.services()["web"]["taskDefinition"].endswith(":1")
    world.aws.clear()
    for _ in range(2):
        world.forget()
        again = await world.apply()
        assert again.exit_code == 5
    assert world.calls() == []
    world.write({"web/web.yaml": task_definition(image="web:3") + "---" + service()})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["RegisterTaskDefinition", "UpdateService"]


async def test_a_hand_that_changes_the_service_is_found_and_undone(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.client("ecs").update_service(cluster="green", service="web", desiredCount=5)
    plan = await world.plan()
    row = next(item for item in plan if item.key.kind == "Service")
    assert row.reason == "Drifted"
    assert [(c.path, c.before, c.after) for c in row.changes] == [("/desiredCount", 5, 2)]
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["UpdateService"]


async def test_a_service_that_left_git_is_deleted_only_where_pruning_is_on(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service(), "b/b.yaml": task_definition("b")})
    await world.apply()
    world.aws.clear()
    world.write({"web/web.yaml": task_definition()})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteService"]


async def test_two_environments_in_one_account_never_touch_each_other(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    from tests.integration.world import git

    git(world.repo, "branch", "prod")
    assert (await world.apply("stage")).exit_code == 0
    world.aws.clear()
    result = await world.apply("prod")
    assert result.exit_code == 3
    assert "UpdateService" not in world.calls() and "CreateService" not in world.calls()
    finding = next(f for f in result.plan.findings if f.key.kind == "Service")
    assert finding.reason == "Conflict" and "stage" in finding.message


async def test_an_immutable_change_is_denied_unless_allowed(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.clear()
    changed = service().replace("launchType: FARGATE", "launchType: EC2")
    world.write({"web/web.yaml": task_definition() + "---" + changed})
    result = await world.apply()
    assert result.exit_code == 3
    assert world.calls() == []

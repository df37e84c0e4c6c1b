"""The running operator: branches are environments, and the last good commit stays in force."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from apollo.engine.events import Event
from apollo.operator import Operator
from tests.integration.world import World, git, local_world, service, task_definition
from tests.virtual import ScaledClock

pytestmark = pytest.mark.anyio

SPEED = 60.0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


@asynccontextmanager
async def running(world: World, events: list[Event] | None = None) -> AsyncIterator[Operator]:
    listen = events.append if events is not None else None
    async with (
        world.operator(clock=ScaledClock(SPEED), listen=listen) as operator,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(operator.run)
        yield operator
        operator.stop()


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that real threads, processes and sockets bring about."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens outside of this loop
            await anyio.sleep(0.02)


def states(operator: Operator, environment: str = "stage") -> dict[str, tuple[str, str, str]]:
    rows = operator.live()[environment].resources
    return {str(row.key): (row.sync, row.health.status, row.reason) for row in rows}


def healthy(operator: Operator, *keys: str, environment: str = "stage") -> bool:
    now = states(operator, environment)
    return all(now.get(key, ("",))[:2] == ("Synced", "Healthy") for key in keys)


async def test_a_merge_to_stage_deploys_on_stage_and_a_merge_to_prod_on_prod(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    text = (world.folder / "apollo.yaml").read_text()
    first, second = text.split("---")
    second = second.replace(
        'accountId: "123456789012"',
        'accountId: "210987654321", roleArn: "arn:aws:iam::210987654321:role/apollo"',
    )
    (world.folder / "apollo.yaml").write_text(first + "---" + second)
    world.aws.client("ecs", account="210987654321").create_cluster(clusterName="green")
    world.write({"README.md": "nothing yet"})
    git(world.repo, "branch", "prod")
    async with running(world) as operator:
        world.write({"web/web.yaml": task_definition() + "---" + service()})
        await until(lambda: healthy(operator, "Service/web"))
        assert world.services()["web"]["runningCount"] == 2
        assert world.services("210987654321") == {}
        git(world.repo, "checkout", "--quiet", "prod")
        git(world.repo, "merge", "--quiet", "--no-ff", "-m", "promote", "stage")
        await until(lambda: healthy(operator, "Service/web", environment="prod"))
        assert world.services("210987654321")["web"]["runningCount"] == 2
        accounts = {request.account for request in world.aws.mutations() if request.service == "ecs"}
        assert accounts == {"123456789012", "210987654321"}


async def test_an_image_change_takes_two_writes_and_four_calls_before_the_rollout_is_followed(
    world: World,
) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        world.aws.clear()
        world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
        await until(lambda: "UpdateService" in world.calls())
        calls = [request.operation for request in world.aws.requests]
        calls = calls[: calls.index("UpdateService") + 1]
        assert len(calls) <= 4, calls
        await until(lambda: healthy(operator, "Service/web"))
        assert world.calls() == ["RegisterTaskDefinition", "UpdateService"]


async def test_a_bad_file_holds_its_app_and_no_other(world: World) -> None:
    world.write({"a/a.yaml": task_definition("a"), "b/b.yaml": task_definition("b")})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: healthy(operator, "TaskDefinition/a", "TaskDefinition/b"))
        world.aws.clear()
        world.write({"a/a.yaml": "kind: [", "b/b.yaml": task_definition("b", image="b:2")})
        await until(lambda: world.calls() == ["RegisterTaskDefinition"])
        await until(lambda: healthy(operator, "TaskDefinition/b"))
        apps = {app.name: app for app in operator.live()["stage"].apps}
        assert apps["a"].errors and apps["a"].errors[0].file == "apps/a/a.yaml"
        assert apps["a"].sync == "Unknown" and apps["b"].sync == "Synced"
        assert apps["a"].commit != apps["b"].commit
        assert healthy(operator, "TaskDefinition/a"), "the last good state of the app is kept"
        later = world.write({"b/b.yaml": task_definition("b", image="b:3")})
        await until(lambda: operator.live()["stage"].commit == later)
        await until(lambda: healthy(operator, "TaskDefinition/b"))
    (told,) = [event for event in events if event.type == "SourceFailed"]
    assert told.app == "a"
    assert told.commit not in ("", later)
    assert told.message.startswith("apps/a/a.yaml:2:1: ")


async def test_a_deleted_branch_keeps_everything_and_says_so(world: World) -> None:
    world.configure(sync="{prune: true}")
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        world.aws.clear()
        git(world.repo, "checkout", "--quiet", "--detach")
        git(world.repo, "branch", "-D", "stage")
        await until(lambda: operator.live()["stage"].message)
        assert operator.live()["stage"].sync == "Unknown"
        await anyio.sleep(1.5)
        assert world.calls() == []
        assert [event.type for event in events].count("SourceFailed") == 1
        git(world.repo, "branch", "stage")
        await until(lambda: operator.live()["stage"].sync == "Synced")


async def test_history_that_is_rewritten_is_followed_or_held_as_configured(world: World) -> None:
    first = world.write({"web/web.yaml": task_definition()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "TaskDefinition/web"))
        world.write({"web/web.yaml": task_definition(image="web:2")})
        await until(lambda: world.calls().count("RegisterTaskDefinition") == 2)
        git(world.repo, "reset", "--quiet", "--hard", first)
        await until(lambda: operator.live()["stage"].commit == first)
        await until(lambda: healthy(operator, "TaskDefinition/web"))
        assert world.calls().count("RegisterTaskDefinition") == 2, "the old revision is used again"


async def test_a_restart_without_its_store_changes_nothing(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
    world.aws.clear()
    shutil.rmtree(world.folder / ".apollo")
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web", "TaskDefinition/web"))
        await anyio.sleep(1.5)
    assert world.calls() == []


async def test_a_rolled_back_image_is_told_with_its_reason_and_left_alone(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        world.aws.clear()
        world.write({"web/web.yaml": task_definition(image="web:crash-2") + "---" + service()})
        await until(lambda: any(event.type == "RolledBack" for event in events), 40)
        await until(lambda: states(operator)["Service/web"][1] == "Degraded", 40)
        operator.look()
        await anyio.sleep(1.5)
        assert world.calls() == ["RegisterTaskDefinition", "UpdateService"]
        world.write({"web/web.yaml": task_definition(image="web:3") + "---" + service()})
        await until(lambda: healthy(operator, "Service/web"), 40)
        rolled = [event for event in events if event.type == "RolledBack"]
        assert "exited" in rolled[0].message or "failed" in rolled[0].message


async def test_a_poisoned_resource_delays_nobody(world: World) -> None:
    """One resource that AWS always refuses, one that always times out of its rate; the others go on."""
    bad = service("bad", cluster="nowhere")
    world.write(
        {
            "x/bad.yaml": task_definition("bad") + "---" + bad,
            "y/web.yaml": task_definition() + "---" + service(),
        }
    )
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        sync, _, reason = states(operator)["Service/bad"]
        assert (sync, reason) == ("Unknown", "ClusterNotFound")
        row = next(row for row in operator.live()["stage"].resources if str(row.key) == "Service/bad")
        assert "nowhere" in row.message and row.next_try is not None
        world.aws.client("ecs").create_cluster(clusterName="nowhere")
        await until(lambda: healthy(operator, "Service/bad"), 40)


async def test_an_unforeseen_error_while_reading_git_is_told_and_outlived(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write({"web/web.yaml": task_definition()})
    events: list[Event] = []
    async with running(world, events) as operator:
        await until(lambda: healthy(operator, "TaskDefinition/web"))
        with monkeypatch.context() as patch:

            def update(*args: object) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr("apollo.manifest.Tree.update", update)
            world.write({"web/web.yaml": task_definition(image="web:2")})
            await until(lambda: "No space left on device" in operator.live()["stage"].message)
            assert healthy(operator, "TaskDefinition/web"), "the last good commit stays in force"
        await until(lambda: world.calls().count("RegisterTaskDefinition") == 2)
        await until(lambda: operator.live()["stage"].sync == "Synced")
    assert [event.type for event in events].count("SourceFailed") == 1


async def test_automated_false_observes_and_plans_only(world: World) -> None:
    world.configure(sync="{automated: false}")
    world.write({"web/web.yaml": task_definition()})
    async with running(world) as operator:
        await until(lambda: states(operator).get("TaskDefinition/web", ("",))[0] == "OutOfSync")
        await anyio.sleep(1.0)
        assert world.calls() == []
    assert (await world.apply()).exit_code == 0, "a person may still apply"
    assert world.calls() == ["RegisterTaskDefinition"]


async def test_several_operators_live_in_one_process_and_leave_the_hosts_tasks_alone(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    world.write({"web/web.yaml": task_definition()})
    git(world.repo, "branch", "prod")
    host_ran = 0

    async def host() -> None:
        nonlocal host_ran
        while True:
            await anyio.sleep(0.05)
            host_ran += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(host)
        clock = ScaledClock(SPEED)
        async with (
            world.operator(clock=clock, environments=["stage"]) as one,
            world.operator(clock=clock, environments=["prod"]) as two,
            anyio.create_task_group() as inner,
        ):
            await inner.start(one.run)
            await inner.start(two.run)
            await until(lambda: healthy(one, "TaskDefinition/web"))
            await until(lambda: healthy(two, "TaskDefinition/web", environment="prod"))
            inner.cancel_scope.cancel()
        ran = host_ran
        await until(lambda: host_ran > ran)
        tasks.cancel_scope.cancel()

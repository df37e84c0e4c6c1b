"""Functions hung on an operator: they hear, run at intervals, may refuse, and hold up nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from apollo import Event, Handlers, Operator
from apollo.api import Denied, Resource
from tests.integration.test_operator import SPEED, healthy, until
from tests.integration.world import World, local_world, service, task_definition
from tests.virtual import ScaledClock

pytestmark = pytest.mark.anyio

WEB = {"web/web.yaml": task_definition() + "---" + service()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


@asynccontextmanager
async def serving(world: World, *handlers: Handlers, **options: Any) -> AsyncIterator[Operator]:
    async with (
        world.operator(clock=ScaledClock(SPEED), handlers=handlers, **options) as operator,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(operator.run)
        yield operator
        operator.stop()


async def test_functions_hear_of_what_they_asked_for(world: World) -> None:
    handlers, heard = Handlers(), list[tuple[str, str]]()

    @handlers.on.rollout_finished(kind="Service", environment=["stage", "prod"])
    async def finished(event: Event) -> None:
        heard.append(("finished", str(event.key)))

    @handlers.on.synced(kind="Service")
    def synced(event: Event) -> None:
        assert threading.current_thread() is not threading.main_thread(), "a plain function may block"
        heard.append(("synced", str(event.key)))

    @handlers.on.pruned
    async def pruned(event: Event) -> None:
        heard.append(("pruned", str(event.key)))

    @handlers.on.rollout_finished(name="other")
    async def other(event: Event) -> None:
        heard.append(("other", str(event.key)))

    world.configure(sync="{prune: true}")
    world.write(WEB)
    async with serving(world, handlers) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        await until(lambda: len(heard) == 2)
        world.write({"web/web.yaml": task_definition()})
        await until(lambda: ("pruned", "Service/web") in heard, 40)
    assert sorted(heard) == [
        ("finished", "Service/web"),
        ("pruned", "Service/web"),
        ("synced", "Service/web"),
    ]


async def test_a_function_that_fails_or_blocks_holds_up_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    release, heard = threading.Event(), list[str]()
    handlers = Handlers()

    @handlers.on.event
    async def broken(event: Event) -> None:
        raise RuntimeError("a bug of the host")

    @handlers.on.acted
    def slow(event: Event) -> None:
        release.wait(30)

    @handlers.on.acted
    async def quick(event: Event) -> None:
        heard.append(event.call)

    world.write(WEB)
    async with serving(world, handlers) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        await until(lambda: len(heard) == 2)
        release.set()
    assert any("broken failed" in record.message for record in caplog.records)


async def test_a_function_that_ends_itself_ends_nothing_else(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    handlers, heard = Handlers(), list[str]()

    @handlers.on.event
    async def awaits_what_was_cancelled(event: Event) -> None:
        over = asyncio.get_running_loop().create_future()
        over.cancel()
        await over

    @handlers.on.event
    async def cancels_itself(event: Event) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    @handlers.on.event
    async def exits(event: Event) -> None:
        raise SystemExit(3)

    @handlers.on.event
    def exits_plainly(event: Event) -> None:
        raise SystemExit(3)

    @handlers.on.acted
    async def quick(event: Event) -> None:
        heard.append(event.call)

    @handlers.validate
    def refuses(want: Resource[Any]) -> None:
        if want.key.name == "api":
            raise SystemExit(3)

    world.write({**WEB, "api/api.yaml": task_definition("api")})
    async with serving(world, handlers) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        await until(lambda: len(heard) == 2)
        row = next(one for one in operator.live()["stage"].resources if one.key.name == "api")
        assert row.reason == "ValidatorFailed"
    said = {record.message.rpartition(".")[2] for record in caplog.records if "failed" in record.message}
    assert {f"{name} failed" for name in ("awaits_what_was_cancelled", "cancels_itself", "exits")} <= said


async def test_start_up_timers_and_clean_up_frame_the_work(world: World) -> None:
    handlers, steps = Handlers(), list[str]()

    @handlers.startup
    async def begin(operator: Operator) -> None:
        steps.append(f"begin {sorted(operator.environments)}")

    @handlers.timer(5)
    def tick(operator: Operator) -> None:
        steps.append("tick")
        raise RuntimeError("once does not end it")

    @handlers.cleanup
    async def end(operator: Operator) -> None:
        steps.append("end")

    world.write(WEB)
    async with serving(world, handlers):
        await until(lambda: steps.count("tick") >= 2)
    assert steps[0] == "begin ['stage']" and steps[-1] == "end" and steps.count("end") == 1


async def test_what_start_up_raises_stops_the_start(world: World) -> None:
    handlers = Handlers()

    @handlers.startup
    async def begin(operator: Operator) -> None:
        raise LookupError("no licence")

    world.write(WEB)
    async with world.operator(handlers=[handlers]) as operator:
        with pytest.raises(LookupError, match="no licence"):
            await operator.run()
    assert world.calls() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("no image of latest", "Refused"),
        (Denied("Frozen", "not before Monday"), "Frozen"),
        (7, "ValidatorFailed"),
        (ZeroDivisionError("oh"), "ValidatorFailed"),
    ],
)
async def test_a_function_may_refuse_a_change(world: World, answer: Any, reason: str) -> None:
    handlers = Handlers()

    @handlers.validate(kind="TaskDefinition", environment="stage")
    def judge(want: Resource[Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer if want.spec.containerDefinitions[0].image.endswith(":1") else None

    world.write(WEB)
    async with world.operator(handlers=[handlers]) as operator:
        plan = await operator.plan("stage")
        assert [(str(one.key), one.decision, one.reason) for one in plan.findings] == [
            ("TaskDefinition/web", "deny", reason)
        ]
        assert (await operator.apply(plan)).exit_code == 3
    assert world.calls() == []
    if not isinstance(answer, Exception):
        world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
        async with world.operator(handlers=[handlers]) as operator:
            assert (await operator.apply(await operator.plan("stage"))).exit_code == 0


async def test_one_apply_delivers_its_events_before_it_returns(world: World) -> None:
    handlers, heard = Handlers(), list[str]()

    @handlers.on.event
    async def told(event: Event) -> None:
        heard.append(event.type)

    world.write(WEB)
    async with world.operator(handlers=[handlers]) as operator:
        await operator.apply(await operator.plan("stage"))
        assert heard.count("Acted") == 2 and "RolloutFinished" in heard


async def test_two_operators_live_beside_the_work_of_their_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Cancelling one leaves the other, and the host's own tasks, alone."""
    heard: dict[str, list[str]] = {"one": [], "two": []}
    world.configure(environments=("stage", "prod"))
    world.write(WEB)
    from tests.integration.world import git

    git(world.repo, "branch", "prod")
    alive = 0

    def hearing(name: str) -> Handlers:
        handlers = Handlers()

        @handlers.on.synced(kind="Service")
        async def told(event: Event) -> None:
            heard[name].append(event.environment)

        return handlers

    async def host() -> None:
        nonlocal alive
        while True:
            alive += 1
            await anyio.sleep(0.01)

    async with anyio.create_task_group() as mine:
        mine.start_soon(host)
        first, second = anyio.CancelScope(), anyio.CancelScope()

        async def serve(name: str, environment: str, scope: anyio.CancelScope) -> None:
            with scope:
                async with world.operator(
                    clock=ScaledClock(SPEED), handlers=[hearing(name)], environments=[environment]
                ) as operator:
                    await operator.run()

        mine.start_soon(serve, "one", "stage", first)
        mine.start_soon(serve, "two", "prod", second)
        # Two environments, one cluster: one of them has the service, the other is refused it.
        await until(lambda: [*heard["one"], *heard["two"]])
        first.cancel()
        before, waited = alive, time.monotonic()
        await until(lambda: alive > before + 20)
        assert time.monotonic() - waited < 20
        second.cancel()
        mine.cancel_scope.cancel()

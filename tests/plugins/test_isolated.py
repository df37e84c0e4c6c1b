"""A plugin that raises, answers nonsense or blocks concerns its own kind; everybody else goes on."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from apollo.api import (
    Call,
    Context,
    Controller,
    Env,
    Identity,
    Key,
    Loader,
    Owned,
    Resource,
    Spec,
    Step,
    Terminal,
    Transient,
)
from apollo.engine.events import Event
from apollo.plugins.cell import Cell
from apollo.plugins.isolated import Isolated
from tests.integration.test_operator import SPEED, healthy, until
from tests.integration.world import World, local_world, service, task_definition
from tests.virtual import ScaledClock

pytestmark = pytest.mark.anyio


class ThingSpec(Spec):
    cluster: str = "thing"


class Thing(Controller[ThingSpec, dict[str, Any]]):
    """A kind of a stranger: it makes clusters."""

    kind = "acme.Thing"
    spec_type = ThingSpec

    def identity(self, spec: ThingSpec, env: Env) -> Identity | None:
        return Identity("ecs:cluster", spec.cluster)

    async def observe(
        self, ctx: Context, at: Identity | None, want: Resource[ThingSpec] | None
    ) -> dict[str, Any] | None:
        assert at is not None
        return await ctx.load(Clusters(), at.id)

    def diff(self, want: Resource[ThingSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        if want is None or seen is not None:
            return ()
        tags = [{"key": name, "value": value} for name, value in want.tags.items()]
        call = Call("ecs", "CreateCluster", {"clusterName": want.spec.cluster, "tags": tags})
        return [Step("create", want.key, call, why="it is not there")]

    async def owned(self, ctx: Context, want: Collection[Resource[ThingSpec]]) -> AsyncIterator[Owned]:
        for one in ():
            yield one


class Clusters(Loader[str, dict[str, Any]]):
    name = "acme clusters"
    batch = 100

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        found = await ctx.read("ecs", "DescribeClusters", clusters=list(keys), include=["TAGS"])
        active = [one for one in found["clusters"] if one["status"] == "ACTIVE"]
        return {
            one["clusterName"]: {**one, "tags": {tag["key"]: tag["value"] for tag in one["tags"]}}
            for one in active
        }


def isolated(inner: Controller[Any, Any]) -> Isolated:
    return Isolated(inner, "acme-things 1.0", Cell("plugin acme-things 1.0"))


def thing(name: str = "a", cluster: str = "thing") -> str:
    return f"""
apiVersion: apollo/v1
kind: acme.Thing
metadata: {{name: {name}}}
spec: {{cluster: {cluster}}}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


# ── it works behind the wall ─────────────────────────────────────────────────────────────────────────────


async def test_a_plugin_in_order_works_and_its_reads_share_calls(world: World) -> None:
    world.write({"x/t.yaml": "---".join(thing(f"t{n}", f"thing{n}") for n in range(30))})
    controller = isolated(Thing())
    async with world.operator(controllers=[controller], clock=ScaledClock(SPEED)) as operator:
        result = await operator.apply(await operator.plan("stage"))
        assert result.exit_code == 0 and world.calls() == ["CreateCluster"] * 30
        world.aws.clear()
        assert not (await operator.plan("stage")).changed
        reads = [one.operation for one in world.aws.requests].count("DescribeClusters")
        assert reads <= 3, "thirty looks travel together"


async def test_what_is_bound_to_a_task_is_bound_there_too() -> None:
    bound: contextvars.ContextVar[str] = contextvars.ContextVar("bound", default="")
    cell = Cell("plugin")

    async def look() -> tuple[str, str]:
        return bound.get(), threading.current_thread().name

    bound.set("stage")
    assert await cell.run("look", look) == ("stage", "apollo-plugin plugin")


async def test_cancelling_reaches_into_the_plugin() -> None:
    cell, ended = Cell("plugin"), threading.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with anyio.move_on_after(0.2):
        await cell.run("wait", wait)
    assert await anyio.to_thread.run_sync(ended.wait, 5)


# ── it does not ──────────────────────────────────────────────────────────────────────────────────────────


def _raise(error: BaseException) -> Callable[..., Any]:
    def method(self: Any, *_: Any) -> Any:
        raise error

    return method


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("diff", None, "several Step is expected, and it answered None"),
        ("diff", ["create"], "an object of type str"),
        ("diff", [Step("create", Key("Service", "stage", "web"), Call("ecs", "X", {}))], "none of its own"),
        ("diff", [Step("create", Key("acme.Thing", "stage", "a"), "ecs:X")], "steps with a Call"),  # type: ignore[arg-type]
        ("identity", "arn:…", "Identity or None"),
        ("health", None, "Health"),
        ("outputs", {"arn": 7}, "a mapping of str to str"),
        ("settled", True, "Wait or None"),
        ("group", 3, "str or None"),
    ],
)
def test_nonsense_is_told_with_the_name_of_the_plugin(method: str, answer: Any, said: str) -> None:
    broken = type("Broken", (Thing,), {method: lambda self, *_: answer})()
    with pytest.raises(Terminal, match="acme-things") as raised:
        getattr(isolated(broken), method)(*[None] * (1 if method == "outputs" else 2))
    assert said in str(raised.value) and raised.value.code == "APO-PLUGIN-011"


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), RecursionError(), TimeoutError()]
)
def test_whatever_is_raised_is_told_as_a_fault_of_the_plugin(error: BaseException) -> None:
    broken = type("Broken", (Thing,), {"diff": _raise(error)})()
    with pytest.raises(Terminal, match=r"acme\.Thing of acme-things 1\.0: diff failed") as raised:
        isolated(broken).diff(None, None)
    assert raised.value.code == "APO-PLUGIN-010"


def test_its_author_is_told_the_line() -> None:
    broken = isolated(type("Broken", (Thing,), {"diff": _raise(ValueError("no"))})())
    with pytest.raises(
        Terminal, match=r": diff failed at tests\.plugins\.test_isolated:\d+: ValueError: no$"
    ):
        broken.diff(None, None)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), asyncio.CancelledError()])
async def test_whatever_is_raised_while_looking_too(error: BaseException) -> None:
    async def observe(self: Any, *_: Any) -> Any:
        raise error

    broken = isolated(type("Broken", (Thing,), {"observe": observe})())
    with pytest.raises(Terminal, match="observe failed"):
        await broken.observe(None, None, None)  # type: ignore[arg-type]


async def test_what_a_plugin_lists_as_ours_is_of_its_own_kind() -> None:
    async def owned(self: Any, *_: Any) -> AsyncIterator[Owned]:
        yield Owned(Key("Service", "stage", "web"), Identity("ecs:service", "green/web"))

    broken = isolated(type("Broken", (Thing,), {"owned": owned})())
    with pytest.raises(Terminal, match="lists Service/web, which is none of its own"):
        _ = [one async for one in broken.owned(None, ())]  # type: ignore[arg-type]


def test_one_that_blocks_is_waited_for_once_and_not_called_again() -> None:
    release = threading.Event()
    calls: list[float] = []

    class Slow(Thing):
        def diff(self, want: Any, seen: Any) -> Sequence[Step]:
            calls.append(time.monotonic())
            if len(calls) > 1:
                release.wait(60)
            return ()

    slow = isolated(Slow())
    assert slow.diff(None, None) == ()
    for _ in range(50):
        with pytest.raises(Transient, match="does not answer in diff of"):
            slow.diff(None, None)
    assert len(calls) == 2, "it is not called while it has not answered"
    release.set()
    for _ in range(500):
        try:
            assert slow.diff(None, None) == ()
            break
        except Transient:
            time.sleep(0.01)
    else:
        pytest.fail("it is used again once it answers")


@pytest.mark.parametrize("where", ["diff", "observe"])
async def test_everybody_else_goes_on_while_one_blocks(world: World, where: str) -> None:
    """Blocked all along: the service is deployed, the plugin is named, nothing is pruned."""
    release = threading.Event()

    class Blocks(Thing):
        if where == "diff":

            def diff(self, want: Any, seen: Any) -> Sequence[Step]:
                release.wait(60)
                return ()
        else:

            async def observe(self, ctx: Any, at: Any, want: Any) -> Any:
                release.wait(60)

    world.configure(sync="{prune: true}")
    world.write({"x/t.yaml": thing(), "web/web.yaml": task_definition() + "---" + service()})
    events: list[Event] = []
    async with (
        world.operator(
            clock=ScaledClock(SPEED), listen=events.append, controllers=[isolated(Blocks())]
        ) as operator,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(operator.run)
        await until(lambda: healthy(operator, "Service/web"), 30)
        world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
        await until(lambda: world.calls().count("UpdateService") == 1, 30)
        await until(lambda: any(one.reason == "PluginHangs" for one in events), 30)
        told = next(one for one in events if one.reason == "PluginHangs")
        assert "plugin acme-things 1.0 does not answer" in told.message
        assert "DeleteCluster" not in world.calls()
        release.set()
        operator.stop()

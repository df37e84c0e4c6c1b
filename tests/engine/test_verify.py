"""The checks of a plan: what a kind is told, what becomes of what it says, and that nothing else suffers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import anyio.lowlevel
import pytest
from attrs import evolve

from apollo.api import Allowed, Around, Call, Context, Denied, Key, Loader, Origin, Problem, Resource
from apollo.engine.verify import Preflight, verify
from tests.engine.toy import Base, Box, BoxSpec, ToyContext, ToyKinds, World, box, snapshot

pytestmark = pytest.mark.anyio


class Wall(Loader[str, str]):
    name = "wall"
    batch = 10

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, str]:
        raise NotImplementedError


class Checking(Box):
    """Says what its size stands for."""

    kind = "Checking"

    def __init__(self) -> None:
        self.told: dict[str, tuple[Resource[BoxSpec], Any, Around]] = {}

    def provides(self, spec: BoxSpec) -> Iterable[str]:
        return (f"thing:{spec.place}",)

    async def verify(
        self, ctx: Context, want: Resource[BoxSpec], seen: Any, around: Around
    ) -> AsyncIterator[Problem]:
        self.told[want.key.name] = (want, seen, around)
        size = want.spec.size
        if size > 1:
            yield Problem("X-1", "it is warned of", path="/size", severity="warning")
        if size == 3:
            raise RuntimeError("a bug of the kind")
        if size == 4:
            yield Problem("X-2", "it is not there", path="/size", hint="make it")
        if size == 5:
            await ctx.write(Call("toy", "Put", {"Id": "x"}))


def checked() -> tuple[World, Checking]:
    kind = Checking()
    return World(kinds=ToyKinds((kind, Box(), Base()))), kind


async def preflight(world: World, *resources: Resource[BoxSpec]) -> Preflight:
    engine = world.engine()
    engine.take(snapshot(*resources))
    await engine.plan()
    return await verify(engine.looker, engine.members)


async def test_a_kind_that_checks_nothing_is_no_trouble() -> None:
    found = await preflight(World(), box("a"), box("b"))
    assert (found.findings, found.resources, found.failed) == ((), 2, False)


async def test_what_a_kind_says_stands_at_its_manifest() -> None:
    world, _ = checked()
    one = evolve(box("a", 4, kind="Checking"), origin=Origin("apps/a.yaml", 7))
    found = await preflight(world, one)
    assert found.failed
    assert [(item.status, item.problem.code) for item in found.findings] == [
        ("warning", "X-1"),
        ("failed", "X-2"),
    ]
    assert found.to_list()[1] == {
        "key": "Checking/a",
        "status": "failed",
        "code": "X-2",
        "path": "/size",
        "message": "it is not there",
        "hint": "make it",
        "file": "apps/a.yaml",
        "line": 7,
    }


@pytest.mark.parametrize("size", [3, 5])
async def test_a_kind_that_breaks_or_writes_is_told_as_unchecked_and_the_others_are_checked(
    size: int,
) -> None:
    world, _ = checked()
    found = await preflight(world, box("a", size, kind="Checking"), box("b", 2, kind="Checking"))
    assert [(item.key.name, item.status) for item in found.findings] == [
        ("a", "warning"),  # what it said before stays
        ("a", "unchecked"),
        ("b", "warning"),
    ]
    assert not found.failed
    assert world.cloud.mutations == []


async def test_a_kind_is_told_what_git_holds_and_what_is_seen() -> None:
    world, kind = checked()
    await preflight(world, box("a", kind="Checking"), box("b", kind="Checking", needs="x"))
    want, seen, around = kind.told["a"]
    assert (want.key.name, seen) == ("a", None)
    assert set(around.resources) == {Key("Checking", "stage", name) for name in "ab"}
    assert around.provided == {"thing:a", "thing:b"}


async def test_what_a_gate_denies_provides_nothing() -> None:
    class NoB:
        name = "no-b"

        def check(self, plan: Any) -> Any:
            return Denied("No", "no b here") if plan.key.name == "b" else Allowed()

    world, kind = checked()
    world.gates = (NoB(),)
    await preflight(world, box("a", kind="Checking"), box("b", kind="Checking"))
    assert kind.told["a"][2].provided == {"thing:a"}


async def test_what_many_ask_for_is_loaded_once_and_an_error_reaches_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    wall = Wall()

    async def load(self: ToyContext, loader: Any, key: str, /) -> str:
        asked.append(key)
        await anyio.lowlevel.checkpoint()
        if key == "bad":
            raise RuntimeError("no answer")
        return key.upper()

    monkeypatch.setattr(ToyContext, "load", load)

    class Loading(Box):
        kind = "Loading"

        async def verify(
            self, ctx: Context, want: Resource[BoxSpec], seen: Any, around: Around
        ) -> AsyncIterator[Problem]:
            yield Problem("X", str(await ctx.load(wall, "good")), severity="note")
            await ctx.load(wall, "bad")

    world = World(kinds=ToyKinds((Loading(),)))
    found = await preflight(world, *(box(name, kind="Loading") for name in "abcd"))
    assert sorted(asked) == ["bad", "good"]
    assert [item.problem.message for item in found.of("note")] == ["GOOD"] * 4
    assert len(found.of("unchecked")) == 4

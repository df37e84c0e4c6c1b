"""Resources of one group: their calls go out in one order, one call may settle several, and whoever cannot be
served keeps nobody else from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from apollo.api import Call, Change, Context, Denied, Env, Key, Lifecycle, Owned, Resource, Step
from apollo.engine.apply import Result, apply
from apollo.errors import Terminal
from apollo.gates.lifecycle import LifecycleGate
from apollo.settings import Sync
from tests.engine.toy import Box, BoxSpec, ToyKinds, World, box, snapshot

pytestmark = pytest.mark.anyio

Members = Sequence[tuple[Resource[BoxSpec] | None, dict[str, Any] | None]]


class Seat(Box):
    """All seats are one row: the tallest is served first; equally tall ones by one call; 13 is refused."""

    kind = "Seat"
    told: list[tuple[set[str], frozenset[Key]]] = []  # noqa: RUF012

    def group(self, spec: BoxSpec, env: Env) -> str:
        return "row"

    def diff_group(self, members: Members) -> Sequence[Step]:
        self.told.append(
            ({want.key.name for want, _ in members if want}, next(w.peers for w, _ in members if w))
        )
        steps = [step for want, seen in members for step in self.diff(want, seen)]
        steps.sort(key=lambda step: -step.call.params["size"])
        found: list[Step] = []
        for step in steps:
            same = found and found[-1].call.params["size"] == step.call.params["size"] != 13
            if same and step.verb == "update":
                changed = tuple((step.target, change) for change in step.changes)
                last = evolve(found[-1], also=(step.target,), also_changes=changed)
                both = [last.call.params, step.call.params]
                found[-1] = evolve(
                    last, call=Call("toy", "PutBoth", {"Id": both[0]["Id"], "Of": both, "size": 0})
                )
            else:
                found.append(step)
        return found

    def conflicts(self, members: Members) -> Mapping[Key, Denied]:
        return {
            want.key: Denied("Conflict", f"{want.key}: seat 13 is somebody else's")
            for want, _ in members
            if want is not None and want.spec.size == 13
        }

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        for params in step.call.params.get("Of", ()):
            await ctx.write(Call("toy", "Put", params))
        return {} if "Of" in step.call.params else await ctx.write(step.call)

    async def owned(self, ctx: Context, want: Collection[Resource[BoxSpec]]) -> AsyncIterator[Owned]:
        async for one in super().owned(ctx, want):
            yield evolve(one, group="row", order=-one.seen["size"])


def seat(name: str, size: int, **more: Any) -> Resource[BoxSpec]:
    return box(name, size, kind="Seat", **more)


def row() -> World:
    Seat.told.clear()
    return World(kinds=ToyKinds((Seat(),)))


async def serve(world: World, *seats: Resource[BoxSpec]) -> Result:
    engine = world.engine()
    engine.take(snapshot(*seats))
    return await apply(engine, await engine.plan())


async def test_the_calls_of_a_group_go_out_in_the_order_of_its_diff_and_as_announced() -> None:
    world = row()
    engine = world.engine()
    engine.take(snapshot(seat("a", 1), seat("b", 3), seat("c", 2)))
    plan = await engine.plan()
    announced = [step.target.name for step in plan.steps]
    await apply(engine, plan)
    assert announced == ["b", "c", "a"]
    assert [ident for _, ident in world.cloud.mutations] == ["Seat/b", "Seat/c", "Seat/a"]


async def test_one_call_that_settles_two_is_a_change_of_both() -> None:
    world = row()
    await serve(world, seat("a", 1), seat("b", 2))
    engine = world.engine()
    engine.take(snapshot(seat("a", 5), seat("b", 5)))
    plan = await engine.plan()
    assert [(item.key.name, item.action) for item in plan] == [("a", "update"), ("b", "update")]
    assert [item.changes for item in plan] == [(Change("/size", 1, 5),), (Change("/size", 2, 5),)]
    assert [call["keys"] for call in plan.to_dict()["calls"]] == [["Seat/a", "Seat/b"]]
    assert (await apply(engine, plan)).exit_code == 0
    assert not (await engine.plan()).changed


async def test_a_call_that_would_settle_a_suspended_one_too_is_made_without_it() -> None:
    world = row()
    world.gates = (LifecycleGate(),)
    await serve(world, seat("a", 1), seat("b", 2))
    world.cloud.calls.clear()
    result = await serve(world, seat("a", 5), seat("b", 5, lifecycle=Lifecycle(suspend=True)))
    assert result.exit_code == 3
    assert world.cloud.mutations == [("Put", "Seat/a")]
    assert Seat.told[-1] == ({"a"}, frozenset({Key("Seat", "stage", "b")})), "the held one is known as a peer"


async def test_who_asks_for_what_is_somebody_else_s_is_denied_alone() -> None:
    world = row()
    result = await serve(world, seat("a", 1), seat("b", 13), seat("c", 3))
    assert [ident for _, ident in world.cloud.mutations] == ["Seat/c", "Seat/a"]
    (finding,) = result.plan.findings
    assert (finding.decision, finding.reason, finding.key.name) == ("deny", "Conflict", "b")
    assert result.exit_code == 3


async def test_when_one_call_fails_the_others_are_planned_without_it() -> None:
    world = row()
    world.cloud.fail["Put Seat/b"] = Terminal("no")
    result = await serve(world, seat("a", 1), seat("b", 3), seat("c", 2))
    assert [ident for _, ident in world.cloud.mutations] == ["Seat/b", "Seat/c", "Seat/a"]
    assert Seat.told[-1][0] == {"a", "c"}
    assert result.exit_code == 1


async def test_what_goes_goes_in_the_order_of_its_kind_once_the_group_is_done() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 1), seat("b", 3), seat("c", 2), seat("d", 4))
    world.cloud.calls.clear()
    await serve(world, seat("d", 5))
    assert world.cloud.mutations == [
        ("Put", "Seat/d"), ("Delete", "Seat/b"), ("Delete", "Seat/c"), ("Delete", "Seat/a")
    ]  # fmt: skip
    world.cloud.fail["Put Seat/e"] = Terminal("no")
    world.cloud.calls.clear()
    await serve(world, seat("e", 1))
    assert world.cloud.mutations == [("Put", "Seat/e")], "what it is to be replaced with is not there"

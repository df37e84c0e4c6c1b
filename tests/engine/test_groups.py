"""Resources of one group: their calls go out in one order, one call may settle several, and whoever cannot be
served keeps nobody else from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from apollo.api import Call, Change, Context, Denied, Env, Key, Lifecycle, Owned, Ref, Resource, Step
from apollo.engine.apply import Result, apply
from apollo.errors import Terminal, Transient
from apollo.gates.lifecycle import LifecycleGate
from apollo.gates.prune import PruneGate
from apollo.settings import Sync
from tests.engine.test_loop import running
from tests.engine.toy import Box, BoxSpec, ToyKinds, World, box, snapshot

pytestmark = pytest.mark.anyio

Members = Sequence[tuple[Resource[BoxSpec] | None, dict[str, Any] | None]]


class Seat(Box):
    """All seats are one row: the tallest is served first, and cleared first; equally tall ones are served by
    one call; 13 is refused."""

    kind = "Seat"
    told: list[tuple[set[str], frozenset[Key]]] = []  # noqa: RUF012

    def group(self, spec: BoxSpec, env: Env) -> str:
        return "row"

    def diff_group(self, members: Members) -> Sequence[Step]:
        peers = next((want.peers for want, _ in members if want), frozenset())
        self.told.append(({want.key.name for want, _ in members if want}, peers))
        sized = [
            (want.spec.size if want else seen["size"] if seen else 0, step)
            for want, seen in members
            for step in self.diff(want, seen)
        ]
        steps = [step for _, step in sorted(sized, key=lambda pair: -pair[0])]
        found: list[Step] = []
        for step in steps:
            same = found and found[-1].call.params.get("size") == step.call.params.get("size") != 13
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


def mutations(world: World) -> list[tuple[str, str]]:
    made = world.cloud.mutations
    world.cloud.calls.clear()
    return made


async def leave(world: World, *seats: Resource[BoxSpec]) -> tuple[list[tuple[str, str]], Result]:
    """Announced, and done: the same calls in the same order."""
    engine = world.engine()
    engine.take(snapshot(*seats))
    mutations(world)
    plan = await engine.plan()
    announced = [(step.call.operation, str(step.call.params["Id"])) for step in plan.steps]
    assert not mutations(world)
    return announced, await apply(engine, plan)


async def test_what_has_left_git_goes_in_the_order_of_its_group_while_that_changes() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 1), seat("b", 5), seat("c", 2), seat("d", 3))
    announced, result = await leave(world, seat("c", 2), seat("d", 4))
    assert announced == [("Delete", "Seat/b"), ("Put", "Seat/d"), ("Delete", "Seat/a")]
    assert mutations(world) == announced
    assert result.exit_code == 0
    rows = {row["key"]: (row["action"], row["outcome"]) for row in result.to_dict()["resources"]}
    assert rows == {
        "Seat/a": ("delete", "Succeeded"),
        "Seat/b": ("delete", "Succeeded"),
        "Seat/c": ("none", "Succeeded"),
        "Seat/d": ("update", "Succeeded"),
    }
    assert set(world.cloud.objects) == {"Seat/c", "Seat/d"}


async def test_where_nothing_changes_it_goes_in_the_order_of_kinds() -> None:
    world = World(kinds=ToyKinds((Box(), Seat())), sync=Sync(prune=True, maxPrune=10))
    await serve(world, seat("a", 1), seat("b", 3), seat("d", 4), box("x"))
    announced, _ = await leave(world, seat("d", 4))
    assert announced == [("Delete", "Box/x"), ("Delete", "Seat/b"), ("Delete", "Seat/a")]
    assert mutations(world) == announced


async def test_what_a_gate_keeps_is_no_part_of_the_plan_of_its_group() -> None:
    world = row()
    world.gates = (PruneGate(),)
    await serve(world, seat("a", 1), seat("b", 3), seat("d", 4))
    announced, result = await leave(world, seat("d", 5))
    assert announced == [("Put", "Seat/d")] == mutations(world)
    assert {item.key.name for item in result.plan if item.findings} == {"a", "b"}
    assert result.exit_code == 0
    world.sync = Sync(prune=True, maxPrune=1)
    announced, result = await leave(world, seat("d", 6))
    assert announced == [("Put", "Seat/d")] == mutations(world), "two would be more than the cap allows"
    assert result.exit_code == 3


async def test_nothing_goes_while_what_may_take_its_place_waits_or_has_failed() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 3), seat("d", 2))
    missing = Ref("Seat", "nowhere", "arn")
    waiting = evolve(seat("e", 1), references=(missing,))
    announced, result = await leave(world, waiting, seat("d", 4))
    assert announced == [("Put", "Seat/d")] == mutations(world)
    (gone,) = [item for item in result.plan if item.absent]
    assert gone.why == "waits for Seat/e"
    world.cloud.fail["Put Seat/e"] = Terminal("no")
    announced, result = await leave(world, seat("e", 4), seat("d", 4))
    assert announced == [("Put", "Seat/e"), ("Delete", "Seat/a")]
    assert mutations(world) == [("Put", "Seat/e")], "what takes its place could not be made"
    assert result.exit_code == 1


async def test_an_incomplete_list_prunes_nothing_of_a_group() -> None:
    world = row()
    world.gates = (PruneGate(),)
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 3), seat("d", 2))
    world.cloud.fail["list Seat"] = Transient("page 2 was lost")
    announced, _ = await leave(world, seat("d", 4))
    assert announced == [("Put", "Seat/d")] == mutations(world)


async def test_what_somebody_else_deletes_in_between_is_gone() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 1), seat("d", 2))
    engine = world.engine()
    engine.take(snapshot(seat("d", 4)))
    plan = await engine.plan()
    del world.cloud.objects["Seat/a"]
    mutations(world)
    result = await apply(engine, plan)
    assert mutations(world) == [("Put", "Seat/d")]
    assert result.exit_code == 0, result.outcomes


async def test_when_one_of_a_group_has_moved_an_exact_apply_sends_nothing_of_it() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 1), seat("b", 2), seat("c", 3))
    engine = world.engine()
    engine.take(snapshot(seat("a", 1), seat("b", 5)))
    plan = await engine.plan()
    world.cloud.objects["Seat/a"]["size"] = 9
    mutations(world)
    result = await apply(engine, plan, exact=True)
    assert not mutations(world)
    said = {one.key.name: one.message for one in result.outcomes if one.outcome == "Failed"}
    assert said.keys() == {"a", "b", "c"}
    assert said["b"] == "planned together with Seat/a, which changed after the plan was made; plan again"


async def test_what_goes_goes_once_its_group_is_done() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    await serve(world, seat("a", 1), seat("d", 4))
    world.cloud.fail["Put Seat/e"] = Terminal("no")
    announced, _ = await leave(world, seat("e", 5))
    assert announced[0] == ("Put", "Seat/e")
    assert mutations(world) == [("Put", "Seat/e")], "what it is to be replaced with is not there"


async def test_the_operator_lists_again_before_it_changes_a_group_that_something_has_left() -> None:
    """What was made since the last list is not known to it, and goes with the change all the same."""
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    first = snapshot(seat("a", 5), seat("b", 3))
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(10)
        second = snapshot(seat("a", 5), seat("b", 3), seat("new", 9), before=first)
        loop.take(second)
        await world.clock.advance(2)
        mutations(world)
        loop.take(snapshot(seat("a", 5), seat("b", 8), before=second))
        await world.clock.advance(2)
        assert mutations(world) == [("Delete", "Seat/new"), ("Put", "Seat/b")]
        assert {str(row.key): row.sync for row in loop.status().resources} == {
            "Seat/a": "Synced",
            "Seat/b": "Synced",
        }
    deleted = [event.key.name for event in world.events if event.type == "Deleted" and event.key]
    assert deleted == ["new"]


async def test_the_operator_shows_what_could_not_be_deleted_and_tries_again() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    first = snapshot(seat("a", 5), seat("b", 9))
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(10)
        world.cloud.fail["Delete Seat/b"] = Transient("busy", reason="Unavailable")
        loop.take(snapshot(seat("a", 6), before=first))
        await world.clock.advance(2)
        assert "Seat/b" in world.cloud.objects
        assert world.cloud.objects["Seat/a"]["size"] == 6, "the others go on"
        assert {row.key.name: row.reason for row in loop.status().resources}["b"] == "Unavailable"
        world.cloud.fail.clear()
        await world.clock.advance(120)
        assert set(world.cloud.objects) == {"Seat/a"}
        assert {row.key.name for row in loop.status().resources} == {"a"}


async def test_git_that_takes_it_back_in_time_keeps_it() -> None:
    world = row()
    world.sync = Sync(prune=True, maxPrune=10)
    first = snapshot(seat("a", 5), seat("b", 9))
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(10)
        mutations(world)
        gone = snapshot(seat("a", 6), before=first)
        loop.take(gone)
        loop.take(snapshot(seat("a", 6), seat("b", 9), before=gone))
        await world.clock.advance(120)
        assert mutations(world) == [("Put", "Seat/a")]

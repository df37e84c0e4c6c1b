"""The operator's loop over a toy cloud and a virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from attrs import evolve

from apollo.api import AppState, Context, Env, Key, Owned, Problem, Resource, Snapshot, Step, marker
from apollo.engine.loop import Loop
from apollo.errors import Terminal, Transient
from apollo.gates.prune import PruneGate
from apollo.gates.sync import SyncGate
from apollo.settings import Sync
from tests.engine.toy import Base, Box, BoxSpec, ToyKinds, World, box, snapshot
from tests.virtual import VirtualClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(world: World, **options: object) -> AsyncIterator[Loop]:
    world.clock = VirtualClock()
    loop = Loop(world.engine(manual=False), **options)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loop.run)
        yield loop
        loop.stop()


def status(loop: Loop, name: str, kind: str = "Box") -> tuple[str, str, str]:
    row = next(row for row in loop.status().resources if row.key == Key(kind, "stage", name))
    return row.sync, row.health.status, row.reason


async def test_a_commit_is_applied_and_a_second_changes_only_its_own() -> None:
    world = World()
    async with running(world) as loop:
        first = snapshot(box("web", kind="Base"), box("web", needs=marker("Base", "web", "arn")), box("x"))
        loop.take(first)
        await world.clock.advance(1)
        assert status(loop, "web") == ("Synced", "Healthy", "")
        assert len(world.cloud.mutations) == 3
        world.cloud.calls.clear()
        loop.take(
            snapshot(
                box("web", 2, kind="Base"),
                box("web", needs=marker("Base", "web", "arn")),
                box("x"),
                before=first,
            )
        )
        await world.clock.advance(0.5)
        assert world.cloud.mutations == [("Register", "Base/web"), ("Put", "Box/web")]
        assert not [call for call in world.cloud.calls if call[1] == "Box/x"]


async def test_drift_is_found_and_healed_within_a_sweep() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(snapshot(box("a")))
        await world.clock.advance(2)
        world.cloud.objects["Box/a"]["size"] = 42
        await world.clock.advance(70)
        assert world.cloud.objects["Box/a"]["size"] == 1
        told = [event.type for event in world.events]
        assert told[told.index("Drifted") :] == ["Drifted", "Acting", "Acted", "Synced"]


async def test_a_restart_takes_what_it_does_not_know_yet_for_no_drift() -> None:
    world = World()
    first = snapshot(box("web", kind="Base"), box("web", needs=marker("Base", "web", "arn")))
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(2)
    world.events.clear()
    world.cloud.fail["Base/web"] = Transient("no answer", reason="Unavailable")
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(1)
        assert status(loop, "web")[2] != "Drifted"
        del world.cloud.fail["Base/web"]
        await world.clock.advance(70)
        assert status(loop, "web") == ("Synced", "Healthy", "")
    assert [event for event in world.events if event.type == "Drifted"] == []


def many(**changed: int) -> Snapshot:
    """More than are looked at at once: pairs of something immutable and what uses it."""
    names = [f"b{number:03d}" for number in range(60)]
    boxes = (box(name, changed.get(name, 1), needs=marker("Base", name, "arn")) for name in names)
    return snapshot(*(box(name, kind="Base") for name in names), *boxes)


async def test_a_start_with_very_much_reads_what_the_list_of_ours_does_not_tell_and_no_more() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(5)
    objects = dict(world.cloud.objects)
    assert len(objects) == 120
    world.cloud.calls.clear()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(1)
        assert {status(loop, f"b{number:03d}") for number in range(60)} == {("Synced", "Healthy", "")}
        assert sorted(world.cloud.calls) == [("Read", f"Base/b{number:03d}") for number in range(60)]
        world.cloud.calls.clear()
        await world.clock.advance(30)
        assert world.cloud.calls == []
    assert world.cloud.objects == objects


async def test_a_start_with_very_much_heals_at_once_what_differs_and_tells_the_rest() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(5)
    world.cloud.objects["Box/b007"]["size"] = 42
    del world.cloud.objects["Base/b011"]
    del world.cloud.objects["Box/b023"]
    world.cloud.objects["Box/old"] = {
        "Id": "Box/old", "size": 1, "needs": None, "arn": "arn:old", "age": 9,
        "tags": {"apollo:owner": "acme/stage/Box/old"},
    }  # fmt: skip
    world.cloud.calls.clear()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(1)
        assert {status(loop, f"b{number:03d}") for number in range(60)} == {("Synced", "Healthy", "")}
        assert sorted(world.cloud.mutations) == [
            ("Delete", "Box/old"),
            ("Put", "Box/b007"),
            ("Put", "Box/b011"),
            ("Put", "Box/b023"),
            ("Register", "Base/b011"),
        ]
        read = [ident for operation, ident in world.cloud.calls if operation == "Read"]
        read = [ident for ident in read if ident.startswith("Box/")]
        assert set(read) == {"Box/b007", "Box/b011", "Box/b023", "Box/old"}


async def test_whoever_asks_for_a_look_at_very_much_gets_one_list_and_a_look_at_what_differs() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(40)
        world.cloud.objects["Box/b007"]["size"] = 42
        world.cloud.fail["Put Box/b009"] = Terminal("no", reason="AccessDenied")
        loop.take(evolve(many(b009=9), changed=frozenset({Key("Box", "stage", "b009")})))
        await world.clock.advance(0.5)
        world.cloud.fail.clear()
        world.cloud.calls.clear()
        loop.look()
        await world.clock.advance(5)
        assert ("Put", "Box/b007") in world.cloud.mutations
        read = {ident for operation, ident in world.cloud.calls if operation == "Read"}
        assert {ident for ident in read if ident.startswith("Box/")} == {"Box/b007", "Box/b009"}


async def test_a_look_that_hangs_holds_up_no_first_look_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apollo.engine.sweeping._PATIENCE", 0.05)
    world = World()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(5)

    class Hanging(Base):
        async def observe(self, ctx: Context, at: Any, want: Any) -> Any:
            if want.key.name == "b030":
                await anyio.sleep_forever()
            return await super().observe(ctx, at, want)

    world.kinds = ToyKinds((Hanging(), Box()))
    async with running(world) as loop:
        loop.take(many())
        with anyio.fail_after(10):
            while status(loop, "b059")[0] != "Synced":  # noqa: ASYNC110 - patience is in real time
                await anyio.sleep(0.01)
        assert status(loop, "b030")[0] != "Synced", "it waits for what hangs"


async def test_a_commit_overtakes_the_first_look_at_very_much() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(many())
        await world.clock.advance(5)
    reached, release = anyio.Event(), anyio.Event()

    class Slow(Base):
        async def observe(self, ctx: Context, at: Any, want: Any) -> Any:
            if want.key.name == "b030" and not release.is_set():
                reached.set()
                await release.wait()
            return await super().observe(ctx, at, want)

    world.kinds = ToyKinds((Slow(), Box()))
    async with running(world) as loop:
        first = many()
        loop.take(first)
        await reached.wait()
        second = many(b001=7)
        changed = frozenset({Key("Box", "stage", "b001")})
        loop.take(evolve(second, changed=changed))
        await world.clock.advance(0.5)
        assert world.cloud.objects["Box/b001"]["size"] == 7, "the first look still goes on"
        release.set()
        await world.clock.advance(1)
        assert {status(loop, f"b{number:03d}") for number in range(60)} == {("Synced", "Healthy", "")}
        assert world.cloud.objects["Box/b001"]["size"] == 7


async def test_a_machine_too_slow_to_act_on_a_fresh_look_tries_again_before_the_next_sweep() -> None:
    world = World()
    slow = 20

    class Slow(Box):
        def diff(self, want: Resource[BoxSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
            nonlocal slow
            if slow:
                slow -= 1
                world.clock.time += 1.5
            return super().diff(want, seen)

    world.kinds = ToyKinds((Slow(),))
    async with running(world) as loop:
        loop.take(snapshot(box("a")))
        await world.clock.advance(55)
        assert status(loop, "a") == ("Synced", "Healthy", "")


async def test_steady_state_makes_no_mutating_call_and_reads_what_listing_told_only_once() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(snapshot(*(box(f"b{number}") for number in range(20))))
        await world.clock.advance(5)
        world.cloud.calls.clear()
        await world.clock.advance(600)
        assert world.cloud.mutations == []
        assert world.cloud.calls == [], "the sweep's listing tells everything"
        assert loop.swept > 0


async def test_a_passing_error_is_retried_with_growing_delays() -> None:
    world = World()
    async with running(world) as loop:
        world.cloud.fail["Box/a"] = Transient("no answer", reason="Unavailable")
        loop.take(snapshot(box("a"), box("b")))
        await world.clock.advance(45)
        tries = len([call for call in world.cloud.calls if call == ("Read", "Box/a")])
        assert 4 <= tries <= 8
        assert status(loop, "a") == ("Unknown", "Unknown", "Unavailable")
        assert status(loop, "b")[0] == "Synced"
        del world.cloud.fail["Box/a"]
        await world.clock.advance(60)
        assert status(loop, "a")[0] == "Synced"


async def test_a_refused_call_sleeps_until_the_generation_moves() -> None:
    world = World()
    async with running(world) as loop:
        world.cloud.fail["Put Box/a"] = Terminal("not like this", reason="Invalid")
        first = snapshot(box("a"))
        loop.take(first)
        await world.clock.advance(1000)
        assert len(world.cloud.mutations) == 1
        assert status(loop, "a")[::2] == ("Unknown", "Invalid")
        del world.cloud.fail["Put Box/a"]
        loop.take(snapshot(box("a", 2), before=first))
        await world.clock.advance(1)
        assert len(world.cloud.mutations) == 2
        assert status(loop, "a")[0] == "Synced"


async def test_a_missing_permission_is_tried_again_once_it_may_have_been_granted() -> None:
    world = World()
    async with running(world) as loop:
        world.cloud.fail["Put Box/a"] = Terminal("may not Put", reason="AccessDenied")
        loop.take(snapshot(box("a"), box("b")))
        await world.clock.advance(250)
        assert world.cloud.mutations.count(("Put", "Box/a")) == 1, "sweeps look at it, and do not try it"
        del world.cloud.fail["Put Box/a"]
        await world.clock.advance(100)
        assert status(loop, "a") == ("Synced", "Healthy", "")


async def test_a_call_that_was_not_done_does_not_count_as_one_that_does_not_last() -> None:
    world = World()
    async with running(world) as loop:
        world.cloud.fail["Put Box/a"] = Transient("Rate exceeded", reason="Throttled")
        loop.take(snapshot(box("a")))
        await world.clock.advance(60)
        assert status(loop, "a")[2] == "Throttled"
        del world.cloud.fail["Put Box/a"]
        await world.clock.advance(70)  # the seventh delay is 64 s at the most
        assert status(loop, "a") == ("Synced", "Healthy", "")


@pytest.mark.parametrize(("lag", "drifts"), [(60.0, False), (15.0, True)])
async def test_what_aws_does_not_show_yet_is_waited_for_and_not_done_again(lag: float, drifts: bool) -> None:
    world = World()
    written = 0.0
    before: dict[str, Any] | None = None

    class Stale(Box):
        async def observe(self, ctx: Context, at: Any, want: Any) -> Any:
            found = await super().observe(ctx, at, want)
            return before if world.clock.monotonic() - written < lag else found

        async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
            nonlocal written
            written = world.clock.monotonic()
            return await super().act(ctx, step)

        async def owned(self, ctx: Context, want: Any) -> AsyncIterator[Owned]:
            nothing: tuple[Owned, ...] = ()
            for one in nothing:
                yield one

    world.kinds = ToyKinds((Base(), Stale()))
    async with running(world) as loop:
        loop.take(snapshot(box("a")))
        await world.clock.advance(10)
        assert status(loop, "a")[0] == "OutOfSync"
        await world.clock.advance(lag + 70)
        assert status(loop, "a") == ("Synced", "Healthy", "")
        assert world.cloud.mutations == [("Put", "Box/a")]
        if drifts:
            world.cloud.objects["Box/a"]["size"] = 42
            before = {**world.cloud.objects["Box/a"], "settle": 0}
            await world.clock.advance(150)
            assert status(loop, "a") == ("Synced", "Healthy", "")
            assert world.cloud.mutations == [("Put", "Box/a")] * 2


async def test_a_newer_commit_supersedes_a_rollout() -> None:
    world = World()
    world.cloud.settle_after = 10**6
    async with running(world) as loop:
        first = snapshot(box("a"))
        loop.take(first)
        await world.clock.advance(20)
        assert status(loop, "a") == ("Synced", "Progressing", "RollingOut")
        loop.take(snapshot(box("a", 2), before=first))
        await world.clock.advance(0.1)
        assert len(world.cloud.mutations) == 2


async def test_going_back_to_an_earlier_commit_is_no_drift() -> None:
    world = World(gates=[SyncGate()], sync=Sync(selfHeal=False))
    async with running(world) as loop:
        first = snapshot(box("a"))
        loop.take(first)
        await world.clock.advance(5)
        world.cloud.settle_after = 10**6  # the next one never comes to its end
        second = snapshot(box("a", 2), before=first)
        loop.take(second)
        await world.clock.advance(20)
        assert world.cloud.objects["Box/a"]["size"] == 2
        loop.take(snapshot(box("a"), before=second))
        await world.clock.advance(5)
        assert world.cloud.objects["Box/a"]["size"] == 1
        assert "Drifted" not in [event.type for event in world.events]


async def test_a_rollout_past_its_deadline_is_degraded_and_followed_slowly() -> None:
    world = World()
    world.cloud.settle_after = 10**6
    async with running(world) as loop:
        loop.take(snapshot(box("a")))
        await world.clock.advance(950)
        assert status(loop, "a") == ("Synced", "Degraded", "RollingOut") or (
            status(loop, "a")[1:] == ("Degraded", "ProgressDeadlineExceeded")
        )


async def test_a_rolled_back_generation_is_told_once() -> None:
    world = World()
    async with running(world) as loop:
        loop.take(snapshot(box("a", 5)))
        await world.clock.advance(1)
        world.cloud.objects["Box/a"] |= {"broken": 5, "size": 4}
        await world.clock.advance(400)
        rolled = [event for event in world.events if event.type == "RolledBack"]
        assert len(rolled) == 1


async def test_dry_run_looks_and_sends_nothing() -> None:
    world = World()
    async with running(world, dry_run=True) as loop:
        loop.take(snapshot(box("a")))
        await world.clock.advance(300)
        assert world.cloud.mutations == []
        assert status(loop, "a")[0] == "OutOfSync"


async def test_what_left_git_is_deleted_only_with_complete_knowledge() -> None:
    world = World(gates=[PruneGate()], sync=Sync(prune=True))
    async with running(world) as loop:
        first = snapshot(box("a"), box("b"))
        loop.take(first)
        await world.clock.advance(2)
        broken = snapshot(box("a"), before=first)
        broken = Snapshot(
            "stage",
            "c2",
            "cfg",
            broken.resources,
            {"app": AppState("c", (Problem("APO-YAML-001", "broken"),))},
            broken.changed,
        )
        loop.take(broken)
        await world.clock.advance(100)
        assert status(loop, "b") == ("OutOfSync", "Healthy", "PruneIncomplete")
        assert set(world.cloud.objects) == {"Box/a", "Box/b"}
        loop.take(snapshot(box("a"), commit="c3", before=broken))
        await world.clock.advance(100)
        assert set(world.cloud.objects) == {"Box/a"}
        assert [event.key.name for event in world.events if event.type == "Deleted" and event.key] == ["b"]


async def test_what_comes_back_to_git_while_others_are_deleted_is_kept() -> None:
    world = World(gates=[PruneGate()], sync=Sync(prune=True, maxPrune=10))
    deleted = 0

    class Reverting(Box):
        async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
            nonlocal deleted
            answer = await super().act(ctx, step)
            if step.verb == "delete":
                deleted += 1
                loop.take(snapshot(*first.resources.values(), commit="revert", before=less))
            return answer

    world.kinds = ToyKinds((Reverting(),))
    async with running(world) as loop:
        first = snapshot(*(box(name) for name in "abcd"))
        loop.take(first)
        await world.clock.advance(2)
        less = snapshot(box("a"), before=first)
        loop.take(less)
        await world.clock.advance(100)
        assert deleted == 1, "the first one was gone before the revert came; the others were wanted again"
        assert set(world.cloud.objects) == {"Box/a", "Box/b", "Box/c", "Box/d"}


async def test_another_writer_who_made_the_same_again_is_agreed_with() -> None:
    """Two operators, or one and a person's apply: both register a revision of one content."""
    world = World()

    class Revision(Base):
        immutable = True

    world.kinds = ToyKinds((Revision(), Box()))
    async with running(world) as loop:
        loop.take(snapshot(box("web", kind="Base"), box("web", needs=marker("Base", "web", "arn"))))
        await world.clock.advance(2)
        world.cloud.objects["Base/web"]["arn"] = "arn:of-the-other"
        world.cloud.objects["Box/web"]["needs"] = "arn:of-the-other"
        world.cloud.calls.clear()
        await world.clock.advance(200)
        assert world.cloud.mutations == []
        assert status(loop, "web") == ("Synced", "Healthy", "")


async def test_a_commit_may_come_while_everything_is_being_looked_at() -> None:
    world = World()
    armed = False

    class Late(Box):
        async def observe(self, ctx: Context, at: Any, want: Any) -> Any:
            nonlocal armed
            if armed:
                armed = False
                loop.take(snapshot(box("e"), before=first))
            return await super().observe(ctx, at, want)

        async def owned(self, ctx: Context, want: Any) -> AsyncIterator[Owned]:
            nothing: tuple[Owned, ...] = ()
            for one in nothing:
                yield one

    world.kinds = ToyKinds((Base(), Late()))
    async with running(world) as loop:
        first = snapshot(*(box(name) for name in "abc"), box("d", needs=marker("Box", "a", "arn")))
        loop.take(first)
        await world.clock.advance(2)
        armed = True
        plan = await loop.engine.plan()
        await world.clock.advance(2)
        assert not {item.key.name for item in plan if item.failure}
        assert status(loop, "e") == ("Synced", "Healthy", "")


async def test_a_deletion_names_the_commit_that_asks_for_it() -> None:
    world = World(gates=[PruneGate()], sync=Sync(prune=True))
    first = snapshot(box("a"), box("b", app="other"))
    async with running(world) as loop:
        loop.take(first)
        await world.clock.advance(2)
        loop.take(snapshot(box("a"), commit="c2", before=first))
        await world.clock.advance(2)
    (event,) = [one for one in world.events if one.type == "Acted" and one.call == "toy:Delete"]
    assert event.commit == "c2"


async def test_every_state_that_is_not_synced_says_why_and_when_it_is_tried_next() -> None:
    world = World()
    async with running(world) as loop:
        world.cloud.fail["Box/a"] = Transient("no answer", reason="Unavailable")
        world.cloud.fail["Put Box/c"] = Terminal("never", reason="Invalid")
        loop.take(snapshot(box("a"), box("b", needs=marker("Box", "a", "arn")), box("c"), box("d")))
        await world.clock.advance(5)
        for row in loop.status().resources:
            if row.sync != "Synced":
                assert row.reason and row.message and row.next_try is not None


async def test_what_is_required_is_made_before_what_requires_it() -> None:
    """A rule brings a target group to its load balancer; the service that needs that is created after it,
    however long the rule's group takes."""

    class Rule(Base):
        def provides(self, spec: BoxSpec) -> Iterable[str]:
            return [f"group:{spec.size}"]

        def group(self, spec: BoxSpec, env: Env) -> str | None:
            return "listener"

        async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
            await world.clock.sleep(3)
            return await super().act(ctx, step)

    class Service(Box):
        def requires(self, spec: BoxSpec) -> Iterable[str]:
            return [f"group:{spec.size}"]

    world = World()
    world.kinds = ToyKinds((Rule(), Service()))
    async with running(world) as loop:
        rules = [box(f"r{number}", number, kind="Base") for number in range(4)]
        loop.take(snapshot(*(box(f"s{number}", number) for number in range(4)), *rules))
        await world.clock.advance(60)
        calls = [ident for operation, ident in world.cloud.mutations]
        for number in range(4):
            assert calls.index(f"Base/r{number}") < calls.index(f"Box/s{number}")

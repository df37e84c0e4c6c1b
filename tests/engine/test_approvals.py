"""A plan that somebody approves as a whole, while the loop works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import anyio
import pytest
from attrs import define, field

from apollo.engine.loop import Loop
from apollo.engine.memory import Forgetful
from apollo.gates.prune import PruneGate
from apollo.settings import Sync
from tests.engine.toy import World, box, snapshot
from tests.virtual import VirtualClock

pytestmark = pytest.mark.anyio


@define
class Approving(Forgetful):
    """A memory in which somebody approves."""

    digests: set[str] = field(factory=set)

    def approved(self) -> Collection[str]:
        return frozenset(self.digests)

    async def used(self, digest: str) -> None:
        self.digests.discard(digest)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[World, Loop, Approving]]:
    memory = Approving()
    world = World(gates=(PruneGate(),), sync=Sync(prune=True, maxPrune=1), memory=memory)
    world.clock = VirtualClock()
    loop = Loop(world.engine(manual=False))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loop.run)
        loop.take(snapshot(*(box(name) for name in "abcd")))
        await world.clock.advance(2)
        yield world, loop, memory
        loop.stop()


async def leave(world: World, loop: Loop) -> None:
    """Three of four boxes leave git, and one may go without being asked about."""
    loop.take(snapshot(box("a"), before=loop.engine.snapshot))
    await world.clock.advance(2)
    assert sorted(world.cloud.objects) == ["Box/a", "Box/b", "Box/c", "Box/d"]


async def digest_of(world: World) -> str:
    """As a person's ``apollo plan`` shows it."""
    engine = world.engine()
    engine.take(snapshot(box("a")))
    return (await engine.plan()).digest


async def test_what_is_approved_as_one_plan_is_done() -> None:
    async with running() as (world, loop, memory):
        await leave(world, loop)
        memory.digests.add(await digest_of(world))
        await loop.approve()
        await world.clock.advance(5)
        assert sorted(world.cloud.objects) == ["Box/a"]
        assert memory.digests == set(), "an approval is good for once"


async def test_a_person_may_be_faster_than_the_loop() -> None:
    async with running() as (world, loop, memory):
        memory.digests.add(await digest_of(world))
        await loop.approve()
        await leave(world, loop)
        await loop.approve()
        await world.clock.advance(5)
        assert sorted(world.cloud.objects) == ["Box/a"]


async def test_looking_for_it_leaves_alone_what_the_workers_know() -> None:
    async with running() as (world, loop, memory):
        await leave(world, loop)
        looker = loop.engine.looker
        known, leaving = dict(looker.known), looker.leaving
        memory.digests.add("0123456789abcdef")
        world.cloud.objects["Box/a"]["arn"] = "arn:seen-by-this-look-only"
        sent = world.cloud.mutations
        await loop.approve()
        assert looker.known == known and looker.leaving is leaving
        assert world.cloud.mutations == sent


async def test_it_costs_nothing_where_it_cannot_help() -> None:
    async with running() as (world, loop, memory):
        await leave(world, loop)
        lists = 0
        original = type(loop.engine).look

        async def look(self: object, *args: object) -> object:
            nonlocal lists
            lists += 1
            return await original(self, *args)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(loop.engine), "look", look)
            await loop.approve()
            assert lists == 0, "nothing is approved"
            item = next(iter(loop.gone.values()))
            memory.digests.add(item.digest)
            await loop.approve()
            assert lists == 0, "a single resource is approved: the next look at it finds that"
            memory.digests.add("0123456789abcdef")
            await loop.approve()
            await loop.approve()
            assert lists == 1, "an approval of something else is looked for once"

"""Keys that are asked for at the same time travel in one call."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import anyio
import pytest

from apollo.api import Context, Loader
from apollo.aws.batches import Batches, Memory
from apollo.aws.buckets import Lane
from apollo.errors import AwsError, AwsTerminal, AwsTransient, Category

pytestmark = pytest.mark.anyio


def refusal(category: Category = "invalid", kind: type[AwsError] = AwsTerminal) -> AwsError:
    return kind("refused", service="ecs", operation="DescribeServices", category=category)


class Shelf(Loader[str, str]):
    """Fetches upper-cased keys; `missing` do not exist, `poison` makes AWS refuse the whole call."""

    name = "shelf"
    batch = 10

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.lanes: list[Lane] = []
        self.gate: anyio.Event | None = None
        self.poison: dict[str, Exception] = {}
        self.constant = False

    def scope(self, key: str) -> Hashable:
        return key.split("/")[0] if "/" in key else None

    def immutable(self, key: str, value: str) -> bool:
        return self.constant

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, str]:
        self.calls.append(list(keys))
        self.lanes.append(ctx)  # type: ignore[arg-type]
        if self.gate is not None:
            await self.gate.wait()
        for key in keys:
            if key in self.poison:
                raise self.poison[key]
        return {key: key.upper() for key in keys if not key.startswith("missing")}


class Room:
    def __init__(self, size: int = 100) -> None:
        self.shelf = Shelf()
        self.batches = Batches(Memory(size))
        self.found: dict[str, Any] = {}

    async def load(self, key: str, lane: Lane = "changed") -> str | None:
        return await self.batches.load(lambda lane: lane, lane, self.shelf, key)  # type: ignore[arg-type, return-value]

    async def keep(self, key: str, lane: Lane = "changed") -> None:
        try:
            self.found[key] = await self.load(key, lane)
        except Exception as raised:
            self.found[key] = raised

    async def all(self, *keys: str) -> None:
        async with anyio.create_task_group() as tasks:
            for key in keys:
                tasks.start_soon(self.keep, key)


async def test_keys_asked_for_together_are_one_call_and_each_gets_its_own() -> None:
    room = Room()
    await room.all("a", "b", "missing", "a")
    assert room.shelf.calls == [["a", "b", "missing"]]
    assert room.found == {"a": "A", "b": "B", "missing": None}


async def test_a_call_is_made_as_soon_as_it_is_full() -> None:
    room = Room()
    await room.all(*(f"k{number}" for number in range(25)))
    assert [len(call) for call in room.shelf.calls] == [10, 10, 5]
    assert len(room.found) == 25


async def test_a_key_that_comes_a_few_steps_later_still_travels_along() -> None:
    room = Room()

    async def later(key: str, steps: int) -> None:
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        await room.keep(key)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(later, f"k{number}", number)
    assert len(room.shelf.calls) == 1


async def test_keys_of_different_scopes_do_not_share_a_call() -> None:
    room = Room()
    await room.all("green/a", "blue/a", "green/b")
    assert sorted(room.shelf.calls) == [["blue/a"], ["green/a", "green/b"]]


async def test_a_read_under_way_is_not_joined_since_it_may_be_older_than_a_write() -> None:
    room = Room()
    room.shelf.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.keep, "a")
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(room.keep, "a")
        await anyio.wait_all_tasks_blocked()
        room.shelf.gate.set()
    assert room.shelf.calls == [["a"], ["a"]]


async def test_the_most_urgent_of_all_who_wait_decides_the_lane() -> None:
    room = Room()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.keep, "a", "sweep")
        tasks.start_soon(room.keep, "b", "act")
        tasks.start_soon(room.keep, "c", "changed")
    assert room.shelf.lanes == ["act"]


async def test_an_error_is_the_error_of_every_key_of_the_call() -> None:
    room = Room()
    failure = refusal("unavailable", AwsTransient)
    room.shelf.poison["b"] = failure
    await room.all("a", "b", "c")
    assert len(room.shelf.calls) == 1
    assert room.found == dict.fromkeys("abc", failure)
    room.shelf.poison.clear()
    assert await room.load("a") == "A"


async def test_a_plugins_own_fault_reaches_all_who_asked() -> None:
    room = Room()
    room.shelf.poison["a"] = KeyError("oops")
    await room.all("a", "b")
    assert all(isinstance(found, KeyError) for found in room.found.values())


@pytest.mark.parametrize("category", ["invalid", "access-denied", "not-found"])
async def test_one_key_that_aws_refuses_does_not_take_the_others_with_it(category: Category) -> None:
    room = Room()
    room.shelf.poison["k3"] = refusal(category)
    await room.all(*(f"k{number}" for number in range(10)))
    assert room.found.pop("k3") is room.shelf.poison["k3"]
    assert room.found == {f"k{number}": f"K{number}" for number in range(10) if number != 3}
    assert len(room.shelf.calls) <= 9


@pytest.mark.parametrize("leader", [True, False])
async def test_a_cancelled_waiter_does_not_take_the_others_with_it(leader: bool) -> None:
    room = Room()
    room.shelf.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as doomed:
                if leader:
                    doomed.start_soon(room.keep, "a")
                for key in "bcd":
                    tasks.start_soon(room.keep, key)
                if not leader:
                    doomed.start_soon(room.keep, "a")
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        room.shelf.gate.set()
    assert room.found == {"b": "B", "c": "C", "d": "D"}
    assert len(room.shelf.calls) == (2 if leader else 1)


async def test_a_batch_that_everybody_left_is_forgotten() -> None:
    room = Room()
    with anyio.move_on_after(0):
        await room.load("a")
    assert await room.load("b") == "B"
    assert room.shelf.calls[-1] == ["b"]


async def test_what_never_changes_is_fetched_once() -> None:
    room = Room()
    room.shelf.constant = True
    await room.all("a", "b")
    assert await room.load("a") == "A"
    await room.all("a", "b", "c")
    assert room.shelf.calls == [["a", "b"], ["c"]]


async def test_what_may_change_is_fetched_each_time_and_absence_is_never_remembered() -> None:
    room = Room()
    await room.load("a")
    await room.load("a")
    room.shelf.constant = True
    await room.load("missing")
    await room.load("missing")
    assert len(room.shelf.calls) == 4


async def test_the_memory_is_bounded_and_keeps_what_is_used() -> None:
    room = Room(size=2)
    room.shelf.constant = True
    for key in ("a", "b", "a", "c", "a", "b"):
        await room.load(key)
    assert room.shelf.calls == [["a"], ["b"], ["c"], ["b"]]

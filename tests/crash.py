"""Kill Apollo at every AWS call, before it, after its effect, or with its answer lost; start afresh; compare.

    await survives_every_crash(world, Story(before=..., change=...))

runs the story once without a fault, and then once per place where it can die. Fresh processes then run until
nothing is left to do. The state of AWS must be the one of the run without a fault, and the last run must not
change anything.

A process that is killed leaves behind what AWS holds and what lies on its disk, and nothing else. So to be
killed *before* a call is to find the two as they were just then: they are kept when the run without a fault
gets there, and laid back. Calls before which AWS is the same (reads one after another) are one place to die;
to die *after* a call is to die before the next. With the *answer lost* the process lives on, and is run.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from apollo.aws.sessions import Sessions, Timeouts
from apollo.engine.apply import Result
from apollo.operator import Operator
from tests.integration.world import World

__all__ = ["Story", "never_at_zero", "one_connection", "survives_every_crash"]

_RUNS = 6
"""Fresh processes after which nothing may be left to do."""


@frozen
class Story:
    """What happens: the world ``before`` (applied without faults), then ``change``, applied with them.

    :ivar options: for `World.apply` of the change. :ivar exit_code: how the last run must end.
    :ivar always: holds of the local AWS at any moment, e.g. that no service stands at 0 tasks. Looked at
        before each call of any process.
    :ivar beside: what else belongs to the state of AWS: of services that the local AWS leaves to moto.
    """

    change: Callable[[World], Any]
    before: Callable[[World], Any] | None = None
    options: dict[str, Any] = field(factory=dict)
    exit_code: int = 0
    always: Callable[[World], None] = lambda world: None
    beside: Callable[[World], Any] = lambda world: None


def never_at_zero(world: World) -> None:
    """No service is told to have no tasks, and none that had some has lost the last of them."""
    with world.aws.world.lock:
        state = world.aws.snapshot()
    for place, one in state.items():
        for cluster in one.get("clusters", {}).values() if place.endswith("/ecs") else ():
            for name, service in cluster["services"].items():
                if service["status"] != "ACTIVE":
                    continue
                assert service["desiredCount"] > 0, f"{name} is to have 0 tasks"
                completed = any(each["rolloutState"] == "COMPLETED" for each in service["deployments"])
                tallies = [each["tasks"] for each in service["deployments"]]
                running = sum(n for tally in tallies for what, n in tally.items() if "RUNNING" in what)
                assert running or not completed, f"{name} runs 0 tasks"


@frozen
class _Place:
    """Where a process may die, and what it leaves behind there."""

    call: str
    left: _Left


async def survives_every_crash(world: World, story: Story) -> int:
    """Returns how many crashes were survived."""
    with one_connection():
        return await _survives(world, story)


async def _survives(world: World, story: Story) -> int:
    begin = await _begun(world, story)
    places, writes, reference = await _undisturbed(world, story)
    for number, place in enumerate(places):
        place.left.lay_back(world)
        await _recovers(world, story, reference, f"killed before {place.call} ({number})")
    for number, call in enumerate(writes):
        begin.lay_back(world)
        await _lose(world, story, number)
        await _recovers(world, story, reference, f"answer {number} lost: {call}")
    return len(places) + len(writes)


async def _begun(world: World, story: Story) -> _Left:
    world.aws.reset()
    world.forget()
    world.aws.client("ecs").create_cluster(clusterName="green")
    if story.before is not None:
        story.before(world)
        await world.apply()
        world.aws.settle()
    story.change(world)
    world.aws.clear()
    return _Left.of(world)


async def _undisturbed(world: World, story: Story) -> tuple[list[_Place], list[str], Any]:
    """Every place to die, every call that changes something, and the end."""
    places: dict[str, _Place] = {}
    writes: list[str] = []

    def here(call: str) -> None:
        state = json.dumps(_state(world, story), sort_keys=True, default=str)
        if state not in places:
            places[state] = _Place(call, _Left.of(world))
        story.always(world)

    def listen(operator: Operator) -> None:
        async def before(call: str, once: bool) -> None:
            here(call)
            if once:
                writes.append(call)

        _wrap(operator, before)

    result = await _until_nothing_is_left(world, story, listen)
    here("the end")
    assert result.exit_code == story.exit_code, result.outcomes
    assert writes
    return list(places.values()), writes, _state(world, story)


def _state(world: World, story: Story) -> dict[str, Any]:
    return {**world.aws.snapshot(), "beside": story.beside(world)}


async def _lose(world: World, story: Story, number: int) -> None:
    """One run in which the answer to a call that changes something never comes, though it had its effect."""
    seen = 0

    async def before(call: str, once: bool) -> None:
        nonlocal seen
        story.always(world)
        if once:
            if seen == number:
                world.aws.faults.add(action=call, kind="reset_after", times=1)
            seen += 1

    await world.apply(prepare=lambda operator: _wrap(operator, before), **story.options)
    world.aws.faults.clear()


async def _recovers(world: World, story: Story, reference: Any, where: str) -> None:
    async def before(call: str, once: bool) -> None:
        story.always(world)

    try:
        result = await _until_nothing_is_left(world, story, lambda operator: _wrap(operator, before))
        assert result.exit_code == story.exit_code, f"{result.exit_code}: {result.outcomes}"
        state = _state(world, story)
        assert state == reference, f"another end state\n{_difference(reference, state)}"
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}") from error


async def _until_nothing_is_left(world: World, story: Story, prepare: Callable[[Operator], None]) -> Result:
    """Fresh processes until one of them changes nothing, with all the time between them that AWS wants."""
    for _ in range(_RUNS):
        world.aws.clear()
        result = await world.apply(prepare=prepare, **story.options)
        changed = world.calls()
        world.aws.settle()
        if not changed:
            return result
    raise AssertionError(f"something is left to do in every run: {changed}, {result.outcomes}")


@frozen
class _Left:
    """What a process leaves behind: the inside of the local AWS, and the store's file."""

    aws: Any
    moto: dict[Any, Any]
    """By moto's own object for a service, which is no part of a state."""
    store: bytes | None

    @classmethod
    def of(cls, world: World) -> _Left:
        inside = world.aws.world
        with inside.lock:
            kept = copy.deepcopy(
                (inside.backends, inside.ids, inside.shuffle, inside.scenarios, inside._coming),
                {id(inside): inside},
            )
            moto = {service: copy.deepcopy(held) for service, held in inside.moto._contents.items()}
        return cls(kept, moto, _read(world.folder / ".apollo" / "state.db"))

    def lay_back(self, world: World) -> None:
        inside = world.aws.world
        with inside.lock:
            world.aws.reset()
            (inside.backends, inside.ids, inside.shuffle, inside.scenarios, inside._coming) = copy.deepcopy(
                self.aws, {id(inside): inside}
            )
            inside.moto._contents = {service: copy.deepcopy(held) for service, held in self.moto.items()}
        world.forget()
        if self.store is not None:
            (world.folder / ".apollo" / "state.db").write_bytes(self.store)


def _read(path: Path) -> bytes | None:
    if not path.exists():
        return None
    db = sqlite3.connect(path)
    try:
        return db.serialize()
    finally:
        db.close()


@contextmanager
def one_connection() -> Iterator[None]:
    """All processes share boto3's clients, whose making costs more than all that they are asked: they hold
    nothing of what was read or sent."""
    shared = Sessions(None, None, Timeouts(), 12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apollo.aws.room.Sessions", lambda *options: shared)
        patch.setattr(shared, "close", lambda: None)
        try:
            yield
        finally:
            patch.undo()
            shared.close()


def _wrap(operator: Operator, before: Callable[[str, bool], Awaitable[None]]) -> None:
    """Have ``before`` called before each request, with its name and whether it changes something."""
    original: Callable[..., Awaitable[dict[str, Any]]] = operator.aws.send

    async def send(
        environment: Any,
        asked: Any,
        lane: Any,
        service: str,
        operation: str,
        params: Any,
        *,
        once: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        await before(f"{service}:{operation}", once)
        return await original(environment, asked, lane, service, operation, params, once=once, **more)

    operator.aws.send = send  # type: ignore[method-assign]


def _difference(want: Any, have: Any, path: str = "") -> str:
    if isinstance(want, dict) and isinstance(have, dict):
        lines = [
            _difference(want.get(key), have.get(key), f"{path}/{key}")
            for key in sorted({*want, *have}, key=str)
            if want.get(key) != have.get(key)
        ]
        return "\n".join(lines)
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        pairs = enumerate(zip(want, have, strict=True))
        return "\n".join(_difference(a, b, f"{path}/{i}") for i, (a, b) in pairs if a != b)
    return f"{path}: {want!r} != {have!r}"

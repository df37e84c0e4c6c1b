"""Kill Apollo at every AWS call, before it, after its effect, or with its answer lost; start afresh; compare.

    await survives_every_crash(world, Story(before=..., change=...))

runs the story once without a fault, and then once per call and mode, each time in a new world. After the
crash fresh processes run until nothing is left to do. The state of AWS must be the one of the run without a
fault, and one more run must not change anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from attrs import field, frozen

from apollo.engine.apply import Result
from apollo.operator import Operator
from tests.integration.world import World

__all__ = ["Crash", "Story", "survives_every_crash"]


class Crash(BaseException):
    """The process is gone."""


@frozen
class Story:
    """What happens: the world ``before`` (applied without faults), then ``change``, applied with them.

    :ivar options: for `World.apply` of the change. :ivar exit_code: how the last run must end.
    :ivar always: holds of the local AWS at any moment, e.g. that no service stands at 0 tasks.
    """

    change: Callable[[World], Any]
    before: Callable[[World], Any] | None = None
    options: dict[str, Any] = field(factory=dict)
    exit_code: int = 0
    always: Callable[[World], None] = lambda world: None


async def survives_every_crash(world: World, story: Story) -> int:
    """Returns how many crashes were survived."""
    reference, calls = await _undisturbed(world, story)
    survived = 0
    for number, call in enumerate(calls):
        for mode in _modes(number, calls):
            where = f"{mode} call {number} ({call[0]}:{call[1]})"
            await _setup(world, story)
            crashed = await _crash(world, story, number, mode)
            assert crashed or mode == "lost", f"{where}: was not reached"
            result = await _recover(world, story)
            state = world.aws.snapshot()
            assert state == reference, f"{where}: another end state\n{_difference(reference, state)}"
            assert result.exit_code == story.exit_code, f"{where}: {result.outcomes}"
            world.aws.clear()
            await world.apply(**story.options)
            assert world.calls() == [], f"{where}: one more run still changed something"
            story.always(world)
            survived += 1
    assert survived > 0
    return survived


def _modes(number: int, calls: list[tuple[str, str, bool]]) -> Iterator[str]:
    """Between two calls nothing happens that could be lost, so dying after one is dying before the next. A
    read that is repeated without a write in between (following a rollout) is one place to die, not many."""
    since = max((i for i in range(number) if calls[i][2]), default=-1)
    if calls[number][2] or calls[number] not in calls[since + 1 : number]:
        yield "before"
    if number + 1 == len(calls):
        yield "after"
    if calls[number][2]:
        yield "lost"


async def _setup(world: World, story: Story) -> None:
    world.aws.reset()
    world.forget()
    world.aws.client("ecs").create_cluster(clusterName="green")
    if story.before is not None:
        story.before(world)
        await world.apply()
    story.change(world)
    world.aws.clear()


async def _undisturbed(world: World, story: Story) -> tuple[Any, list[tuple[str, str, bool]]]:
    await _setup(world, story)
    calls: list[tuple[str, str, bool]] = []

    def listen(operator: Operator) -> None:
        _wrap(operator, lambda number, service, operation, once: calls.append((service, operation, once)))

    result = await world.apply(prepare=listen, **story.options)
    assert result.exit_code == story.exit_code, result.outcomes
    assert calls
    world.aws.settle()
    return world.aws.snapshot(), calls


async def _crash(world: World, story: Story, number: int, mode: str) -> bool:
    crashed = False

    def before(seen: int, service: str, operation: str, once: bool) -> None:
        nonlocal crashed
        if seen != number:
            return
        if mode == "before":
            crashed = True
            raise Crash
        if mode == "lost":
            world.aws.faults.add(action=f"{service}:{operation}", kind="reset_after", times=1)

    def after(seen: int) -> None:
        nonlocal crashed
        if seen == number and mode == "after":
            crashed = True
            raise Crash

    try:
        await world.apply(prepare=lambda operator: _wrap(operator, before, after), **story.options)
    except BaseException as error:
        if not any(isinstance(one, Crash) for one in _flat(error)):
            raise
    return crashed


async def _recover(world: World, story: Story) -> Result:
    """Fresh processes until nothing is left to do."""
    for _ in range(4):
        before = len(world.aws.mutations())
        result = await world.apply(**story.options)
        if len(world.aws.mutations()) == before:
            break
    world.aws.settle()
    return result


def _wrap(
    operator: Operator,
    before: Callable[[int, str, str, bool], Any],
    after: Callable[[int], None] = lambda number: None,
) -> None:
    original: Callable[..., Awaitable[dict[str, Any]]] = operator.aws.send
    count = iter(range(10**9))

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
        number = next(count)
        before(number, service, operation, once)
        answer = await original(environment, asked, lane, service, operation, params, once=once, **more)
        after(number)
        return answer

    pytest.MonkeyPatch().setattr(operator.aws, "send", send)


def _flat(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _flat(one)


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

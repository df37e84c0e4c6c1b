"""Parts that git does not hold, of a resource that it does: pruned where pruning is allowed, else told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from apollo.api import Call, Change, Ignored, Lifecycle, Resource, Step
from apollo.engine.apply import Result, apply
from apollo.gates.lifecycle import LifecycleGate
from apollo.gates.prune import PruneGate
from apollo.settings import Sync
from tests.engine.toy import Box, BoxSpec, ToyKinds, World, box, snapshot

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Chest(Box):
    """A box with drawers; git holds none of them."""

    kind = "Chest"

    def diff(self, want: Resource[BoxSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        steps = list(super().diff(want, seen))
        if want is not None and seen is not None and seen.get("drawer"):
            params = {**seen, "Id": seen["Id"], "drawer": ""}
            gone = (Change("/drawers/old", seen["drawer"], None),)
            steps.insert(0, Step("delete", want.key, Call("toy", "Put", params), gone, prunes=True))
        return steps


def chest(size: int = 1, **lifecycle: Any) -> Resource[BoxSpec]:
    return box("a", size, kind="Chest", lifecycle=Lifecycle(**lifecycle))


async def settled(*, prune: bool) -> World:
    """A chest of ours in which somebody has put a drawer."""
    kinds, gates = ToyKinds((Chest(),)), (LifecycleGate(), PruneGate())
    world = World(kinds=kinds, gates=gates, sync=Sync(prune=prune))
    await serve(world, chest())
    world.cloud.objects["Chest/a"]["drawer"] = "socks"
    world.cloud.calls.clear()
    return world


async def serve(world: World, *resources: Resource[BoxSpec]) -> Result:
    engine = world.engine()
    engine.take(snapshot(*resources))
    return await apply(engine, await engine.plan())


async def test_without_pruning_a_part_is_told_and_left() -> None:
    world = await settled(prune=False)
    result = await serve(world, chest())
    (item,) = result.plan
    assert (item.action, item.reason, result.exit_code) == ("none", "", 0)
    assert item.ignored == (Ignored("/drawers/old", "not in git, and kept: sync.prune is off"),)
    assert world.cloud.mutations == []


async def test_without_pruning_the_other_steps_go() -> None:
    world = await settled(prune=False)
    result = await serve(world, chest(size=2))
    (item,) = result.plan
    assert (item.action, result.exit_code, result.outcomes[0].outcome) == ("update", 0, "Succeeded")
    assert [step.verb for step in result.plan.steps] == ["update"]
    assert world.cloud.objects["Chest/a"]["size"] == 2 and world.cloud.objects["Chest/a"]["drawer"] == "socks"


async def test_with_pruning_it_goes() -> None:
    world = await settled(prune=True)
    result = await serve(world, chest(size=2))
    assert result.exit_code == 0 and len(world.cloud.mutations) == 2
    assert not world.cloud.objects["Chest/a"]["drawer"] and world.cloud.objects["Chest/a"]["size"] == 2


async def test_what_is_never_pruned_keeps_its_parts_and_still_changes() -> None:
    world = await settled(prune=True)
    await serve(world, chest(size=2, prune="never"))
    assert world.cloud.objects["Chest/a"]["drawer"] == "socks" and world.cloud.objects["Chest/a"]["size"] == 2


async def test_a_confirmation_is_asked_for_the_whole_plan() -> None:
    world = await settled(prune=True)
    result = await serve(world, chest(size=2, prune="confirm"))
    assert result.exit_code == 3 and world.cloud.mutations == []


async def test_what_moved_is_looked_at_before_it_is_deleted_whatever_the_list_told() -> None:
    world = World(kinds=ToyKinds((Box(),)), sync=Sync(prune=True))
    await serve(world, box("a", place="here"))
    world.cloud.calls.clear()
    await serve(world, box("a", place="there"))
    assert "Box/here" not in world.cloud.objects
    calls = world.cloud.calls
    assert ("Read", "Box/here") in calls[: calls.index(("Delete", "Box/here"))]

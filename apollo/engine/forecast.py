"""How long what a plan does took before: commentary, asked for where a person reads the plan."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anyio
from attrs import evolve

from apollo.api import Controller, Forecast, Resource, Step
from apollo.engine.plan import Plan, ResourcePlan

if TYPE_CHECKING:
    from apollo.engine.look import Looker

__all__ = ["MOST_ASKED", "foreseen", "timed", "typical"]

MOST_ASKED = 50
"""Of how many resources of one plan the history is read; each is one call."""


def foreseen(
    controller: Controller[Any, Any], want: Resource[Any] | None, seen: Any, steps: Sequence[Step]
) -> Forecast | None:
    """What a kind foresees of the steps. One that fails at it has nothing to say: nothing depends on it."""
    try:
        return controller.forecast(want, seen, steps) if steps else None
    except Exception:
        return None


async def timed(looker: Looker, plan: Plan, lane: str = "changed") -> Plan:
    """``plan`` with how long the last rollouts of what it rolls out took. Reads only; what cannot be read is
    left out, and the plan stays the same in all that counts."""
    found: dict[int, Sequence[float]] = {}
    asked = [
        (place, item)
        for place, item in enumerate(plan.resources)
        if item.forecast is not None and item.forecast.strategy and not item.absent
    ][:MOST_ASKED]

    async def one(place: int, item: ResourcePlan) -> None:
        try:
            at = looker.identity(item.key)
            if at is not None:
                controller = looker.kinds.get(item.key.kind)
                found[place] = await controller.durations(looker.contexts(lane), at)
        except Exception:  # commentary: a plan without it is as good
            return

    async with anyio.create_task_group() as tasks:
        for place, item in asked:
            tasks.start_soon(one, place, item)
    if not any(found.values()):
        return plan
    return evolve(
        plan,
        resources=tuple(
            evolve(item, forecast=evolve(item.forecast, took=tuple(found[place])))
            if item.forecast is not None and found.get(place)
            else item
            for place, item in enumerate(plan.resources)
        ),
    )


def typical(forecast: Forecast) -> float | None:
    """The median of the last rollouts in seconds; None where there is none."""
    return statistics.median(forecast.took) if forecast.took else None

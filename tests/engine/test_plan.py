"""A plan as data."""

from __future__ import annotations

from apollo.api import Key
from apollo.engine.plan import Plan, ResourcePlan


def test_the_text_form_of_a_plan_does_not_grow_with_it() -> None:
    """asyncio takes the repr of what a program's first task returns."""
    items = tuple(ResourcePlan(Key("Service", "stage", f"web-{at}"), "web") for at in range(10_000))
    assert len(repr(Plan("stage", "c0ffee", "0" * 16, items))) < 300

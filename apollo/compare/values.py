"""Canonical forms of single values: units, ARNs, booleans as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["cpu_units", "lowered", "mebibytes", "short_name"]

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\s*", re.IGNORECASE)


def _quantity(units: dict[str, int]) -> Callable[[Any], Any]:
    def normal(value: Any) -> Any:
        found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        factor = units.get(found[2].lower()) if found else None
        if found is None or factor is None:
            return value  # AWS will say what is wrong with it
        amount = float(found[1]) * factor
        return str(int(amount)) if amount.is_integer() else value

    return normal


cpu_units = _quantity({"": 1, "vcpu": 1024})
"""``1 vCPU``, ``.25 vcpu``, ``256`` → CPU units as text. ECS stores the same."""

mebibytes = _quantity({"": 1, "gb": 1024, "mb": 1})
"""``1 GB``, ``.5 gb``, ``512`` → MiB as text. ECS stores the same."""


def lowered(value: Any) -> Any:
    """Text in lower case, where AWS does not tell cases apart."""
    return value.lower() if isinstance(value, str) else value


def short_name(marker: str) -> Callable[[Any], Any]:
    """The name at the end of an ARN, where AWS takes a name and gives back the ARN.

    ``short_name("cluster/")`` makes ``green`` of ``arn:aws:ecs:eu-west-1:123456789012:cluster/green``.
    """

    def normal(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("arn:"):
            return value.partition(f":{marker}")[2] or value
        return value

    return normal

"""What the findings about specs mean, why AWS refuses such a spec, and how it is written instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apollo.cli.explained import rules_and_scaling, services, task_definitions
from apollo.cli.explained.entry import Explained

__all__ = ["SPEC_CODES", "Explained"]

SPEC_CODES: Final[Mapping[str, Explained]] = {
    **task_definitions.CODES,
    **services.CODES,
    **rules_and_scaling.CODES,
}

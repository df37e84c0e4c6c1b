"""What the error codes of this kind mean, for ``apollo explain CODE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-TARGET-GROUP-001": (
        "A target group's spec says something that AWS refuses, or that contradicts itself.",
        "The message names the field, and what to write instead.",
    ),
    "APO-TARGET-GROUP-003": (
        "A target group cannot be made anew under its name while a listener or a rule forwards to it.",
        "Change its spec.name as well: the new one is made beside it, and the old one goes last.",
    ),
    "APO-TARGET-GROUP-004": (
        "A target group that left git is still used by a listener or a rule.",
        "What forwards to it and is not in git has to be changed by whoever made it.",
    ),
}

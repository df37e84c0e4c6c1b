"""One code, explained."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Explained"]


class Explained(NamedTuple):
    """One code: ``why`` is what AWS, or the agent, does with such a spec; ``source`` says where it "
    "is told."""

    meaning: str
    remedy: str
    why: str = ""
    source: str = ""
    example: str = ""

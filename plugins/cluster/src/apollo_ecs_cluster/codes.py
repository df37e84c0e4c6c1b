"""What the error codes of this kind mean, for ``apollo explain CODE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-CLUSTER-001": (
        "A cluster's spec says something that AWS refuses, or that contradicts itself.",
        "The message names the field, and what to write instead.",
    ),
    "APO-CLUSTER-002": (
        "AWS does not say whether a cluster exists; nothing is made or deleted meanwhile.",
        "Nothing: it is asked again by itself. If it stays, the message has AWS's reason.",
    ),
    "APO-CLUSTER-003": (
        "A cluster that left git still holds services, tasks or container instances; AWS deletes none such.",
        "What is not Apollo's has to be removed by whoever made it; or keep it, with lifecycle.prune: never.",
    ),
}

"""What the error codes of this kind mean, for ``apollo explain CODE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-LOG-GROUP-002": (
        "A log group that should go is protected against deletion, and is kept.",
        "Write deletionProtectionEnabled: false and apply that first.",
    ),
    "APO-LOG-GROUP-010": (
        "AWS keeps log events for certain numbers of days only.",
        "Write one of the numbers in the message, or leave retentionInDays out: for ever.",
    ),
    "APO-LOG-GROUP-011": ("Names that begin with aws/ are AWS's own.", "Take another name."),
    "APO-LOG-GROUP-012": (
        "In a log group of class DELIVERY AWS itself says how long events are kept.",
        "Leave retentionInDays out.",
    ),
    "APO-LOG-GROUP-040": (
        "AWS is still at work on the log group for another request.",
        "Nothing: it is tried again by itself.",
    ),
}

"""What a check of a kind found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from attrs import frozen

__all__ = ["Finding", "Verdict", "judged", "passed"]

Verdict = Literal["pass", "fail", "warning", "skipped"]


@frozen
class Finding:
    """One check of one kind.

    :ivar check: what was checked, e.g. ``spec is strict``. :ivar message: what was seen.
    :ivar remedy: what the author is to do; empty where there is nothing to do.
    """

    kind: str
    check: str
    verdict: Verdict
    message: str = ""
    remedy: str = ""


def passed(findings: Iterable[Finding]) -> bool:
    """Whether nothing failed; a warning fails nothing."""
    return all(finding.verdict != "fail" for finding in findings)


def judged(
    kind: str,
    check: str,
    wrong: Iterable[str],
    remedy: str,
    otherwise: str = "",
    *,
    verdict: Verdict = "fail",
) -> Finding:
    """A finding that passes when nothing is wrong. ``otherwise``: what to say then."""
    found = list(dict.fromkeys(wrong))
    if not found:
        return Finding(kind, check, "pass", otherwise)
    more = f", and {len(found) - 5} more" if len(found) > 5 else ""
    return Finding(kind, check, verdict, "; ".join(found[:5]) + more, remedy)

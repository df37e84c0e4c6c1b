"""How strict an environment is where AWS itself would take what is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from apollo.errors import Problem
from apollo.settings import Policy

__all__ = ["judged"]

_SETTINGS = {
    "APO-TD-040": "mutableTags",
    "APO-TD-041": "plainSecrets",
    "APO-LOAD-044": "placeholders",
}
"""Findings whose severity is the environment's to say; a plugin's kind may make them, too."""


def judged(problems: Iterable[Problem], policy: Policy) -> Iterator[Problem]:
    """The findings with the severity that the policy gives them, without those that it allows."""
    for problem in problems:
        setting = _SETTINGS.get(problem.code)
        verdict = getattr(policy, setting) if setting else ""
        if verdict == "allow":
            continue
        if verdict == "deny":
            problem = evolve(problem, severity="error")
        yield problem

"""Per kind and rule: what is no difference, and a real change that shows.

``(rule, declared, live that means the same, live that does not, where that shows)``; a rule is a pointer
of the kind's table, or says in words which other form of the same thing it is about. What the two live specs
have to be, `tests.compare.test_every_rule` says.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Case", "Data", "filled"]

Data = dict[str, Any]
Case = tuple[str, Data, Data, Data, str]


def filled(rule: str, make: Any, default: Any, other: Any, at: str = "", **more: Any) -> Case:
    """A field that AWS fills in with its default where the manifest does not say it.

    :param make: makes a spec of fields by name; ``more`` are others, the same on all sides.
    :param at: where a change shows, when that is not the rule's own pointer.
    """
    name = rule.rpartition("/")[2]
    return rule, make(**more), make(**{name: default}, **more), make(**{name: other}, **more), at or rule

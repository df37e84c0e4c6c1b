"""Per kind and rule: what is no difference, and a real change that shows.

``(rule, declared, live that means the same, live that does not, where that shows)``; a rule is a pointer
of the kind's table, or says in words which other form of the same thing it is about. What the two live specs
have to be, `tests.compare.test_every_rule` says.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Case", "Data"]

Data = dict[str, Any]
Case = tuple[str, Data, Data, Data, str]

"""What can be proved about conditions: that one covers another, or that no request meets both.

Both answers are on the safe side: False means that it could not be proved.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from apollo.api import is_unknown
from apollo.compare.listener_rule import CONFIGS

__all__ = ["Clause", "Condition", "condition_of", "covers", "disjoint"]


@frozen(cache_hash=True)
class Clause:
    """One condition: a part of the request, and the values of which one has to match.

    :ivar part: ``host-header``, ``http-header:x-team``, …
    :ivar values: ordinary values; ``*`` and ``?`` are wildcards where AWS takes them.
    :ivar other: what only equality is known of: regular expressions, address types, unknown outputs.
    """

    part: str
    values: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()


Condition = tuple[Clause, ...]
"""All of them have to hold; none at all holds always. Two conditions joined are met by what meets both."""

_ONE_VALUE = frozenset({"host-header", "path-pattern", "http-request-method", "source-ip"})
"""Parts that a request has exactly once, so that different values exclude each other."""
_EXACT = frozenset({"http-request-method", "source-ip"})
"""Parts without wildcards."""


def condition_of(conditions: Sequence[Mapping[str, Any]]) -> Condition:
    """From conditions in canonical form, declared or live."""
    return tuple(sorted((_clause(item) for item in conditions), key=lambda one: (one.part, str(one))))


def _clause(condition: Mapping[str, Any]) -> Clause:
    field = str(condition.get("field"))
    config = condition.get(CONFIGS.get(field, "")) or {}
    part = field
    if header := config.get("httpHeaderName"):
        part += f":{header}"
    texts = [_text(value) for value in config.get("values") or ()]
    other = [f"regex {text}" for text in config.get("regexValues") or ()]
    other += [f"type {config['ipAddressType']}"] if config.get("ipAddressType") else []
    if not config:
        other.append(repr(sorted(condition.items(), key=str)))  # a condition newer than this module
    known = frozenset(text for text in texts if not is_unknown(text))
    return Clause(part, known, frozenset(other) | (frozenset(texts) - known))


def _text(value: Any) -> str:
    if isinstance(value, Mapping):  # a pair of the query
        return f"{value.get('key', '*')}={value.get('value', '')}"
    return str(value)


@lru_cache(maxsize=20_000)
def covers(wide: Condition, narrow: Condition) -> bool:
    """Whether every request that meets ``narrow`` meets ``wide``."""
    return all(any(_clause_covers(one, other) for other in narrow) for one in wide)


@lru_cache(maxsize=20_000)
def disjoint(one: Condition, other: Condition) -> bool:
    """Whether no request meets both."""
    return any(_clauses_disjoint(a, b) for a in one for b in other)


def _clause_covers(wide: Clause, narrow: Clause) -> bool:
    if wide.part != narrow.part or not narrow.other <= wide.other:
        return False
    return all(any(_covers(wide.part, a, b) for a in wide.values) for b in narrow.values)


def _covers(part: str, wide: str, narrow: str) -> bool:
    if wide == narrow:
        return True
    if part == "source-ip":
        a, b = _network(wide), _network(narrow)
        return a is not None and b is not None and a.version == b.version and b.subnet_of(a)  # type: ignore[arg-type]
    if part in _EXACT or part == "query-string":
        return False
    # A wildcard of the narrow one stands for any text, so only a star may swallow it.
    return "?" not in narrow and "*" not in narrow and _matches(wide, narrow)


def _clauses_disjoint(one: Clause, other: Clause) -> bool:
    if one.part != other.part or one.part not in _ONE_VALUE or one.other or other.other:
        return False
    return all(_disjoint(one.part, a, b) for a in one.values for b in other.values)


def _disjoint(part: str, one: str, other: str) -> bool:
    if part == "source-ip":
        a, b = _network(one), _network(other)
        return a is not None and b is not None and (a.version != b.version or not a.overlaps(b))
    if part in _EXACT or not (_wild(one) or _wild(other)):
        return one != other
    if not _wild(one):
        return not _matches(other, one)
    if not _wild(other):
        return not _matches(one, other)
    return _apart(_fixed(one), _fixed(other)) or _apart(_fixed(one[::-1]), _fixed(other[::-1]))


def _wild(text: str) -> bool:
    return "*" in text or "?" in text


def _fixed(text: str) -> str:
    """What stands before the first wildcard."""
    return re.split(r"[*?]", text, maxsplit=1)[0]


def _apart(one: str, other: str) -> bool:
    return not (one.startswith(other) or other.startswith(one))


@lru_cache(maxsize=2_000)
def _pattern(text: str) -> re.Pattern[str]:
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in text)
    return re.compile("".join(parts), re.DOTALL)


def _matches(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=2_000)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None

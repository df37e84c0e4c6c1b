"""Tags: limits, and prefixes that belong to somebody else.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html#tag-restrictions
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apollo.api import HASH_TAG, OWNER_TAG, PRUNE_TAG, Problem, is_unknown
from apollo.resources.checks.values import error, items, repeated, templated

__all__ = ["problems"]

_MOST = 48
"""50, less the owner and the content hash."""
_TEXT = r"[\w\s+=.:/@-]*"
_OURS = frozenset({OWNER_TAG, HASH_TAG, PRUNE_TAG})


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """The tags of a spec: a list of key and value, or a mapping."""
    tags = declared.get("tags")
    if isinstance(tags, Mapping):
        pairs: Iterable[tuple[Any, Any, str]] = [(key, value, f"/tags/{key}") for key, value in tags.items()]
    else:
        found = items(declared, "tags", "", "key")
        pairs = [(one.get("key"), one.get("value"), path) for one, path in found]
        for index, key in repeated([str(one.get("key")) for one, _ in found]):
            yield error("APO-TAG-001", f"tag {key} is given twice", f"/tags/{index}/key", "keep one of them")
    count = 0
    for key, value, path in pairs:
        count += 1
        if not isinstance(key, str) or is_unknown(key):
            continue
        if key.lower().startswith("aws:"):
            yield error("APO-TAG-002", f"tag {key}: the prefix aws: belongs to AWS", path)
        elif key in _OURS:
            yield error("APO-TAG-002", f"tag {key} is set by Apollo itself, to know what is its own", path)
        for part in (key, value):
            if isinstance(part, str) and not is_unknown(part) and not _fits(part):
                message = "a tag holds letters, digits, spaces and _ . : / = + - @"
                yield error("APO-TAG-003", message, path)
                break
    if count > _MOST:
        message = f"{count} tags, and AWS takes {_MOST} with those that Apollo sets ({OWNER_TAG}, {HASH_TAG})"
        yield error("APO-TAG-001", message, "/tags")


def _fits(part: str) -> bool:
    return templated(part) or re.fullmatch(_TEXT, part) is not None

"""Tags as the controllers use them: see `apollo.compare`, which has them for every kind."""

from __future__ import annotations

from apollo.compare.tags import TagChanges, declared_tags, ignored_tags, tag_changes, tag_list, tag_map

__all__ = ["TagChanges", "declared_tags", "ignored_tags", "tag_changes", "tag_list", "tag_map"]


def escape(part: str) -> str:
    """One step of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")

"""Tags as controllers use them: a mapping inside, AWS's list of pairs in calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apollo.api import PRUNE_TAG, Change, Ignored, Resource
from apollo.compare.pointers import join

__all__ = ["TagChanges", "declared_tags", "ignored_tags", "tag_changes", "tag_list", "tag_map"]

TagChanges = tuple[dict[str, str], list[str], tuple[Change, ...]]
"""Tags to set, keys to remove, and the same as changes for the plan."""


def tag_map(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """AWS's ``[{"key": …, "value": …}]`` as a mapping; a tag without a value has the empty one."""
    return {str(tag["key"]): str(tag.get("value") or "") for tag in tags or () if tag.get("key")}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as AWS wants it, ordered by key so that equal calls are equal."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def declared_tags(want: Resource[Any]) -> dict[str, str]:
    """The tags of the manifest and Apollo's own, which win."""
    spec = want.spec
    if "tags" in type(spec).model_fields and spec.tags is None:
        return dict(want.tags)  # as mostly; to ask for all that is declared is dear
    tags = spec.declared().get("tags")
    return (dict(tags) if isinstance(tags, Mapping) else tag_map(tags)) | want.tags


def tag_changes(want: Resource[Any], live: Mapping[str, str]) -> TagChanges:
    """What has to be set and removed. Live tags that nobody declares are somebody else's and stay; the only
    tag that is removed is our own mark for pruning, once the manifest has gone back to the default.

    :returns: the tags to set, the keys to remove, and both as changes for the plan.
    """
    wanted = declared_tags(want)
    ignored = set(want.lifecycle.ignore)
    if "/tags" in ignored:
        wanted = dict(want.tags)
    set_ = {
        key: value
        for key, value in wanted.items()
        if live.get(key) != value and (key in want.tags or join("/tags", key) not in ignored)
    }
    removed = [PRUNE_TAG] if PRUNE_TAG in live and PRUNE_TAG not in wanted else []
    changes = [Change(join("/tags", key), live.get(key), set_[key]) for key in sorted(set_)]
    changes += [Change(join("/tags", key), live[key], None) for key in removed]
    return set_, removed, tuple(changes)


def ignored_tags(want: Resource[Any], live: Mapping[str, str]) -> list[Ignored]:
    """The declared tags that are others in AWS, and that ``lifecycle.ignore`` leaves alone."""
    ignored = set(want.lifecycle.ignore)
    if not ignored:
        return []
    return [
        Ignored(path, "lifecycle.ignore")
        for key, value in sorted(declared_tags(want).items())
        if live.get(key) != value and key not in want.tags and {path := join("/tags", key), "/tags"} & ignored
    ]

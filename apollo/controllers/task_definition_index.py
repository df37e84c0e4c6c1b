"""The tags of task definitions as an index that AWS keeps: which revision carries a content hash.

It finds, twenty at a time, that there is nothing to do. It may lag, and tags can be copied, so it is never
the judge: whoever is about to write looks at the revisions themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from apollo.api import HASH_TAG, OWNER_TAG, AwsError, Context, Loader
from apollo.reads import tagged

__all__ = ["LOOKED", "look_up"]


@frozen
class Tagged:
    """A revision as the index knows it."""

    arn: str
    tags: Mapping[str, str]


@frozen
class Indexed:
    """What is looked up: the value of the owner tag, and the content hash."""

    owner: str
    hash: str


class Index(Loader[Indexed, tuple[Tagged, ...]]):
    """GetResources of the Resource Groups Tagging API: two tag filters of at most twenty values each."""

    name = "tag.GetResources:ecs:task-definition"
    batch = 20

    async def fetch(self, ctx: Context, keys: Sequence[Indexed]) -> Mapping[Indexed, tuple[Tagged, ...]]:
        found: dict[Indexed, list[Tagged]] = {}
        filters = [
            {"Key": OWNER_TAG, "Values": sorted({key.owner for key in keys})},
            {"Key": HASH_TAG, "Values": sorted({key.hash for key in keys})},
        ]
        async for arn, tags in tagged(ctx, "ecs:task-definition", having=filters):
            key = Indexed(tags.get(OWNER_TAG, ""), tags.get(HASH_TAG, ""))
            found.setdefault(key, []).append(Tagged(arn, tags))
        return {key: tuple(found.get(key, ())) for key in keys}


class Looked(Loader[str, bool]):
    """Families this process has looked into itself: its memory is the better index then. AWS is not asked."""

    name = "ecs.families-looked-into"
    batch = 100

    def immutable(self, key: str, value: bool) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        return {}


INDEX = Index()
LOOKED = Looked()


async def look_up(ctx: Context, owner: str, content_hash: str) -> Tagged | None:
    """The one revision of that owner with that hash; None where there is none, more than one, or no index
    (a role may lack ``tag:GetResources``)."""
    try:
        found = await ctx.load(INDEX, Indexed(owner, content_hash))
    except AwsError:
        return None
    return found[0] if found is not None and len(found) == 1 else None

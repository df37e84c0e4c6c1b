"""The tags of task definitions as an index that AWS keeps: which revision carries a content hash.

It finds that there is nothing to do: of a hundred revisions in a call where services run them, else of
twenty. It may lag, and tags can be copied, so it is never the judge: whoever is about to write looks at the
revisions themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from apollo.api import HASH_TAG, OWNER_TAG, AwsError, Context, Loader
from apollo.controllers.running import revision_that_runs
from apollo.reads import TagIndex, tagged

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
        try:
            async for arn, tags in tagged(ctx, "ecs:task-definition", having=filters):
                key = Indexed(tags.get(OWNER_TAG, ""), tags.get(HASH_TAG, ""))
                found.setdefault(key, []).append(Tagged(arn, tags))
        except AwsError as error:
            if error.category != "access-denied":
                raise
            return {}  # of whatever it is asked: no need to look for the key that is to blame
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
_TAGS = TagIndex("ecs:task-definition:running")


async def look_up(ctx: Context, family: str, owner: str, content_hash: str) -> Tagged | None:
    """A revision of that owner with that hash: the one that runs, or the only one. None where there is none,
    more than one, or no index (a role may lack ``tag:GetResources``)."""
    try:
        arn = await revision_that_runs(ctx, family)
        tags = (await ctx.load(_TAGS, arn) or {}) if arn is not None else {}
        if arn is not None and (tags.get(OWNER_TAG), tags.get(HASH_TAG)) == (owner, content_hash):
            return Tagged(arn, tags)
        found = await ctx.load(INDEX, Indexed(owner, content_hash))
    except AwsError:
        return None
    return found[0] if found is not None and len(found) == 1 else None

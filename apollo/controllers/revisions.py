"""The revisions of task definitions that AWS has: how they are looked for, compared and registered.

A revision is looked for by content before one is registered: RegisterTaskDefinition has no token that would
make it idempotent, and AWS lets only one per second through.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from apollo.api import (
    HASH_TAG,
    OWNER_TAG,
    Call,
    Change,
    Context,
    Ignored,
    Loader,
    Resource,
    Step,
    is_unknown,
)
from apollo.compare import differences, ignored, keeping, without
from apollo.compare.task_definition import RULES, content_digest
from apollo.controllers.tags import declared_tags, ignored_tags, tag_changes, tag_list, tag_map
from apollo.controllers.task_definition_index import LOOKED, look_up
from apollo.reads import pages, together
from apollo.resources.task_definition import TaskDefinitionSpec

__all__ = ["REVISIONS", "Pool", "Revision", "acted", "ignored_in", "observe", "steps"]

Want = Resource[TaskDefinitionSpec]

NEWEST_LOOKED_AT = 50
"""How many revisions of a family are looked at. What is older is registered anew."""
# Revisions are read one per call: the newest alone, since it mostly is the one, then more at once.
_WINDOWS = (1, 4, 15, 30)
_FILLED = "filled in by AWS: git does not say it, and the revision was registered from what git says"
_ARN = re.compile(r".*:task-definition/(?P<family>[^:/]+):(?P<revision>\d+)$")


@frozen
class Revision:
    """One registered revision. ``content`` is AWS's taskDefinition as DescribeTaskDefinition tells it."""

    arn: str
    family: str
    number: int
    content: Mapping[str, Any]
    tags: Mapping[str, str] = field(factory=dict)

    @property
    def owner(self) -> str | None:
        return self.tags.get(OWNER_TAG)


@frozen
class Pool:
    """What matters of a family.

    :ivar match: the revision whose content is the wanted one and that may be used.
    :ivar newest: our newest revision, to tell what changes.
    """

    match: Revision | None = None
    newest: Revision | None = None

    @property
    def tags(self) -> Mapping[str, str]:
        """Of the revision that decides who owns this."""
        revision = self.match or self.newest
        return revision.tags if revision is not None else {}


class Revisions(Loader[str, Revision]):
    """DescribeTaskDefinition. Keys are ARNs; content never changes, so a revision is read once."""

    name = "ecs.DescribeTaskDefinition"
    batch = 1

    def immutable(self, key: str, value: Revision) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Revision]:
        found = {}
        for arn in keys:
            answer = await ctx.read("ecs", "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
            revision = _revision(answer)
            found[revision.arn] = revision
        return found


class Registered(Loader[tuple[Hashable, ...], str]):
    """Which ARN this process has registered for a content, since AWS's list may tell of it late. Keys are
    (owner, family, content digest). Only `Context.remember` fills it; AWS is not asked."""

    name = "ecs.registered-here"
    batch = 100

    def immutable(self, key: tuple[Hashable, ...], value: str) -> bool:
        return True

    async def fetch(
        self, ctx: Context, keys: Sequence[tuple[Hashable, ...]]
    ) -> Mapping[tuple[Hashable, ...], str]:
        return {}


class Retagged(Loader[str, Mapping[str, str]]):
    """Tags this process has set on a revision since it was read. Keys are ARNs; AWS is not asked."""

    name = "ecs.retagged-here"
    batch = 100

    def immutable(self, key: str, value: Mapping[str, str]) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        return {}


REVISIONS = Revisions()
RETAGGED = Retagged()
REGISTERED = Registered()


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────


async def observe(ctx: Context, want: Want) -> Pool | None:
    """The revision that has the wanted content, and our newest."""
    family = want.spec.family or ""
    declared = want.spec.declared()
    if not ctx.thorough and not is_unknown(declared) and not await ctx.load(LOOKED, family):
        tagged = await look_up(ctx, family, want.owner, _hash_of(declared, want))
        if tagged is not None:
            revision = Revision(tagged.arn, family, _number(tagged.arn), {}, tagged.tags)
            if want.lifecycle.ignore and (read := await ctx.load(REVISIONS, tagged.arn)) is not None:
                revision = evolve(read, tags=tagged.tags)  # what is ignored is told
            return Pool(revision, revision)
    ctx.remember(LOOKED, family, True)
    arns = await _active(ctx, family)
    made: str | None = None
    if not _waits(want):
        made = await ctx.load(REGISTERED, _content_key(want))
    if made is not None and (not arns or _number(made) > _number(arns[0])) and await _is_active(ctx, made):
        arns = [made, *arns]
    return await _search(ctx, want, arns)


async def _active(ctx: Context, family: str) -> list[str]:
    """The newest ACTIVE revisions of exactly this family, newest first.

    ``familyPrefix`` is documented as the full name, and is called a prefix: others are left out here.
    """
    found: list[tuple[int, str]] = []
    params = {"familyPrefix": family, "status": "ACTIVE", "sort": "DESC", "maxResults": 100}
    async for arns in pages(ctx, "ecs", "ListTaskDefinitions", "taskDefinitionArns", **params):
        matched = [match for match in map(_ARN.match, arns) if match and match["family"] == family]
        found += [(int(match["revision"]), match[0]) for match in matched]
        if len(found) >= NEWEST_LOOKED_AT:
            break
    return [arn for _, arn in sorted(found, reverse=True)[:NEWEST_LOOKED_AT]]


async def _is_active(ctx: Context, arn: str) -> bool:
    """A revision that was registered here and is newer than all that are listed: listed late, or taken away
    since?"""
    answer = await ctx.read("ecs", "DescribeTaskDefinition", taskDefinition=arn)
    return bool(answer.get("taskDefinition", {}).get("status") == "ACTIVE")


def _number(arn: str) -> int:
    return int(arn.rsplit(":", 1)[-1])


async def _search(ctx: Context, want: Want, arns: Sequence[str]) -> Pool | None:
    """Newest first, until a revision of ours has the wanted content. The hash tag only says which to compare
    first; content decides.

    Only where no content is the wanted one, the oldest revision that the hash tag says was registered from it
    is: AWS has begun to fill in what it did not before, and would do so with every new revision."""
    newest: Revision | None = None
    adoptable: Revision | None = None
    filled: Revision | None = None
    wanted_hash = "" if _waits(want) else content_hash(want)
    start = 0
    for size in _WINDOWS:
        window = arns[start : start + size]
        start += size
        read = await together(lambda arn: _read(ctx, arn), window)
        revisions = [revision for revision in read if revision is not None]
        mine = [revision for revision in revisions if revision.owner == want.owner]
        newest = newest or (mine[0] if mine else None)
        if _waits(want):
            if newest is not None:
                break
            continue
        for revision in sorted(mine, key=lambda one: one.tags.get(HASH_TAG) != wanted_hash):
            if not (changes := content_changes(want, revision.content)):
                return Pool(revision, newest)
            if revision.tags.get(HASH_TAG) == wanted_hash and all(one.after is None for one in changes):
                filled = revision
        if adoptable is None and want.lifecycle.adopt:
            theirs = [one for one in revisions if _may_adopt(want, one.owner)]
            adoptable = next((one for one in theirs if not content_changes(want, one.content)), None)
    if filled is not None:
        return Pool(filled, newest)
    if adoptable is not None:
        # Tags may have moved since the revision was read: somebody else may have taken it.
        (adoptable,) = (await REVISIONS.fetch(ctx, [adoptable.arn])).values()
        if adoptable.owner != want.owner and not _may_adopt(want, adoptable.owner):
            adoptable = None
    return Pool(adoptable, newest) if adoptable or newest else None


async def _read(ctx: Context, arn: str) -> Revision | None:
    revision = await ctx.load(REVISIONS, arn)
    tags = await ctx.load(RETAGGED, arn)
    return evolve(revision, tags={**revision.tags, **tags}) if revision is not None and tags else revision


def _may_adopt(want: Want, owner: str | None) -> bool:
    adopt = want.lifecycle.adopt
    return owner is None if adopt is True else bool(adopt) and owner == adopt


def _waits(want: Want) -> bool:
    """Whether the content holds an output that is not known yet: then no revision can have it."""
    return is_unknown(want.spec.declared())


def _revision(answer: Mapping[str, Any]) -> Revision:
    """From the answer of Describe- or RegisterTaskDefinition."""
    content = answer["taskDefinition"]
    return Revision(
        arn=str(content["taskDefinitionArn"]),
        family=str(content["family"]),
        number=int(content["revision"]),
        content=content,
        tags=tag_map(answer.get("tags")),
    )


# ── acting ───────────────────────────────────────────────────────────────────────────────────────────────


def steps(want: Want, seen: Pool | None) -> Sequence[Step]:
    """What makes a revision of the wanted content be there, with our tags."""
    if seen is None or seen.match is None:
        return [_register(want, seen.newest if seen is not None else None)]
    return _tag_steps(want, seen.match)


def acted(ctx: Context, step: Step, answer: Mapping[str, Any]) -> Pool | None:
    """What the answer of a step tells."""
    params = step.call.params
    if step.call.operation == "TagResource":
        ctx.remember(RETAGGED, str(params["resourceArn"]), tag_map(params["tags"]))
    if step.call.operation != "RegisterTaskDefinition" or not answer.get("taskDefinition"):
        return None
    tags = tag_map(params.get("tags"))
    made = evolve(_revision(answer), tags=tags)
    ctx.remember(REVISIONS, made.arn, made)
    ctx.remember(REGISTERED, (tags[OWNER_TAG], made.family, tags[HASH_TAG]), made.arn)
    return Pool(made, made)


def ignored_in(want: Want, seen: Pool | None) -> Sequence[Ignored]:
    """Against the revision that is used; a new one takes over what is ignored from our newest."""
    if seen is None or (revision := seen.match or seen.newest) is None or not revision.content:
        return ()
    found = ignored(want.spec.declared(), revision.content, RULES, want.lifecycle.ignore)
    if revision is seen.match:
        found += [Ignored(one.path, _FILLED) for one in content_changes(want, revision.content)]
    return [*found, *ignored_tags(want, revision.tags)]


def _register(want: Want, newest: Revision | None) -> Step:
    changes: tuple[Change, ...] = ()
    why = "no revision of ours has this content"
    if newest is not None:
        changes = tuple(content_changes(want, newest.content))
        why = f"the content differs from {newest.family}:{newest.number}"
    params = {**_registered(want, newest), "tags": tag_list(_tags(want))}
    return Step("create", want.key, Call("ecs", "RegisterTaskDefinition", params), changes, why=why)


def _tag_steps(want: Want, match: Revision) -> list[Step]:
    set_, _, changes = tag_changes(want, match.tags)
    told = tuple(change for change in changes if change.after is not None)
    if not set_:
        return []
    # All of them are sent, so that afterwards the tags are known without reading them.
    call = Call("ecs", "TagResource", {"resourceArn": match.arn, "tags": tag_list(_tags(want))})
    if OWNER_TAG in set_:
        return [Step("adopt", want.key, call, told, why=f"taken over from {match.owner or 'nobody'}")]
    return [Step("update", want.key, call, told, why="tags change; content does not")]


def _tags(want: Want) -> dict[str, str]:
    return declared_tags(want) | {HASH_TAG: content_hash(want)}


def content_hash(want: Want) -> str:
    """Names the content; equal for texts that would register the same thing."""
    return _hash_of(want.spec.declared(), want)


def _hash_of(declared: Mapping[str, Any], want: Want) -> str:
    return content_digest(without(declared, want.lifecycle.ignore, RULES))


def content_changes(want: Want, content: Mapping[str, Any]) -> list[Change]:
    """How a revision's content differs from the wanted one; empty when it is the wanted one."""
    return differences(want.spec.declared(), content, RULES, want.lifecycle.ignore)


def _registered(want: Want, newest: Revision | None) -> dict[str, Any]:
    """What to register: as declared, with the live value where the manifest ignores a field."""
    declared = want.spec.declared()
    declared.pop("tags", None)
    return keeping(declared, newest.content if newest else None, want.lifecycle.ignore, RULES)


def _content_key(want: Want) -> tuple[Hashable, ...]:
    return (want.owner, want.spec.family or "", content_hash(want))

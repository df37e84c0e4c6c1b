"""Rules of ours on listeners that no manifest names: DescribeRules asks for a listener, so an index of tags
has to say which. It tells the tags of a hundred rules in a call, too, where ELB tells those of twenty."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from apollo.api import Context
from apollo.controllers.listener_rule.seen import listener_of
from apollo.controllers.tagged import arns_of, owned_tags

__all__ = ["Indexed", "indexed"]


@frozen
class Indexed:
    """What the index tells, late perhaps.

    :ivar listeners: those that hold a rule of this environment.
    :ivar tags: of every rule that has an owner, by ARN; None where the role may not ask.
    """

    listeners: frozenset[str]
    tags: Mapping[str, Mapping[str, str]] | None


async def indexed(ctx: Context, kind: str) -> Indexed:
    """Ask the index."""
    tags = await owned_tags(ctx, kind)
    return Indexed(frozenset(listener_of(arn) for arn in arns_of(ctx, kind, tags or {})), tags)

"""Rules of ours on listeners that no manifest names: DescribeRules asks for a listener, so an index of tags
has to say which."""

from __future__ import annotations

from collections.abc import Collection

from apollo.api import Context
from apollo.controllers.listener_rule.seen import listener_of
from apollo.controllers.tagged import owned_arns

__all__ = ["other_listeners"]


async def other_listeners(ctx: Context, kind: str, known: Collection[str]) -> list[str]:
    """The listeners, beside those that are known, that hold a rule of this environment."""
    return sorted({listener_of(arn) for arn in await owned_arns(ctx, kind)}.difference(known))

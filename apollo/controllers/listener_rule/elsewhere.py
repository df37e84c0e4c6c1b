"""Rules of ours on listeners that no manifest names: DescribeRules asks for a listener, so an index of tags
has to say which."""

from __future__ import annotations

from apollo.api import Context
from apollo.controllers.listener_rule.seen import listener_of
from apollo.controllers.tagged import owned_arns

__all__ = ["our_listeners"]


async def our_listeners(ctx: Context, kind: str) -> frozenset[str]:
    """The listeners that hold a rule of this environment."""
    return frozenset(listener_of(arn) for arn in await owned_arns(ctx, kind))

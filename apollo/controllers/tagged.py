"""What carries an ownership tag, as AWS's index of tags lists it: for finding what is ours where no manifest
looks any more.

The index may lag, and says where to look, never what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from apollo.api import OWNER_TAG, AwsError, Context, Loader
from apollo.reads import tagged

__all__ = ["owned_arns"]

_log = logging.getLogger("apollo.controllers")

_SERVICE, _RULE = "ecs:service", "elasticloadbalancing:listener-rule"


class Listing(Loader[str, Mapping[str, str]]):
    """What has an ownership tag of any installation. Keys are the one name of the list; kinds that ask at
    once share it. Values are owners by ARN."""

    name = "tag.GetResources:owned"
    batch = 100  # whoever asks at once is answered at once, not the first alone

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        found = {arn: tags[OWNER_TAG] async for arn, tags in tagged(ctx, _SERVICE, _RULE)}
        return dict.fromkeys(keys, found)


LISTING = Listing()


async def owned_arns(ctx: Context, kind: str) -> list[str]:
    """The ARNs of this environment's objects of a kind, Service or ListenerRule, as the index tells them.
    Nothing where the role may not ask it: what no manifest leads to is not found then, and not pruned.

    What the index does not tell yet is found the next time; what it still tells, though it is gone, is looked
    for in vain.
    """
    try:
        found = await ctx.load(LISTING, "owned")
    except AwsError as error:
        if error.category != "access-denied":
            raise
        _log.info("%s objects that no manifest leads to are not looked for: needs tag:GetResources", kind)
        return []
    keys = ((arn, ctx.env.key_of(owner)) for arn, owner in sorted((found or {}).items()))
    return [arn for arn, key in keys if key is not None and key.kind == kind]

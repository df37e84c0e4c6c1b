"""What carries an ownership tag, as AWS's index of tags lists it: for finding what is ours where no manifest
looks any more.

The index may lag, and says where to look, never what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from apollo.api import OWNER_TAG, AwsError, Context, Loader
from apollo.reads import tagged

__all__ = ["arns_of", "owned_arns", "owned_tags"]

_log = logging.getLogger("apollo.controllers")

_SERVICE, _RULE = "ecs:service", "elasticloadbalancing:listener-rule"


class Listing(Loader[str, Mapping[str, Mapping[str, str]]]):
    """What has an ownership tag of any installation. Keys are the one name of the list; kinds that ask at
    once share it. Values are tags by ARN."""

    name = "tag.GetResources:owned"
    batch = 100  # whoever asks at once is answered at once, not the first alone

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        found = {arn: tags async for arn, tags in tagged(ctx, _SERVICE, _RULE)}
        return dict.fromkeys(keys, found)


LISTING = Listing()


async def owned_tags(ctx: Context, kind: str) -> Mapping[str, Mapping[str, str]] | None:
    """The tags of every service and listener rule that has an owner, whoever that is, by ARN, as the index
    tells them. None where the role may not ask it: what no manifest leads to is not found then, and not
    pruned.

    What the index does not tell yet is found the next time; what it still tells, though it is gone, is looked
    for in vain.

    :param kind: who asks.
    """
    try:
        return await ctx.load(LISTING, "owned") or {}
    except AwsError as error:
        if error.category != "access-denied":
            raise
        _log.info("%s objects that no manifest leads to are not looked for: needs tag:GetResources", kind)
        return None


def arns_of(ctx: Context, kind: str, tags: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Which of these are this environment's objects of a kind, Service or ListenerRule."""
    keys = ((arn, ctx.env.key_of(its[OWNER_TAG])) for arn, its in sorted(tags.items()))
    return [arn for arn, key in keys if key is not None and key.kind == kind]


async def owned_arns(ctx: Context, kind: str) -> list[str]:
    """The ARNs of this environment's objects of a kind, as the index tells them."""
    return arns_of(ctx, kind, await owned_tags(ctx, kind) or {})

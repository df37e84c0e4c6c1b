"""What carries an ownership tag, as AWS's index of tags lists it: for finding what is ours where no manifest
looks any more.

The index may lag, and says where to look, never what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from apollo.api import OWNER_TAG, AwsError, Context, Loader, Transient

__all__ = ["owned_arns"]

_log = logging.getLogger("apollo.controllers")

_SERVICE, _RULE = "ecs:service", "elasticloadbalancing:listener-rule"


class Listing(Loader[str, Mapping[str, str]]):
    """GetResources of the Resource Groups Tagging API, one call for each 100 objects with an ownership tag of
    any installation. Keys are the one name of the list; kinds that ask at once share it. Values are owners by
    ARN.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """

    name = "tag.GetResources:owned"
    batch = 100  # whoever asks at once is answered at once, not the first alone

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        while True:
            page = await ctx.read(
                "resourcegroupstaggingapi",
                "GetResources",
                ResourceTypeFilters=[_SERVICE, _RULE],
                TagFilters=[{"Key": OWNER_TAG}],
                ResourcesPerPage=100,
                **more,
            )
            for entry in page.get("ResourceTagMappingList") or ():
                for tag in entry.get("Tags") or ():
                    if tag.get("Key") == OWNER_TAG:
                        found[str(entry["ResourceARN"])] = str(tag["Value"])
            token = page.get("PaginationToken")
            if not token:
                return dict.fromkeys(keys, found)
            if token == more.get("PaginationToken"):
                raise Transient("AWS answers GetResources in a circle", code="APO-ELB-001")
            more = {"PaginationToken": token}


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

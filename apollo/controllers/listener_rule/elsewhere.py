"""Rules of ours on listeners that no manifest names: DescribeRules asks for a listener, so an index of tags
has to say which."""

from __future__ import annotations

import logging
from collections.abc import Collection

from apollo.api import OWNER_TAG, Context, Transient
from apollo.controllers.listener_rule.seen import listener_of
from apollo.errors import AwsError

__all__ = ["other_listeners"]

_log = logging.getLogger("apollo.controllers.listener_rule")
_TYPE = "elasticloadbalancing:listener-rule"


async def other_listeners(ctx: Context, kind: str, known: Collection[str]) -> list[str]:
    """The listeners, beside those that are known, that hold a rule of this environment: one call for each 100
    rules that carry an ownership tag. What the index does not tell yet is found the next time; what it still
    tells, though it is gone, is looked for in vain. Where the role may not ask the index, none is found, and
    nothing is pruned there.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    found: set[str] = set()
    more: dict[str, str] = {}
    while True:
        try:
            page = await ctx.read(
                "resourcegroupstaggingapi",
                "GetResources",
                ResourceTypeFilters=[_TYPE],
                TagFilters=[{"Key": OWNER_TAG}],
                ResourcesPerPage=100,
                **more,
            )
        except AwsError as error:
            if error.category != "access-denied":
                raise
            _log.info(
                "rules on listeners that no manifest names are not looked for, and not pruned: this needs "
                "tag:GetResources"
            )
            return []
        for entry in page.get("ResourceTagMappingList") or ():
            owners = [tag["Value"] for tag in entry.get("Tags") or () if tag.get("Key") == OWNER_TAG]
            key = ctx.env.key_of(owners[0]) if owners else None
            if key is not None and key.kind == kind:
                found.add(listener_of(str(entry["ResourceARN"])))
        token = page.get("PaginationToken")
        if not token:
            return sorted(found.difference(known))
        if token == more.get("PaginationToken"):
            raise Transient("AWS answers GetResources in a circle", code="APO-ELB-001")
        more = {"PaginationToken": token}

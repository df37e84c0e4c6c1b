"""The Resource Groups Tagging API: what carries which tags, across the services of an account and region."""

from collections.abc import Mapping
from typing import ClassVar

from apollo.testing.services.tagging import reads, writes
from apollo.testing.services.tagging.index import Index
from apollo.testing.world import Backend, Handler, Json


class Tagging(Index, Backend):
    """The Resource Groups Tagging API in one account and region; the tags themselves are the services'."""

    model: ClassVar[str] = "resourcegroupstaggingapi"
    validation_code: ClassVar[str] = "InvalidParameterException"
    operations: ClassVar[Mapping[str, Handler]] = {
        "GetResources": reads.get_resources,
        "GetTagKeys": reads.get_tag_keys,
        "GetTagValues": reads.get_tag_values,
        "TagResources": writes.tag_resources,
        "UntagResources": writes.untag_resources,
    }

    def snapshot(self) -> Json:
        """The tags are in the snapshots of the services that have them."""
        return {}

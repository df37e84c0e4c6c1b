"""All that the kind does with what AWS has, under one name: imported when something is looked at, since to
check manifests it is not needed."""

from __future__ import annotations

from apollo.controllers.service import diff, follow, forecast, observe
from apollo.controllers.service.fields import ignored_changes
from apollo.controllers.service.loaders import OURS
from apollo.controllers.service.scaling import with_count_owner
from apollo.controllers.service.seen import primary, project
from apollo.controllers.tags import tag_map

__all__ = [
    "OURS",
    "diff",
    "follow",
    "forecast",
    "ignored_changes",
    "observe",
    "primary",
    "project",
    "tag_map",
    "with_count_owner",
]

"""How a wanted service and a live one (or a revision of it) differ, as the manifest's lifecycle has it.

The tables are in `apollo.compare.service`; here is what they mean for one resource.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from apollo.api import Change, Ignored, Resource
from apollo.compare import differences, ignored, keeping
from apollo.compare.service import IMMUTABLE, RULES, STARTS_DEPLOYMENT
from apollo.controllers.service.scaling import count_owner
from apollo.controllers.service.seen import ServiceSeen
from apollo.controllers.tags import ignored_tags
from apollo.resources.service import ServiceSpec

__all__ = [
    "all_changes",
    "desired_fields",
    "desired_revision",
    "field_of",
    "fixed_fields",
    "ignored_changes",
    "in_words",
    "revision_changes",
]

Want = Resource[ServiceSpec]
Data = Mapping[str, Any]

OF_REVISION = STARTS_DEPLOYMENT | {"launchType", "monitoring"}
"""What a service revision holds of a spec."""


def desired_fields(want: Want, live: Data) -> dict[str, Any]:
    """The spec to compare and to send: declared, with the live value where the manifest ignores a field."""
    declared = want.spec.declared()
    declared.pop("tags", None)
    return keeping(declared, live, want.lifecycle.ignore, RULES)


def desired_revision(want: Want) -> dict[str, Any]:
    """The part of the spec that makes a service revision."""
    return _of_revision(want.spec.declared())


def all_changes(want: Want, seen: ServiceSeen) -> list[Change]:
    """Every difference but tags, in the order of the manifest."""
    wanted = {
        name: value for name, value in desired_fields(want, seen.fields).items() if name not in seen.unread
    }
    live = {name: value for name, value in seen.fields.items() if name != "tags"}
    if count_owner(want, seen):
        wanted.pop("desiredCount", None)
    return differences(wanted, live, RULES, want.lifecycle.ignore)


def revision_changes(want: Want, live: Data, unread: Collection[str] = ()) -> list[Change]:
    """The differences that tasks are replaced for, against a live service or a service revision."""
    wanted = _of_revision(desired_fields(want, live))
    for name in unread:
        wanted.pop(name, None)
    return differences(wanted, _of_revision(live), RULES, want.lifecycle.ignore)


def fixed_fields(changes: Collection[Change], live: Data) -> list[Change]:
    """The changes that only a new service can make. A launch type in place of a capacity provider strategy is
    none: an empty strategy gives it back."""
    moved = bool(live.get("capacityProviderStrategy"))
    return [
        change
        for change in changes
        if (name := field_of(change)) in IMMUTABLE and not (name == "launchType" and moved)
    ]


def ignored_changes(want: Want, seen: ServiceSeen) -> Sequence[Ignored]:
    """The differences that are left alone, each with the reason."""
    found: list[Ignored] = []
    if want.lifecycle.ignore:
        declared = want.spec.declared()
        declared.pop("tags", None)
        found += ignored(declared, seen.fields, RULES, want.lifecycle.ignore)
        found += ignored_tags(want, seen.tags)
    if want.spec.desiredCount in (None, seen.desired):
        return found
    if want.spec.schedulingStrategy == "DAEMON":
        found.append(Ignored("/desiredCount", "AWS decides it: one task per instance (DAEMON)"))
    elif owner := count_owner(want, seen):
        found = [one for one in found if one.path != "/desiredCount"]
        found.append(Ignored("/desiredCount", owner))
    return found


def field_of(change: Change) -> str:
    """The field of the spec that a change is in: ``/loadBalancers/web:app:80`` → ``loadBalancers``."""
    return change.path.split("/", 2)[1]


def in_words(names: Collection[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _of_revision(fields: Data) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in OF_REVISION}

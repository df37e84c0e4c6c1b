"""The mutating calls of a service, with AWS's own parameters. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from apollo.api import Call, Change, Resource
from apollo.compare.service import update_fields
from apollo.controllers.service.fields import desired_fields
from apollo.controllers.service.scaling import first_count
from apollo.controllers.service.seen import ServiceSeen
from apollo.controllers.tags import declared_tags, tag_list
from apollo.resources.service import ServiceSpec

__all__ = ["create", "delete", "tag", "untag", "update"]

Want = Resource[ServiceSpec]


def create(want: Want, seen: ServiceSeen | None) -> Call:
    """CreateService with the whole spec.

    Its token makes AWS answer a repeated request with the service that the first one made. ``seen`` is the
    predecessor of the same name, if AWS still tells of one: creating after it is another request.
    """
    params = want.spec.declared()
    if params.get("schedulingStrategy") == "DAEMON":
        params.pop("desiredCount", None)  # AWS decides it, and refuses to be told
    else:
        params["desiredCount"] = first_count(want)
    params["tags"] = tag_list(declared_tags(want))
    params["clientToken"] = client_token(want, seen.incarnation if seen else "", params.get("desiredCount"))
    return Call("ecs", "CreateService", params)


def client_token(want: Want, incarnation: str, count: int | None = None) -> str:
    """32 hexadecimal digits (AWS takes 36 characters): equal for equal requests, whoever sends them."""
    # The count may be another's, and a token goes with equal parameters only.
    text = "\n".join((want.owner, want.generation, incarnation, str(count)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def update(want: Want, seen: ServiceSeen, changes: Sequence[Change]) -> Call:
    """One UpdateService: what changes, what an empty value clears, and what AWS resets when not told."""
    fields = update_fields(desired_fields(want, seen.fields), changes)
    return Call("ecs", "UpdateService", {**_address(seen), **fields})


def delete(seen: ServiceSeen) -> Call:
    """DeleteService whatever the number of tasks; they are stopped in order, behind a load balancer after
    draining."""
    return Call("ecs", "DeleteService", {**_address(seen), "force": True})


def tag(seen: ServiceSeen, tags: Mapping[str, str]) -> Call:
    return Call("ecs", "TagResource", {"resourceArn": seen.arn, "tags": tag_list(tags)})


def untag(seen: ServiceSeen, keys: Iterable[str]) -> Call:
    return Call("ecs", "UntagResource", {"resourceArn": seen.arn, "tagKeys": sorted(keys)})


def _address(seen: ServiceSeen) -> dict[str, str]:
    return {"cluster": seen.cluster, "service": seen.name}

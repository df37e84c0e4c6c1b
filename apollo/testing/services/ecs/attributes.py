"""Attributes of container instances, as somebody gave them. Placement does not look at them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
"""

import re

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.capacity import instance_arn
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Cluster, Instance, Json
from apollo.testing.world import Call

MOST = 10
""" "You can specify up to 10 custom attributes for each resource." """
BUILT_IN = {"ecs.cpu-architecture": "x86_64", "ecs.os-type": "linux"}
"""What every instance has; they are not to be changed."""
_NAME = re.compile(r"[A-Za-z0-9_./\\-]{1,128}")
_VALUE = re.compile(r"(?! )[A-Za-z0-9_.@/\\: -]{1,128}(?<! )")


def check(attribute: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attribute.html"""
    if not _NAME.fullmatch(attribute["name"]) or attribute["name"] in BUILT_IN:
        raise invalid(f"Invalid attribute name: {attribute['name']}")
    if "value" in attribute and not _VALUE.fullmatch(attribute["value"]):
        raise invalid(f"Invalid attribute value: {attribute['value']}")


def of(instance: Instance) -> list[Json]:
    """All of them, as DescribeContainerInstances shows them."""
    known: dict[str, str | None] = {**BUILT_IN, **instance.attributes}
    return [{"name": name} | ({} if value is None else {"value": value}) for name, value in known.items()]


def _targets(ecs: Region, cluster: Cluster, given: list[Json]) -> list[tuple[Instance, Json]]:
    """Every attribute with its instance, before anything is changed."""
    if not 1 <= len(given) <= MOST:
        raise invalid(f"attributes must have between 1 and {MOST} items.")
    found = []
    for attribute in given:
        check(attribute)
        target = attribute.get("targetId", "")
        if not target.startswith("arn:") and attribute.get("targetType") != "container-instance":
            raise invalid("targetType is required with the short form of a targetId.")
        instance = cluster.instances.get(target.rpartition("/")[2])
        if instance is None or (
            target.startswith("arn:") and target != instance_arn(ecs, cluster, instance.id)
        ):
            raise ApiError("TargetNotFoundException", f"The specified target was not found: {target}")
        found.append((instance, attribute))
    return found


def put(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAttributes.html"""
    cluster = ecs.cluster(call.params.get("cluster"))
    given = _targets(ecs, cluster, call.params["attributes"])
    for instance in {id(instance): instance for instance, _ in given}.values():
        names = {attribute["name"] for one, attribute in given if one is instance}
        if len(names | instance.attributes.keys()) > MOST:
            raise ApiError(
                "AttributeLimitExceededException", f"A resource can have at most {MOST} custom attributes."
            )
    for instance, attribute in given:
        instance.attributes[attribute["name"]] = attribute.get("value")
        instance.version += 1
    return {"attributes": [_view(ecs, cluster, instance, attribute) for instance, attribute in given]}


def delete(ecs: Region, call: Call) -> Json:
    """What is not there is no error.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAttributes.html
    """
    cluster = ecs.cluster(call.params.get("cluster"))
    given = _targets(ecs, cluster, call.params["attributes"])
    for instance, attribute in given:
        instance.attributes.pop(attribute["name"], None)
        instance.version += 1
    return {"attributes": [_view(ecs, cluster, instance, attribute) for instance, attribute in given]}


def list_attributes(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAttributes.html"""
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    if "attributeValue" in p and "attributeName" not in p:
        raise invalid("You must also specify an attribute name to filter by value.")
    found = [
        _view(ecs, cluster, instance, attribute)
        for instance in cluster.instances.values()
        for attribute in of(instance)
        if p.get("attributeName") in (None, attribute["name"])
        and p.get("attributeValue") in (None, attribute.get("value"))
    ]
    chunk, more = page(found, p)
    return {"attributes": chunk, **more}


def _view(ecs: Region, cluster: Cluster, instance: Instance, attribute: Json) -> Json:
    shown = {"name": attribute["name"], "targetId": instance_arn(ecs, cluster, instance.id)}
    return shown | ({"value": attribute["value"]} if "value" in attribute else {})

"""A scalable target and its policies as one ScalingPolicy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from apollo.importing.cloudformation.shapes import spec_of
from apollo.importing.cloudformation.template import Undecided
from apollo.importing.cloudformation.values import Values
from apollo.importing.model import Draft
from apollo.importing.reader import mapping, scalar
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["TYPES", "drafts"]

_TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
_POLICY: Final = "AWS::ApplicationAutoScaling::ScalingPolicy"
TYPES: Final = (_TARGET, _POLICY)

_SERVICE = re.compile(r"service/.*/\$\{\{ Service/(?P<name>[\w.-]+)\.name \}\}", re.DOTALL)
_PLACE = re.compile(r"service/(?P<cluster>.+)/(?P<service>[^/]+)", re.DOTALL)
_KEPT = ("minCapacity", "maxCapacity", "suspendedState")
_CONFIGS = (
    "policyType",
    "stepScalingPolicyConfiguration",
    "targetTrackingScalingPolicyConfiguration",
    "predictiveScalingPolicyConfiguration",
)

Take = Callable[[str, Node, object, list[Draft]], None]


def drafts(
    present: Mapping[str, Node], ids: Mapping[str, str], values: Values, take: Take, file: str
) -> list[Draft]:
    """One ScalingPolicy for each scalable target of a service."""
    found: list[Draft] = []
    policies = {id_: node for id_, node in present.items() if _type(node) == _POLICY}
    used: set[str] = set()
    for id_, node in present.items():
        if _type(node) == _TARGET and _is_ecs(node):
            take(
                id_,
                node,
                lambda id_=id_, node=node: _draft(id_, node, policies, ids, values, used, file),
                found,
            )
    for id_, node in policies.items():
        if id_ not in used and _is_ecs(node):
            values.report.note("dropped", f"{id_}: its scalable target is not in this template", node)
    return found


def _type(node: Node) -> str | None:
    return node.text("Type") if isinstance(node, MapNode) else None


def _is_ecs(node: Node) -> bool:
    properties = mapping(node, "Properties")
    namespace = properties.text("ServiceNamespace") if properties is not None else None
    return namespace in (None, "ecs")


def _draft(
    id_: str,
    node: Node,
    policies: Mapping[str, Node],
    ids: Mapping[str, str],
    values: Values,
    used: set[str],
    file: str,
) -> Draft:
    target = _properties(id_, node, values)
    spec = MapNode(node.source, node.line, node.column)
    name = _place(target, spec, ids[id_])
    for field in _KEPT:
        if field in target.items:
            spec.put(target.keys[field], target.items[field])
    its = ListNode(node.source, node.line, node.column)
    for other, policy in policies.items():
        if _belongs(policy, id_, target, values, other):
            used.add(other)
            its.items.append(_policy(other, policy, values))
    if its.items:
        spec.put(scalar(node, "policies"), its)
    actions = target.items.get("scheduledActions")
    if isinstance(actions, ListNode) and actions.items:
        for action in actions.items:
            if isinstance(action, MapNode) and "scheduledActionName" in action.items:
                action.put(scalar(action, "name"), action.items.pop("scheduledActionName"))
                del action.keys["scheduledActionName"]
        spec.put(scalar(node, "scheduledActions"), actions)
    return Draft("ScalingPolicy", name, spec, f"{file}, {id_}", group=name)


def _properties(id_: str, node: Node, values: Values) -> MapNode:
    properties = mapping(node, "Properties")
    value = values.of(properties, f"/Resources/{id_}") if properties is not None else None
    if not isinstance(value, MapNode):
        raise Undecided("it has no properties", node)
    return spec_of("ScalingPolicy", value)


def _place(target: MapNode, spec: MapNode, name: str) -> str:
    """Which service is scaled: one of this template by its manifest, another one by its name."""
    place = target.items.get("resourceId")
    text = place.text if isinstance(place, TextNode) else ""
    if place is None:
        raise Undecided("it has no ResourceId", target)
    if (own := _SERVICE.fullmatch(text)) is not None:
        name = own["name"]
        spec.put(scalar(place, "service"), scalar(place, name))
        return name
    found = _PLACE.fullmatch(text)
    if found is None:
        spec.put(scalar(place, "resourceId"), scalar(place, text))
        return name
    spec.put(scalar(place, "cluster"), scalar(place, found["cluster"]))
    spec.put(scalar(place, "service"), scalar(place, found["service"]))
    return name


def _belongs(policy: Node, target_id: str, target: MapNode, values: Values, id_: str) -> bool:
    properties = mapping(policy, "Properties")
    if properties is None:
        return False
    for name in ("ScalingTargetId", "PolicyTargetId"):
        reference = mapping(properties, name)
        if reference is not None and reference.text("Ref") == target_id:
            return True
    place = properties.items.get("ResourceId")
    if place is None:
        return False
    mine = values.of(place, f"/Resources/{id_}")
    other = target.items.get("resourceId")
    return isinstance(mine, TextNode) and isinstance(other, TextNode) and mine.text == other.text


def _policy(id_: str, node: Node, values: Values) -> MapNode:
    found = _properties(id_, node, values)
    policy = MapNode(node.source, node.line, node.column)
    own = found.items.get("policyName") or scalar(node, id_)
    policy.put(scalar(node, "name"), own)
    for name in _CONFIGS:
        if name in found.items:
            policy.put(found.keys[name], found.items[name])
    return policy

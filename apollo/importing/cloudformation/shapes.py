"""Where a template's names are not those of the service's own interface."""

from __future__ import annotations

from typing import Final

from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["SPECS", "spec_of"]

SPECS: Final = {"TaskDefinition": "family", "Service": "serviceName"}

_RENAMED: Final = {
    "PlacementStrategies": "placementStrategy",
    "ProxyConfigurationProperties": "properties",
    "FilesystemId": "fileSystemId",
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "EBSKMSKeyId": "kmsKeyId",
    "IAM": "iam",
    "RoleARN": "roleARN",
    "ManagedEBSVolume": "managedEBSVolume",
}
_DATA: Final = frozenset(
    {"Options", "DockerLabels", "DriverOpts", "Labels", "AuthenticationRequestExtraParams"}
)
"""Mappings whose keys are data."""


def spec_of(kind: str, properties: MapNode) -> MapNode:
    """Properties under the names of a spec."""
    spec = _lowered(properties)
    assert isinstance(spec, MapNode)
    if kind == "ListenerRule":
        priority = spec.items.get("priority")
        if isinstance(priority, TextNode):
            priority.plain = True
    return spec


def _lowered(node: Node) -> Node:
    if isinstance(node, ListNode):
        new = ListNode(node.source, node.line, node.column, node.start, node.end)
        new.items = [_lowered(item) for item in node.items]
        return new
    if not isinstance(node, MapNode):
        return node
    copy = MapNode(node.source, node.line, node.column, node.start, node.end)
    for name, item in node.items.items():
        key = node.keys[name]
        ours = _RENAMED.get(name) or name[:1].lower() + name[1:]
        copy.put(
            TextNode(key.source, key.line, key.column, ours, False), item if name in _DATA else _lowered(item)
        )
    return copy

"""What a dialect has to say about itself."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attrs import define, field

from apollo.importing.model import Draft, Report
from apollo.importing.names import manifest_name
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["Reader", "Work", "mapping", "named_after", "scalar", "texts"]

Sibling = Callable[[str, str], "bytes | str"]
"""The content of a file named in another one, or why it cannot be had."""

_GENERIC = frozenset(
    {
        "taskdef",
        "task-definition",
        "task_definition",
        "taskdefinition",
        "ecs-task-def",
        "ecs-taskdef",
        "task",
        "servicedef",
        "service-definition",
        "service_definition",
        "servicedefinition",
        "ecs-service-def",
        "ecs-service",
        "service",
        "service-def",
        "manifest",
        "template",
        "app",
        "stack",
        "ecs",
        "cloudformation",
        "ecspresso",
        ".pipe",
        "app.pipecd",
    }
)


@define
class Work:
    """What readers share during one import.

    :ivar given: values that the command line has for parameters.
    :ivar used: files that were read as parts of another one. :ivar refused: ``Kind/name`` of what a reader
        found and could not tell.
    """

    report: Report
    sibling: Sibling
    given: Mapping[str, Any] = field(factory=dict)
    used: set[str] = field(factory=set)
    refused: set[str] = field(factory=set)


class Reader(Protocol):
    """One dialect."""

    name: str
    """As ``--from`` takes it."""
    project: bool
    """Whether it names other files, and is therefore read before those."""

    def takes(self, document: Node) -> bool:
        """Whether a document is of this dialect, told by what it holds."""
        ...

    def read(self, document: Node, work: Work) -> list[Draft]:
        """The resources of a document; what cannot be taken over is noted."""
        ...


def mapping(node: Node | None, name: str) -> MapNode | None:
    """A member that is a mapping."""
    found = node.items.get(name) if isinstance(node, MapNode) else None
    return found if isinstance(found, MapNode) else None


def texts(node: Node | None) -> list[str]:
    """The texts of a list."""
    return [one.text for one in node.items if isinstance(one, TextNode)] if isinstance(node, ListNode) else []


def named_after(node: Node) -> str:
    """A name for what a file holds: its own, or its folder's where every tool calls the file so."""
    file = node.source.file
    stem = posixpath.basename(file).split(".json")[0].split(".y")[0]
    folder = posixpath.basename(posixpath.dirname(file))
    return manifest_name(folder if stem.lower() in _GENERIC and folder else stem)


def scalar(at: Node, text: str, *, plain: bool = False) -> TextNode:
    """Text that stands where another node does."""
    return TextNode(at.source, at.line, at.column, text, plain)

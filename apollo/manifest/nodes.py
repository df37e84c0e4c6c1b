"""A document with positions: every key and value knows where it is written.

Nodes live only while a file is being built; what is kept afterwards are specs and the few positions that
later findings need.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.errors import Problem
from apollo.manifest.excerpt import excerpt
from apollo.manifest.scalars import resolve

__all__ = [
    "Leaf",
    "ListNode",
    "MapNode",
    "Node",
    "Source",
    "TextNode",
    "data",
    "find_path",
    "node_of",
    "pointer",
]


class Source:
    """One file's name and text."""

    __slots__ = ("_lines", "_masks", "file", "text")

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.text = text
        self._lines: list[str] | None = None
        self._masks: dict[int, list[tuple[int, int]]] = {}

    def excerpt(self, line: int, column: int) -> str:
        """The line with a caret under the column, secrets masked; empty when the text is not at hand."""
        if self._lines is None:
            # Only the breaks that YAML 1.2 counts; str.splitlines knows more of them.
            self._lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return excerpt(self._lines, line, column, self._masks)

    def problem(
        self, code: str, message: str, line: int, column: int, *, path: str = "", hint: str = ""
    ) -> Problem:
        return Problem(
            code,
            message,
            file=self.file,
            line=line,
            column=column,
            path=path,
            hint=hint,
            excerpt=self.excerpt(line, column),
        )


class Node:
    """Where a value is written: lines and columns count from 1, ``start`` and ``end`` are character indexes.

    :ivar via: what put the value there, when it was not written in place: ``var.x``, ``default``,
        ``specFrom``.
    :ivar alias: whether the text says ``*name`` here.
    """

    __slots__ = ("alias", "column", "end", "line", "source", "start", "via")

    def __init__(self, source: Source, line: int, column: int, start: int = 0, end: int = 0) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.start = start
        self.end = end
        self.via = ""
        self.alias = False

    def frame(self, path: str) -> Problem:
        """A finding that is still to be said; without its excerpt, which costs more than all the rest."""
        return Problem("", "", file=self.source.file, line=self.line, column=self.column, path=path)

    def problem(self, code: str, message: str, *, path: str = "", hint: str = "") -> Problem:
        return self.source.problem(code, message, self.line, self.column, path=path, hint=hint)


class TextNode(Node):
    """A scalar: its own text, and whether the field may read it as a number, boolean or null."""

    __slots__ = ("plain", "style", "text")

    def __init__(
        self,
        source: Source,
        line: int,
        column: int,
        text: str,
        plain: bool,
        style: str = "",
        start: int = 0,
        end: int = 0,
    ) -> None:
        # Not by super(): a large repository has millions of them.
        self.source = source
        self.line = line
        self.column = column
        self.start = start
        self.end = end
        self.via = ""
        self.alias = False
        self.text = text
        self.plain = plain
        self.style = style

    @property
    def absent(self) -> bool:
        return self.plain and resolve(self.text) is None


class ListNode(Node):
    __slots__ = ("items",)

    def __init__(self, source: Source, line: int, column: int, start: int = 0, end: int = 0) -> None:
        super().__init__(source, line, column, start, end)
        self.items: list[Node] = []


class MapNode(Node):
    """``keys`` holds the key's own node beside each value."""

    __slots__ = ("items", "keys")

    def __init__(self, source: Source, line: int, column: int, start: int = 0, end: int = 0) -> None:
        super().__init__(source, line, column, start, end)
        self.items: dict[str, Node] = {}
        self.keys: dict[str, TextNode] = {}

    def put(self, key: TextNode, value: Node) -> None:
        self.items[key.text] = value
        self.keys[key.text] = key

    def text(self, name: str) -> str | None:
        """The text of a scalar member, or None."""
        node = self.items.get(name)
        return node.text if isinstance(node, TextNode) and not node.absent else None


class Leaf(str):
    """A scalar of ``apollo.yaml`` that some manifest's field will type: its text, and where it is written."""

    node: TextNode

    @classmethod
    def of(cls, node: TextNode) -> Leaf:
        leaf = cls(node.text)
        leaf.node = node
        return leaf


def node_of(value: Any, at: Node, via: str, *, in_place: bool = False) -> Node:
    """Plain data as a node that stands at ``at``. ``in_place``: a `Leaf` keeps its own position instead."""
    node: Node
    if isinstance(value, Mapping):
        node = MapNode(at.source, at.line, at.column)
        for name, item in value.items():
            child = node_of(item, at, via, in_place=in_place)
            key = TextNode(child.source, child.line, child.column, str(name), plain=False)
            node.put(key, child)
    elif isinstance(value, list | tuple):
        node = ListNode(at.source, at.line, at.column)
        node.items = [node_of(item, at, via, in_place=in_place) for item in value]
    else:
        text, plain, origin = _scalar(value)
        where = origin if in_place and origin is not None else at
        node = TextNode(where.source, where.line, where.column, text, plain)
    node.via = via
    return node


def _scalar(value: Any) -> tuple[str, bool, TextNode | None]:
    if isinstance(value, Leaf):
        return str(value), value.node.plain, value.node
    if isinstance(value, str):
        return value, False, None
    if value is None:
        return "null", True, None
    if isinstance(value, bool):
        return str(value).lower(), True, None
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf", True, None
    return str(value), True, None


def data(node: Node, *, leaves: bool = False) -> Any:
    """Plain data, typed by the text alone; null members of mappings are left out. ``leaves``: scalars as
    `Leaf`, to be typed later by the field that takes them."""
    if isinstance(node, TextNode):
        if not node.plain or leaves:
            if node.absent:
                return None
            return Leaf.of(node) if leaves else node.text
        return resolve(node.text)
    if isinstance(node, ListNode):
        return [data(item, leaves=leaves) for item in node.items]
    if isinstance(node, MapNode):
        return {
            name: data(item, leaves=leaves)
            for name, item in node.items.items()
            if not (isinstance(item, TextNode) and item.absent)
        }
    raise TypeError(node)


def find_path(root: Node, wanted: Node) -> tuple[str | int, ...] | None:
    """The way from ``root`` to a node, by identity. Only asked when there is something to report."""
    if root is wanted:
        return ()
    children: Iterator[tuple[str | int, Node]]
    if isinstance(root, MapNode):
        children = iter(root.items.items())
    elif isinstance(root, ListNode):
        children = enumerate(root.items)
    else:
        return None
    for step, child in children:
        below = find_path(child, wanted)
        if below is not None:
            return (step, *below)
    return None


def pointer(root: Node, steps: tuple[str | int, ...]) -> str:
    """A JSON pointer in which members of lists of named things go by their name."""
    text = ""
    node: Node | None = root
    for step in steps:
        label = str(step)
        if isinstance(node, ListNode) and isinstance(step, int):
            node = node.items[step] if step < len(node.items) else None
            if isinstance(node, MapNode):
                label = node.text("name") or label
        elif isinstance(node, MapNode):
            node = node.items.get(label)
        else:
            node = None
        text += "/" + label.replace("~", "~0").replace("/", "~1")
    return text

"""The parts of a template that decide: parameters, mappings, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apollo.importing.reader import mapping
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, data
from apollo.manifest.scalars import resolve

__all__ = ["Template", "Undecided"]


class Undecided(Exception):
    """A value that only somebody who knows the stack can tell."""

    def __init__(self, why: str, at: Node, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.at = at
        self.hint = hint


class Template:
    """One template, and what was said of its parameters on the command line.

    :ivar assumed: parameters whose default decided something.
    """

    def __init__(self, node: MapNode, given: Mapping[str, Any]) -> None:
        self.parameters = mapping(node, "Parameters")
        self.mappings = mapping(node, "Mappings")
        self.conditions = mapping(node, "Conditions")
        self.resources = mapping(node, "Resources")
        self.given = given
        self.assumed: set[str] = set()
        self._deciding: set[str] = set()

    def default(self, name: str) -> Any:
        """What a parameter is where nobody says otherwise; None when that is nothing. Lists stay lists."""
        parameter = mapping(self.parameters, name)
        if name in self.given and parameter is not None:
            value: Any = self.given[name]
        else:
            found = parameter.items.get("Default") if parameter is not None else None
            if not isinstance(found, TextNode) or (
                parameter and parameter.text("NoEcho") in ("true", "True")
            ):
                return None
            value = found.text if not found.plain or found.absent else resolve(found.text)
        kind = parameter.text("Type") or "" if parameter is not None else ""
        if "List" in kind and isinstance(value, str):
            return [one.strip() for one in value.split(",")] if value else []
        if kind == "Number" and isinstance(value, str):
            return resolve(value)
        if kind == "String" and value is not None and not isinstance(value, str):
            return found.text if name not in self.given else str(value)  # type: ignore[union-attr]
        return value

    def condition(self, name: str, at: Node) -> bool:
        """Whether a condition holds.

        :raises Undecided: it depends on a parameter without a default.
        """
        node = self.conditions.items.get(name) if self.conditions is not None else None
        if node is None or name in self._deciding:
            raise Undecided(f"there is no condition '{name}'", at)
        self._deciding.add(name)
        try:
            return self._holds(node, at)
        finally:
            self._deciding.discard(name)

    def _holds(self, node: Node, at: Node) -> bool:
        if isinstance(node, MapNode) and len(node.items) == 1:
            ((name, argument),) = node.items.items()
            items = argument.items if isinstance(argument, ListNode) else []
            if name == "Condition" and isinstance(argument, TextNode):
                return self.condition(argument.text, at)
            if name == "Fn::Equals" and len(items) == 2:
                return self._known(items[0], at) == self._known(items[1], at)
            if name == "Fn::Not" and len(items) == 1:
                return not self._holds(items[0], at)
            if name == "Fn::And":
                return all(self._holds(item, at) for item in items)
            if name == "Fn::Or":
                return any(self._holds(item, at) for item in items)
        raise Undecided("the condition uses a function that cannot be worked out here", node)

    def _known(self, node: Node, at: Node) -> str:
        if isinstance(node, TextNode):
            return node.text
        name = node.text("Ref") if isinstance(node, MapNode) else None
        if name is not None:
            value = self.default(name)
            if value is not None:
                if name not in self.given:
                    self.assumed.add(name)
                return ",".join(map(str, value)) if isinstance(value, list) else _said(value)
            raise Undecided(
                f"it depends on {name}, which has no default", at, f"say what it is: --var {name}=VALUE"
            )
        found = self.find_in_map(node.items.get("Fn::FindInMap")) if isinstance(node, MapNode) else None
        if isinstance(found, TextNode):
            return found.text
        raise Undecided("it depends on what the template alone does not tell", at)

    def find_in_map(self, argument: Node | None) -> Node | None:
        """The value of a mapping whose keys are known; None else."""
        if not isinstance(argument, ListNode) or len(argument.items) < 3:
            return None
        found: Node | None = self.mappings
        for step in argument.items[:3]:
            try:
                key = self._known(step, argument)
            except Undecided:
                return None
            found = found.items.get(key) if isinstance(found, MapNode) else None
        return found


def _said(value: Any) -> str:
    text = data(value) if isinstance(value, Node) else value
    return str(text).lower() if isinstance(text, bool) else str(text)

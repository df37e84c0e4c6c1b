"""What a template's functions come to: text, variables, references; or that nobody can say.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apollo.importing.cloudformation.template import Template, Undecided
from apollo.importing.model import Report
from apollo.importing.names import variable_name
from apollo.manifest.interpolate import escape
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, data
from apollo.manifest.scalars import resolve

__all__ = ["Values"]

_SUB = re.compile(r"\$\{(?P<literal>!)?(?P<name>[A-Za-z0-9_:.-]+)\}")
_PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_FACTS = {"AWS::Region": "region", "AWS::AccountId": "account"}
_ONE = re.compile(r"\$\{\{ [^{}]* \}\}")


class Values:
    """Works out one template's values.

    :param outputs: logical id → attribute → what says it in a manifest; ``""`` is what ``!Ref`` gives.
    """

    def __init__(
        self, template: Template, outputs: Mapping[str, Mapping[str, str]], report: Report, file: str
    ) -> None:
        self.template = template
        self.outputs = outputs
        self.report = report
        self.file = file
        self._at = ""

    def of(self, node: Node, where: str) -> Node | None:
        """The value; None for AWS::NoValue.

        :raises Undecided: it depends on what nobody said.
        """
        self._at = f"{self.file}{where}"
        return self._value(node)

    def _value(self, node: Node) -> Node | None:
        if isinstance(node, TextNode):
            return _text(node, escape(node.text), node.plain)
        if isinstance(node, ListNode):
            new = ListNode(node.source, node.line, node.column, node.start, node.end)
            new.items = [value for item in node.items if (value := self._value(item)) is not None]
            return new
        assert isinstance(node, MapNode)
        if len(node.items) == 1:
            ((name, argument),) = node.items.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument, node)
        copy = MapNode(node.source, node.line, node.column, node.start, node.end)
        for name, item in node.items.items():
            value = self._value(item)
            if value is not None:
                copy.put(node.keys[name], value)
        return copy

    def _call(self, name: str, argument: Node, at: Node) -> Node | None:
        if name == "Ref" and isinstance(argument, TextNode):
            return self._reference(argument.text, at)
        if name == "Fn::GetAtt":
            parts = _parts(argument)
            if len(parts) >= 2:
                return _made(at, self._attribute(parts[0], ".".join(parts[1:])))
        if name == "Fn::Sub":
            return self._substituted(argument, at)
        if name == "Fn::Join" and isinstance(argument, ListNode) and len(argument.items) == 2:
            return self._joined(argument, at)
        if name == "Fn::If" and isinstance(argument, ListNode) and len(argument.items) == 3:
            condition, yes, no = argument.items
            if isinstance(condition, TextNode):
                return self._value(yes if self.template.condition(condition.text, at) else no)
        if name == "Fn::FindInMap" and (found := self.template.find_in_map(argument)) is not None:
            return self._value(found)
        if name == "Fn::ImportValue":
            value = self._value(argument)
            text = value.text if isinstance(value, TextNode) else "import"
            return _made(at, self._variable(_plain(text), f"{name} {_plain(text)}"))
        if name == "Fn::Select" and isinstance(argument, ListNode) and len(argument.items) == 2:
            return self._selected(argument, at)
        said = data(argument)
        text = said if isinstance(said, str) else "_".join(_words(said))
        return _made(at, self._variable(f"{name.removeprefix('Fn::')}_{text}", name))

    def _reference(self, name: str, at: Node) -> Node | None:
        if name == "AWS::NoValue":
            return None
        if name in _PSEUDO:
            return _made(at, _PSEUDO[name])
        if name in _FACTS:
            self.report.needs.add(_FACTS[name])
            return _made(at, "${{ env." + _FACTS[name] + " }}")
        if (known := self.outputs.get(name, {}).get("")) is not None:
            return _made(at, known)
        return _made(at, self._variable(name, f"Ref {name}"))

    def _attribute(self, name: str, attribute: str) -> str:
        known = self.outputs.get(name, {}).get(attribute)
        return known if known is not None else self._variable(f"{name}_{attribute}", f"{name}.{attribute}")

    def _variable(self, name: str, origin: str) -> str:
        parameter = origin.removeprefix("Ref ")
        default = self.template.default(parameter)
        return self.report.variable(variable_name(name.replace("AWS::", "")), origin, self._at, default)

    def _substituted(self, argument: Node, at: Node) -> Node:
        own: dict[str, Node] = {}
        if isinstance(argument, ListNode) and len(argument.items) == 2:
            argument, names = argument.items
            own = dict(names.items) if isinstance(names, MapNode) else {}
        text = argument.text if isinstance(argument, TextNode) else ""
        out, position = "", 0
        for found in _SUB.finditer(text):
            out += escape(text[position : found.start()])
            position = found.end()
            name = found["name"]
            if found["literal"]:
                out += "${" + name + "}"
            elif name in own:
                out += self._inline(own[name])
            elif "." in name:
                head, _, rest = name.partition(".")
                out += self._attribute(head, rest)
            else:
                value = self._reference(name, at)
                out += value.text if isinstance(value, TextNode) else ""
        return _made(at, out + escape(text[position:]))

    def _inline(self, node: Node) -> str:
        value = self._value(node)
        if isinstance(value, TextNode):
            return value.text
        raise Undecided("a list or mapping stands inside of text", node)

    def _joined(self, argument: ListNode, at: Node) -> Node:
        separator, parts = argument.items
        between = separator.text if isinstance(separator, TextNode) else ""
        value = self._value(parts)
        if isinstance(value, ListNode):
            if all(isinstance(item, TextNode) for item in value.items):
                return _made(
                    at, between.join(item.text for item in value.items if isinstance(item, TextNode))
                )
            raise Undecided("a list or mapping stands inside of text", at)
        return _made(at, self._variable("Join_" + "_".join(_words(data(parts))), "Fn::Join"))

    def _selected(self, argument: ListNode, at: Node) -> Node | None:
        index, items = argument.items
        value = self._value(items)
        number = int(index.text) if isinstance(index, TextNode) and index.text.isdigit() else None
        if number is not None and isinstance(value, ListNode) and number < len(value.items):
            return value.items[number]
        name = "_".join(["Select", *_words(data(argument))])
        return _made(at, self._variable(name, "Fn::Select"))


def _parts(argument: Node) -> list[str]:
    if isinstance(argument, TextNode):
        return argument.text.split(".")
    return (
        [one.text for one in argument.items if isinstance(one, TextNode)]
        if isinstance(argument, ListNode)
        else []
    )


def _words(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [word for item in value.values() for word in _words(item)]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [str(value)]


def _plain(text: str) -> str:
    """Text without our expressions: ``${{ var.Stack }}-Vpc`` → ``Stack-Vpc``."""
    return _ONE.sub(lambda found: found.group()[4:-3].rpartition(".")[2], text)


def _made(at: Node, text: str) -> TextNode:
    return _text(at, text, True)


def _text(at: Node, text: str, plain: bool) -> TextNode:
    """A scalar that its field types: templates have numbers as text and text as numbers. What would be
    taken for null stays text."""
    null = resolve(text) is None
    return TextNode(at.source, at.line, at.column, text, plain if null and text else not null)

"""``${{ … }}`` in values: variables, facts of the environment, outputs of other resources.

Text is replaced, never evaluated; what a variable holds is not looked into again. ``$${{`` is a literal
``${{``; the shell's ``${X}`` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from apollo.api import Env, is_unknown, marker
from apollo.manifest.findings import did_you_mean
from apollo.manifest.nodes import Leaf, ListNode, MapNode, Node, TextNode, node_of

__all__ = ["Interpolator", "escape", "readable"]

_TOKEN = re.compile(r"\$\$\{\{|\$\{\{(?P<body>.*?)\}\}|\$\{\{", re.DOTALL)
_HEAD = re.compile(r"(?P<head>var|env)\.(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_OUTPUT = re.compile(
    r"(?P<kind>[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*)/"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\.(?P<output>[A-Za-z][A-Za-z0-9]*)"
)
_MARKER = re.compile("\ue000(.*?)\ue001")
_FORMS = "write ${{ var.NAME }}, ${{ env.name }} or ${{ Kind/name.output }}; $${{ is a literal ${{"

Report = Callable[[Node, str, str, str], None]
"""Called with the node, code, message and hint."""


def escape(text: str) -> str:
    """Text that reads back as itself where expressions are looked for."""
    return text.replace("${{", "$${{")


def readable(text: str) -> str:
    """Text for people: an output that is not known yet stands as it is written in a manifest."""
    return _MARKER.sub(r"${{ \1 }}", text) if is_unknown(text) else text


class Interpolator:
    """Replaces the expressions of one environment's manifests."""

    def __init__(self, variables: Mapping[str, Any], env: Env) -> None:
        self.variables = variables
        self.facts: dict[str, str | None] = {
            "name": env.name,
            "installation": env.installation,
            "region": env.region or None,
            "account": env.account,
            "cluster": env.cluster,
        }

    def apply(self, node: Node, report: Report) -> Node:
        """``node`` with every expression replaced; the same object when there is none."""
        if isinstance(node, TextNode):
            return self._text(node, report) if "${{" in node.text else node
        if isinstance(node, MapNode):
            for name in node.keys:
                if "${{" in name:
                    report(
                        node.keys[name],
                        "APO-LOAD-023",
                        "an expression cannot be a key",
                        "expressions stand in values",
                    )
            changed: dict[str, Node] = {}
            for name, item in node.items.items():
                if type(item) is TextNode and "${{" not in item.text:
                    continue
                new = self.apply(item, report)
                if new is not item:
                    changed[name] = new
            if not changed:
                return node
            copy = MapNode(node.source, node.line, node.column, node.start, node.end)
            copy.items, copy.keys, copy.via = {**node.items, **changed}, node.keys, node.via
            return copy
        assert isinstance(node, ListNode)
        items = [self.apply(item, report) for item in node.items]
        if all(a is b for a, b in zip(items, node.items, strict=True)):
            return node
        whole = ListNode(node.source, node.line, node.column, node.start, node.end)
        whole.items, whole.via = items, node.via
        return whole

    def _text(self, node: TextNode, report: Report) -> Node:
        whole = _TOKEN.fullmatch(node.text.strip()) if node.text.strip().endswith("}}") else None
        if whole is not None and whole.group("body") is not None:
            found = _HEAD.fullmatch(whole.group("body").strip())
            if found is not None and found.group("head") == "var":
                name = found.group("name")
                if name in self.variables:
                    return node_of(self.variables[name], node, f"var.{name}")
        via: list[str] = []

        def replace(token: re.Match[str]) -> str:
            if token.group() == "$${{":
                return "${{"
            body = token.group("body")
            if body is None:
                report(node, "APO-LOAD-020", "the expression ${{ is not closed by }}", _FORMS)
                return token.group()
            return self._value(body.strip(), node, report, via)

        text = _TOKEN.sub(replace, node.text)
        result = TextNode(
            node.source, node.line, node.column, text, plain=False, start=node.start, end=node.end
        )
        result.via = ", ".join(dict.fromkeys(via)) or node.via
        return result

    def _value(self, body: str, node: Node, report: Report, via: list[str]) -> str:
        output = _OUTPUT.fullmatch(body)
        if output is not None:
            via.append(body)
            return marker(*output.groups())
        found = _HEAD.fullmatch(body)
        if found is None:
            head = re.split(r"[./\s]", body, maxsplit=1)[0]
            what = f"'{head}' is nothing that can be asked here" if head else "the expression is empty"
            hint = did_you_mean(head, ["var", "env"]) or _FORMS
            if head in ("var", "env"):
                what, hint = f"'{body[:60]}' is no name of one", _FORMS
                if "${{" in body:
                    what = "an expression cannot stand in another one"
            report(node, "APO-LOAD-020", what, hint)
            return ""
        via.append(body)
        head, name = found.group("head", "name")
        if head == "env":
            return self._fact(name, node, report)
        if name not in self.variables:
            hint = did_you_mean(name, self.variables) or (
                f"variables of this environment: {', '.join(sorted(self.variables)) or 'none'}; "
                "set it below spec.variables of the Environment, or with --var"
            )
            report(node, "APO-LOAD-021", f"the variable '{name}' is not set", hint)
            return ""
        value = self.variables[name]
        if isinstance(value, Mapping | list | tuple) or value is None:
            what = (
                "nothing" if value is None else "a list" if isinstance(value, list | tuple) else "a mapping"
            )
            report(
                node,
                "APO-LOAD-022",
                f"the variable '{name}' is {what}, which cannot stand inside of text",
                "let the whole value be ${{ var." + name + " }}",
            )
            return ""
        if isinstance(value, Leaf | str):
            return str(value)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _fact(self, name: str, node: Node, report: Report) -> str:
        if name not in self.facts:
            hint = did_you_mean(name, self.facts) or f"there are: {', '.join(self.facts)}"
            report(node, "APO-LOAD-021", f"an environment has no '{name}'", hint)
            return ""
        value = self.facts[name]
        if value is None:
            report(
                node,
                "APO-LOAD-021",
                f"this environment says nothing of its {name}",
                "set it in the Environment of apollo.yaml",
            )
        return value or ""

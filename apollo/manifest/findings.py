"""What pydantic found, said to a person: where in the file, in plain words, with the likely remedy."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, TypeVar

from attrs import evolve
from pydantic import BaseModel, ValidationError

from apollo.api import is_unknown
from apollo.errors import Problem
from apollo.manifest.excerpt import is_secret_name
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, find_path, pointer
from apollo.manifest.placeholders import unfilled
from apollo.manifest.scalars import resolve
from apollo.manifest.shape import Shape, convert, shape_of

__all__ = ["did_you_mean", "problems_of", "unknown_key", "validated"]

_EXPECTED = {
    "string_type": "text is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "bool_type": "true or false is expected",
    "list_type": "a list is expected",
    "tuple_type": "a list is expected",
    "set_type": "a list is expected",
    "frozen_set_type": "a list is expected",
    "dict_type": "a mapping is expected",
    "mapping_type": "a mapping is expected",
    "model_type": "a mapping is expected",
    "model_attributes_type": "a mapping is expected",
}
_BOUNDS = {
    "greater_than": ("gt", "a number above {} is expected"),
    "greater_than_equal": ("ge", "{} or more is expected"),
    "less_than": ("lt", "a number below {} is expected"),
    "less_than_equal": ("le", "{} or less is expected"),
    "multiple_of": ("multiple_of", "a multiple of {} is expected"),
    "string_too_short": ("min_length", "at least {} characters are expected"),
    "string_too_long": ("max_length", "at most {} characters are expected"),
    "string_pattern_mismatch": ("pattern", "the text does not match {}"),
}
_MOST = 50
"""Findings of one spec; more would help nobody."""

M = TypeVar("M", bound=BaseModel)

_shape_of = cache(shape_of)
"""Of a model: a large repository asks for the same few thousands of times."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the name that is most like this one; empty when none is like it."""
    names = list(known)
    by_lower = {one.lower(): one for one in names}
    if name.lower() in by_lower:
        return f"did you mean '{by_lower[name.lower()]}'?"
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not close:
        close = [one for one in by_lower if len(name) > 3 and (one.startswith(name.lower()))][:1]
    return f"did you mean '{by_lower[close[0]]}'?" if close else ""


def _some(known: Collection[str]) -> str:
    names = sorted(known)
    return f"known here: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}" if names else ""


def validated(
    model: type[M], node: MapNode, base: str, *, leaves: bool = False
) -> tuple[M | None, list[Problem]]:
    """A mapping as a model, or what is wrong with it.

    :param base: the JSON pointer of ``node`` in its document.
    :param leaves: keep scalars of untyped fields as `apollo.manifest.nodes.Leaf`.
    """
    problems: list[Problem] = []

    def trouble(at: Node, code: str, message: str) -> None:
        if len(problems) >= _MOST:
            return
        steps = find_path(node, at) or ()
        problems.append(at.problem(code, message, path=base + pointer(node, steps)))

    shape = _shape_of(model)
    plain = convert(node, shape, trouble, leaves=leaves)
    if problems:
        return None, problems
    try:
        return model.model_validate(plain), []
    except ValidationError as error:
        return None, problems_of(error, node, shape, base)


# ── pydantic's errors ────────────────────────────────────────────────────────────────────────────────────


class _Finding:
    """One of pydantic's errors, and where its location leads in the file."""

    __slots__ = (
        "context",
        "end",
        "message",
        "missing",
        "node",
        "shape",
        "shape_above",
        "steps",
        "tag",
        "type",
    )

    def __init__(self, error: Any, node: Node, shape: Shape) -> None:
        self.type: str = error["type"]
        self.message: str = error["msg"]
        self.context: dict[str, Any] = error.get("ctx") or {}
        self.tag: tuple[int, str] | None = None
        """Where a union begins on the way, and which branch of it this is about."""
        self.missing = ""
        steps: list[str | int] = []
        self.shape_above = shape
        location = error["loc"]
        for index, part in enumerate(location):
            child: Node | None = None
            if isinstance(node, MapNode):
                child = node.items.get(str(part))
            elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
                child = node.items[part]
            if child is not None:
                self.shape_above, shape = shape, shape.child(part, node)
                node = child
                steps.append(part)
            elif index == len(location) - 1 and self.type == "missing":
                self.missing = str(part)
            elif self.tag is None:
                self.tag = (len(steps), str(part))
        self.node, self.shape, self.steps = node, shape, tuple(steps)


def problems_of(error: ValidationError, node: MapNode, shape: Shape, base: str) -> list[Problem]:
    """Every error with its place; errors of the branches of a union are joined."""
    plain: list[_Finding] = []
    unions: dict[tuple[str | int, ...], dict[str, list[_Finding]]] = {}
    for one in error.errors(include_url=False, include_input=False)[:_MOST]:
        finding = _Finding(one, node, shape)
        if finding.tag is None:
            plain.append(finding)
        else:
            depth, branch = finding.tag
            unions.setdefault(finding.steps[:depth], {}).setdefault(branch, []).append(finding)
    problems = [_problem(finding, node, base) for finding in plain]
    for at, branches in unions.items():
        # A branch that only misses a key is of the right shape.
        here = [
            group for group in branches.values() if any(one.steps == at and not one.missing for one in group)
        ]
        if len(here) == len(branches):
            problems.append(_joined([group[0] for group in here], node, base))
        else:
            deeper = [group for group in branches.values() if group not in here]
            best = min(deeper, key=len)
            problems.extend(_problem(finding, node, base) for finding in best)
    return list(dict.fromkeys(problems))


def _joined(findings: list[_Finding], root: Node, base: str) -> Problem:
    problem = _problem(findings[0], root, base)
    wanted = list(dict.fromkeys(_expected(finding) for finding in findings))
    if len(wanted) == 1 or not all(one.endswith(" is expected") for one in wanted):
        return problem
    choices = " or ".join(one.removesuffix(" is expected") for one in wanted)
    return evolve(problem, message=f"{choices} is expected{_given(findings[0])}", hint=_hint(findings[-1]))


def _problem(finding: _Finding, root: Node, base: str) -> Problem:
    node, path = finding.node, base + pointer(root, finding.steps)
    known = _known(finding)
    if finding.missing:
        close = did_you_mean(finding.missing, set(node.items) - known if isinstance(node, MapNode) else ())
        return node.problem("APO-LOAD-014", f"'{finding.missing}' is missing", path=path, hint=close)
    if finding.type == "extra_forbidden":
        parent, name = _parent(root, finding.steps), str(finding.steps[-1])
        return _unknown(parent, name, base + pointer(root, finding.steps[:-1]), _siblings(finding, root))
    if finding.type == "unknown_field" and "field" in finding.context and isinstance(node, MapNode):
        name = str(finding.context["field"])
        names = [one.strip() for one in str(finding.context.get("known", "")).split(",") if one.strip()]
        own = "" if "there is no field" in finding.message else finding.message
        return _unknown(node, name, path, names, own)
    message = _expected(finding)
    if message.endswith(" is expected"):
        message += _given(finding)
    return node.problem("APO-LOAD-015", message, path=path, hint=_hint(finding))


def _unknown(parent: Node, name: str, path: str, known: Collection[str], message: str = "") -> Problem:
    at: Node = parent.keys.get(name, parent) if isinstance(parent, MapNode) else parent
    hint = "" if message else did_you_mean(name, known) or _some(known)
    label = name.replace("~", "~0").replace("/", "~1")
    return at.problem("APO-LOAD-013", message or f"unknown key '{name}'", path=f"{path}/{label}", hint=hint)


def unknown_key(parent: MapNode, name: str, path: str, known: Collection[str]) -> Problem:
    """The finding for a key that has no meaning where it stands."""
    return _unknown(parent, name, path, known)


def _parent(root: Node, steps: tuple[str | int, ...]) -> Node:
    node = root
    for step in steps[:-1]:
        node = node.items[step]  # type: ignore[attr-defined]
    return node


def _siblings(finding: _Finding, root: Node) -> Collection[str]:
    """The keys that the model around an unknown key knows."""
    shape: Shape = finding.shape_above
    members = shape.members(_parent(root, finding.steps))
    return members.names if members else ()


def _known(finding: _Finding) -> set[str]:
    members = finding.shape.members(finding.node)
    return set(members.names) if members else set()


def _expected(finding: _Finding) -> str:
    kind, context = finding.type, finding.context
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in _BOUNDS:
        name, text = _BOUNDS[kind]
        return text.format(context.get(name))
    if kind in ("literal_error", "enum"):
        return f"{context.get('expected', 'another value')} is expected"
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        return f"{'at least' if kind == 'too_short' else 'at most'} {bound} members are expected"
    message = finding.message
    for prefix in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(prefix)
    return message[:1].lower() + message[1:] if message[:2].istitle() else message


def _given(finding: _Finding) -> str:
    node = finding.node
    if isinstance(node, ListNode):
        return ", not a list"
    if isinstance(node, MapNode):
        return ", not a mapping"
    assert isinstance(node, TextNode)
    if is_unknown(node.text):
        return "; an output of another resource cannot stand here"
    if finding.type in ("literal_error", "enum") and not _secret(finding):
        return f", not '{node.text[:40]}'"
    value = resolve(node.text) if node.plain else node.text
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    if value is None:
        return ", not null"
    if isinstance(value, str):
        return ", not text"
    return ", not a number" if _secret(finding) else f", not {node.text[:40]}"


def _hint(finding: _Finding) -> str:
    node, kind = finding.node, finding.type
    if isinstance(node, MapNode) and kind in ("list_type", "tuple_type"):
        return "put '- ' before the member to make it a list"
    if not isinstance(node, TextNode) or _secret(finding):
        return ""
    if mark := unfilled(node.text, "Arn"):  # as strict as where AWS reads it
        return f"the placeholder {mark[:60]} was never filled in"
    if kind in ("literal_error", "enum"):
        values = [str(one) for one in finding.shape.literals]
        values += [str(one.value) for kind_of in finding.shape.enums for one in kind_of]
        return did_you_mean(node.text, values)
    value = resolve(node.text)
    if (
        not node.plain
        and kind in ("int_type", "float_type", "bool_type")
        and not isinstance(value, str | None)
    ):
        return "remove the quotes" if not node.via else f"the value comes from {node.via} as text"
    if kind in ("list_type", "tuple_type"):
        return "write a list: [value], or one '- value' per line"
    return ""


def _secret(finding: _Finding) -> bool:
    return any(isinstance(one, str) and (one == "value" or is_secret_name(one)) for one in finding.steps)

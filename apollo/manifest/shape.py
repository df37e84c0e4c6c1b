"""Typing by field: what a pydantic annotation wants, found once per model.

A plain scalar such as ``256``, ``no`` or ``22:30`` has a text and a value. Where the field wants text it
gets the text as written; where it wants a number or a boolean it gets the value; nothing else is converted,
so that pydantic, in strict mode, remains the judge. Null members of mappings are left out: null is absent.
"""

from __future__ import annotations

import collections.abc as abc
import enum
import math
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel, TypeAdapter
from pydantic.fields import FieldInfo

from apollo.manifest.newer import newer_value
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, data
from apollo.manifest.scalars import resolve

__all__ = ["ANY", "Members", "Shape", "Trouble", "convert", "fits", "members_of", "shape_of"]

Trouble = Callable[[Node, str, str], None]
"""Called with a node, a code and a message for a scalar that has no usable value."""

_LISTS: Final[Mapping[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    abc.Set: set,
}
_MAPS = (dict, abc.Mapping, abc.MutableMapping)


class Shape:
    """What may stand in one place. A union is one shape with several of the parts set."""

    __slots__ = (
        "any",
        "enums",
        "fixed",
        "item",
        "literals",
        "models",
        "only_text",
        "other",
        "scalars",
        "seq",
        "value",
    )

    def __init__(self) -> None:
        self.any = False
        self.only_text = False
        """Text and nothing else, the most frequent of all."""
        self.scalars: set[type] = set()
        """Of str, int, float, bool."""
        self.literals: set[Any] = set()
        self.enums: list[type[enum.Enum]] = []
        self.other: list[Any] = []
        """Types that pydantic knows how to read from text: dates, UUIDs, decimals."""
        self.seq: Callable[[list[Any]], Any] | None = None
        self.item: Shape | None = None
        self.fixed: tuple[Shape, ...] = ()
        self.value: Shape | None = None
        self.models: list[Members] = []

    def child(self, step: str | int, node: Node | None = None) -> Shape:
        """The shape of a member."""
        if isinstance(step, int):
            if self.fixed and step < len(self.fixed):
                return self.fixed[step]
            return self.item or ANY
        members = self.members(node)
        if members is not None:
            found = members.shape(step)
            if found is not None:
                return found
        return self.value or ANY

    def members(self, node: Node | None) -> Members | None:
        """The model that a mapping is meant for: the one that knows most of its keys."""
        if len(self.models) < 2 or not isinstance(node, MapNode):
            return self.models[0] if self.models else None
        return max(self.models, key=lambda model: model.score(node))


class Members:
    """The keys of one model, and the shape of each, worked out when first asked for."""

    __slots__ = ("_hints", "_shapes", "model", "names")

    def __init__(self, model: Any, hints: Mapping[str, Any]) -> None:
        self.model = model
        self._hints = hints
        self.names = tuple(hints)
        self._shapes: dict[str, Shape] = {}

    def shape(self, name: str) -> Shape | None:
        shape = self._shapes.get(name)
        if shape is None and name in self._hints:
            shape = self._shapes[name] = shape_of(self._hints[name])
        return shape

    def score(self, node: MapNode) -> int:
        points = 0
        for name, item in node.items.items():
            shape = self.shape(name)
            if shape is None:
                points -= 2
                continue
            points += 1
            if shape.literals and not shape.scalars and isinstance(item, TextNode):
                points += 5 if item.text in shape.literals else -5
        return points


ANY: Final = Shape()
ANY.any = True


@cache
def members_of(model: Any) -> Members:
    """The input keys of a pydantic model (by alias, and by name where it takes those) or of a TypedDict."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return Members(model, get_type_hints(model, include_extras=True))
    if not getattr(model, "__pydantic_fields_complete__", True):
        model.model_rebuild(raise_errors=False)
    config = model.model_config
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    hints: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        keys = _aliases(info)
        for key in keys or (name,):
            hints[key] = info.annotation
        if by_name:
            hints[name] = info.annotation
    return Members(model, hints)


def _aliases(info: FieldInfo) -> list[str]:
    alias = info.validation_alias or info.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [str(one.path[0]) if isinstance(one, AliasPath) else one for one in choices if one is not None]


def shape_of(annotation: Any) -> Shape:
    """The shape of any annotation that pydantic takes."""
    shape = Shape()
    _add(shape, annotation)
    shape.only_text = shape.scalars == {str} and not (
        shape.any or shape.literals or shape.enums or shape.other or shape.seq or shape.value or shape.models
    )
    return shape


def _add(shape: Shape, annotation: Any) -> None:
    origin = get_origin(annotation)
    if annotation is Any or annotation is object:
        shape.any = True
    elif annotation is None or annotation is type(None):
        pass
    elif annotation in (str, int, float, bool):
        shape.scalars.add(annotation)
    elif origin is Annotated:
        _add(shape, get_args(annotation)[0])
    elif origin is Union or origin is types.UnionType:
        for part in get_args(annotation):
            _add(shape, part)
    elif origin is Literal:
        shape.literals.update(get_args(annotation))
    elif (origin or annotation) in _LISTS:
        _add_list(shape, origin or annotation, get_args(annotation))
    elif (origin or annotation) in _MAPS:
        args = get_args(annotation)
        shape.value = shape_of(args[1]) if len(args) == 2 else ANY
    elif hasattr(annotation, "__value__"):  # type X = …
        _add(shape, annotation.__value__)
    elif hasattr(annotation, "__supertype__"):  # NewType
        _add(shape, annotation.__supertype__)
    elif isinstance(annotation, TypeVar):
        _add(shape, annotation.__bound__ or Any)
    elif isinstance(annotation, type):
        _add_class(shape, annotation)
    else:  # Required[…], Final[…], a generic of somebody's
        args = get_args(annotation)
        _add(shape, args[0] if len(args) == 1 else Any)


def _add_list(shape: Shape, kind: Any, args: tuple[Any, ...]) -> None:
    shape.seq = _LISTS[kind]
    if kind is tuple and args and args[-1] is not Ellipsis:
        shape.fixed = tuple(shape_of(arg) for arg in args)
    else:
        shape.item = shape_of(args[0]) if args else ANY


def _add_class(shape: Shape, kind: type) -> None:
    if issubclass(kind, RootModel):
        _add(shape, kind.model_fields["root"].annotation)
    elif issubclass(kind, BaseModel) or (issubclass(kind, dict) and hasattr(kind, "__total__")):
        shape.models.append(members_of(kind))
    elif issubclass(kind, enum.Enum):
        shape.enums.append(kind)
    elif issubclass(kind, str):
        shape.scalars.add(str)
    else:
        shape.other.append(kind)


# ── conversion ───────────────────────────────────────────────────────────────────────────────────────────


def convert(node: Node, shape: Shape, trouble: Trouble, *, leaves: bool = False) -> Any:
    """Plain data for pydantic. ``leaves``: where the shape says nothing, scalars stay `Leaf`."""
    if isinstance(node, TextNode):
        if leaves and shape.any:
            return data(node, leaves=True)
        return _scalar(node, shape, trouble)
    if isinstance(node, MapNode):
        members = shape.members(node)
        value = shape.value or ANY
        result: dict[str, Any] = {}
        for name, item in node.items.items():
            below = None if members is None else members.shape(name)
            if isinstance(item, TextNode) and item.plain and resolve(item.text) is None:
                if members is not None and below is None:
                    result[name] = None  # unknown all the same
            elif below is not None and below.only_text and isinstance(item, TextNode):
                result[name] = item.text
            elif below is None and members is not None and hasattr(members.model, "aws"):
                result[name] = newer_value(members.model, name, item)
            else:
                result[name] = convert(item, below or value, trouble, leaves=leaves)
        return result
    assert isinstance(node, ListNode)
    items = [
        convert(item, shape.child(index), trouble, leaves=leaves) for index, item in enumerate(node.items)
    ]
    if shape.seq is None or shape.seq is list:
        return items
    try:
        return shape.seq(items)
    except TypeError:  # an unhashable member of a set: pydantic says it better
        return items


def _scalar(node: TextNode, shape: Shape, trouble: Trouble) -> Any:
    text = node.text
    if not node.plain:
        return _from_text(text, shape)
    scalars = shape.scalars
    if str in scalars and len(scalars) == 1 and not shape.literals:
        return None if resolve(text) is None else text
    value = resolve(text)
    if value is None or isinstance(value, str):
        return value if value is None else _from_text(value, shape)
    takes_text = str in scalars or bool(shape.enums) or bool(shape.other)
    if value in shape.literals and any(type(one) is type(value) for one in shape.literals if one == value):
        return value
    if text in shape.literals:
        return text
    if not shape.any:
        wanted = type(value) in scalars or (isinstance(value, int) and float in scalars)
        if isinstance(value, bool):
            wanted = bool in scalars
        if takes_text and not (wanted and fits(value)):
            return _from_text(text, shape)
    if not fits(value):
        if isinstance(value, float):
            trouble(node, "APO-YAML-008", "an infinite number, or one that is none, is not allowed")
        else:
            trouble(node, "APO-YAML-009", "the number does not fit into 64 bits")
        return 0
    return value


def fits(value: Any) -> bool:
    """Whether a number is finite and fits into 64 bits."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -(1 << 63) <= value < 1 << 63


def _from_text(text: str, shape: Shape) -> Any:
    """Text, or what a field of a richer type than text makes of it."""
    for kind in shape.enums:
        for member in kind:
            if str(member.value) == text:
                return member
    if str not in shape.scalars:
        for kind in shape.other:
            try:
                return _adapter(kind).validate_strings(text)
            except (ValueError, TypeError):
                continue
    return text


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)

"""Tables of what counts as equal: per field the default, the order, the name of members, what absence means.

A table is written as ``{"/containerDefinitions/*/essential": Field(default=True), …}``; ``*`` stands for a
member of a list or of a map. Fields that are not listed are known from the spec's model and compared exactly.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeGuard, Union, get_args, get_origin

from attrs import field, frozen
from pydantic import BaseModel

__all__ = ["CLEARED", "KEPT", "MERGED", "Absence", "Cleared", "Field", "Rules"]


@frozen
class Cleared:
    """Leaving the field out of a manifest removes it in AWS.

    :ivar value: what to send for that, e.g. ``[]``. None: leave it out, since the block around it is sent
        whole and AWS takes what is missing for removed.
    :ivar when: whether this holds for a declared spec; elsewhere the field is AWS's.
    """

    value: Any = None
    when: Callable[[Mapping[str, Any]], bool] | None = None


Absence = Cleared | Literal["kept", "merged"]
"""What it means that a manifest does not declare a field.

``kept``: it is AWS's (or somebody else's), whatever it holds. ``merged``, for a block: the question goes to
each of its fields.
"""

CLEARED: Final = Cleared()
KEPT: Final[Absence] = "kept"
MERGED: Final[Absence] = "merged"

_Model = type[BaseModel]
Same = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], bool]


@frozen
class Field:
    """How one field is compared.

    :ivar default: the value that absence equals: AWS fills it in.
    :ivar same_as_absent: the like, where it depends: called with the value, the block that holds it and the
        whole spec.
    :ivar normal: the canonical form of a scalar; idempotent.
    :ivar unordered: a list whose order AWS does not keep or that has no meaning.
    :ivar key: a list of named things: the member's field, or a function from the member to its name. Their
        order does not count.
    :ivar others: of a list of named things, the members that nobody declared: False removes them, True
        leaves them alone.
    :ivar absence: what it means that the field is not declared; None: as in the block around it.
    :ivar below: the same for all fields below this one.
    :ivar never: computed by AWS: never compared. A function of the whole spec where it depends.
    :ivar matches: whether a declared and a live value agree although they differ: called with both, the live
        one None where AWS does not say.
    """

    default: Any = None
    same_as_absent: Same | None = None
    normal: Callable[[Any], Any] | None = None
    unordered: bool = False
    key: str | Callable[[Mapping[str, Any]], str | None] | None = None
    others: bool = False
    absence: Absence | None = None
    below: Absence | None = None
    never: bool | Callable[[Mapping[str, Any]], bool] = False
    matches: Callable[[Any, Any], bool] | None = None


LEAF: Final = 0
RECORD: Final = 1
MAP: Final = 2
ORDERED: Final = 3
UNORDERED: Final = 4
NAMED: Final = 5
FOREIGN: Final = 6
"""A field that no model of ours has: compared as the plain data that it is."""


def _named(key: str | None, member: Mapping[str, Any]) -> Any:
    return member.get(key or "name")


class Node:
    """One field of a compiled table."""

    __slots__ = (
        "absence",
        "absent",
        "default",
        "exact",
        "fields",
        "item",
        "kind",
        "name_of",
        "never",
        "normal",
        "rule",
        "same",
    )

    def __init__(self, kind: int, rule: Field, absence: Absence) -> None:
        self.kind = kind
        self.rule = rule
        self.absence = absence
        self.never = rule.never
        self.normal = rule.normal
        self.default = rule.default
        self.same = rule.same_as_absent
        self.exact = kind == LEAF and rule is _EXACT
        self.fields: dict[str, Node] = {}
        self.item: Node = self
        self.absent: list[tuple[str, Node]] = []
        """Fields whose absence says something."""
        self.name_of: Callable[[Mapping[str, Any]], Any] = (
            rule.key if callable(rule.key) else partial(_named, rule.key)
        )

    def child(self, name: str) -> Node:
        """The node of a record's field or a map's value."""
        return self.item if self.kind == MAP else self.fields.get(name, ANY)


_EXACT: Final = Field()
ANY: Final = Node(FOREIGN, _EXACT, "kept")


@frozen(eq=False)
class Rules:
    """A table, compiled once.

    :param model: the spec's pydantic model; it tells the fields and their structure.
    :param table: pointers to rules. A pointer to a field that the model does not have (one that AWS computes)
        is fine.
    :param absence: what absence means where the table does not say.
    """

    model: _Model
    table: Mapping[str, Field] = field(repr=False)
    absence: Absence = KEPT
    _listed: Mapping[str, list[tuple[str, Field]]] = field(init=False, repr=False, factory=dict)
    root: Node = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        listed: dict[str, list[tuple[str, Field]]] = {}
        for pointer, rule in self.table.items():
            block, _, name = pointer.rpartition("/")
            listed.setdefault(block, []).append((name, rule))
        object.__setattr__(self, "_listed", listed)
        object.__setattr__(self, "root", self._record(self.model, "", _EXACT, self.absence, ()))

    def knows(self, pointer: str) -> bool:
        """Whether a pointer can lead to a field of the model (member names are not checked)."""
        node = self.root
        for part in pointer.split("/")[1:]:
            if node.kind == RECORD and part in node.fields:
                node = node.fields[part]
            elif node.kind in (MAP, ORDERED, UNORDERED, NAMED):
                node = node.item
            elif node.kind != FOREIGN:
                return False
        return pointer.startswith("/")

    def _record(
        self, model: _Model, path: str, rule: Field, absence: Absence, outer: tuple[_Model, ...]
    ) -> Node:
        node = Node(RECORD, rule, absence)
        below = rule.below or (CLEARED if isinstance(absence, Cleared) else KEPT)
        for name, info in model.model_fields.items():
            node.fields[name] = self._node(info.annotation, f"{path}/{name}", below, (*outer, model))
        for name, own in self._listed.get(path, ()):
            if name not in node.fields:
                node.fields[name] = Node(FOREIGN, own, own.absence or KEPT)
        node.absent = [(n, c) for n, c in node.fields.items() if c.absence != "kept" and c.never is not True]
        return node

    def _node(self, annotation: Any, path: str, absence: Absence, outer: tuple[_Model, ...]) -> Node:
        rule = self.table.get(path, _EXACT)
        absence = rule.absence or absence
        kind = _plain(annotation)
        origin = get_origin(kind)
        if _is_model(kind) and kind not in outer:  # a model within itself is compared as plain data
            return self._record(kind, path, rule, absence, outer)
        if origin is dict or origin is list or origin is tuple:
            shape = MAP if origin is dict else NAMED if rule.key else UNORDERED if rule.unordered else ORDERED
            node = Node(shape, rule, absence)
            below = rule.below or (CLEARED if isinstance(absence, Cleared) else KEPT)
            inner = get_args(kind)[1 if origin is dict else 0]
            node.item = self._node(inner, f"{path}/*", below, outer)
            return node
        return Node(LEAF if _is_scalar(kind) else FOREIGN, rule, absence)


def _is_model(kind: Any) -> TypeGuard[_Model]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_scalar(kind: Any) -> bool:
    return kind in (str, int, float, bool) or get_origin(kind) is Literal


def _plain(annotation: Any) -> Any:
    """An annotation without ``| None`` and without what narrows it."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin is Union or origin is types.UnionType:
            rest = [arg for arg in get_args(annotation) if arg is not types.NoneType]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation

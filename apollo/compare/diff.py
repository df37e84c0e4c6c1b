"""Where a declared spec and what AWS holds mean different things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apollo.api import Change, Ignored
from apollo.compare.canon import canon, plain
from apollo.compare.pointers import join, without
from apollo.compare.rules import (
    FOREIGN,
    LEAF,
    MAP,
    NAMED,
    ORDERED,
    RECORD,
    Cleared,
    Node,
    Rules,
)

__all__ = ["differences", "ignored"]


def differences(
    declared: Mapping[str, Any], live: Mapping[str, Any], rules: Rules, ignore: Iterable[str] = ()
) -> list[Change]:
    """What would have to change in AWS, one `Change` per field, in the order of the manifest.

    Only what ``declared`` holds is compared, and what the rules say that its absence clears; fields that
    AWS has and nobody knows are no difference. Members of named lists are told apart by name; a list without
    names is one field. A value that waits for an output of another resource differs from everything but
    itself. Values are canonical where that says more (``web:41`` for an ARN).

    :param declared: as `Spec.declared` gives it. :param live: as AWS describes the object.
    :param ignore: pointers (``lifecycle.ignore``) to leave out on both sides.
    """
    pair = _Pair(declared, live)  # what depends on another field sees it, ignored or not
    if ignore := tuple(ignore):
        declared, live = without(declared, ignore, rules), without(live, ignore, rules)
    pair.record(rules.root, declared, live, "")
    return pair.changes


def ignored(
    declared: Mapping[str, Any],
    live: Mapping[str, Any],
    rules: Rules,
    ignore: Iterable[str],
    why: str = "lifecycle.ignore",
) -> list[Ignored]:
    """The differences that are there and that ``ignore`` leaves alone."""
    if not (ignore := tuple(ignore)):
        return []
    left = {change.path for change in differences(declared, live, rules, ignore)}
    return [Ignored(one.path, why) for one in differences(declared, live, rules) if one.path not in left]


class _Pair:
    """One comparison of two whole specs."""

    __slots__ = ("changes", "declared", "live")

    def __init__(self, declared: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        self.declared = declared
        self.live = live
        self.changes: list[Change] = []

    def record(self, node: Node, declared: Mapping[str, Any], live: Mapping[str, Any], path: str) -> None:
        """Compare the fields of a block."""
        fields = node.fields
        for name, want in declared.items():
            have = live.get(name)
            if want == have or _absent(want):
                continue
            child = fields.get(name)
            if child is None:
                if not _covers(plain(want), plain(have)):
                    self.changes.append(Change(join(path, name), have, want))
            elif not (child.never and (child.never is True or child.never(self.declared))):
                self.field(child, want, have, declared, live, join(path, name))
        for name, child in node.absent:
            have = live.get(name)
            if have is not None and have not in _EMPTY and _absent(declared.get(name)):
                self.undeclared(child, have, live, join(path, name))

    def undeclared(self, node: Node, have: Any, live: Mapping[str, Any], path: str) -> None:
        """A field that AWS holds and the manifest does not declare."""
        absence = node.absence
        if isinstance(absence, Cleared):
            if absence.when is not None and not absence.when(self.declared):
                return
            found = canon(node, have, live, self.live, known=True)
            if found is not None:
                # Back to AWS's default, where it has one; an empty text is none that could move.
                after = node.default if absence.value is None and node.default != "" else absence.value
                self.changes.append(Change(path, found, after))
        elif isinstance(have, Mapping):  # merged
            self.record(node, {}, have, path)

    def field(
        self,
        node: Node,
        want: Any,
        have: Any,
        declared: Mapping[str, Any],
        live: Mapping[str, Any],
        path: str,
    ) -> None:
        """Compare one declared field whose raw values differ."""
        rule = node.rule
        if rule.matches is not None and rule.matches(want, have):
            return
        kind = node.kind
        if kind == RECORD and isinstance(want, Mapping) and isinstance(have, Mapping):
            if rule.same_as_absent is None or not self.absent(node, want, have, declared, live, path):
                self.record(node, want, have, path)
            return
        if kind == MAP and isinstance(want, Mapping) and isinstance(have, Mapping):
            self.map(node, want, have, path)
            return
        if kind == NAMED and isinstance(have, list | tuple) and self.named(node, want, have, path):
            return
        left = canon(node, want, declared, self.declared)
        right = canon(node, have, live, self.live, known=True)
        if left == right:
            return
        if kind != LEAF and self.alike(node, left, canon(node, have, live, self.live)):
            return
        self.changes.append(Change(path, have if right is None else right, want if left is None else left))

    def absent(
        self,
        node: Node,
        want: Mapping[str, Any],
        have: Mapping[str, Any],
        declared: Mapping[str, Any],
        live: Mapping[str, Any],
        path: str,
    ) -> bool:
        """Whether a block on either side means the same as none at all; then it is compared here."""
        left = canon(node, want, declared, self.declared)
        right = canon(node, have, live, self.live, known=True)
        if (left is None) != (right is None):
            self.changes.append(Change(path, right, want if left is None else left))
        return left is None or right is None

    def map(self, node: Node, want: Mapping[str, Any], have: Mapping[str, Any], path: str) -> None:
        for name, item in want.items():
            there = have.get(name)
            if item is not None and item != there:
                self.field(node.item, item, there, want, have, join(path, name))
        if isinstance(node.absence, Cleared):
            for name, there in have.items():
                if there is not None and want.get(name) is None:
                    self.changes.append(Change(join(path, name), there, None))

    def named(self, node: Node, want: Sequence[Any], have: Sequence[Any], path: str) -> bool:
        """Compare lists of named things member by member; False when the names do not tell them apart."""
        wanted, there = _by_name(node, want), _by_name(node, have)
        if wanted is None or there is None:
            return False
        for name, item in wanted.items():
            other = there.get(name)
            if item == other:
                continue
            if other is None:
                found = canon(node.item, item, {}, self.declared)
                self.changes.append(Change(join(path, name), None, item if found is None else found))
            else:
                self.record(node.item, item, other, join(path, name))
        if not node.rule.others:
            for name, other in there.items():
                if (
                    name not in wanted
                    and (found := canon(node.item, other, {}, self.live, known=True)) is not None
                ):
                    self.changes.append(Change(join(path, name), found, None))
        return True

    def alike(self, node: Node, want: Any, have: Any) -> bool:
        """Whether two canonical lists mean the same, apart from live fields that nobody knows."""
        if node.kind == FOREIGN:
            return _covers(want, have)
        if not isinstance(want, list) or not isinstance(have, list) or len(want) != len(have):
            return False
        if node.item.kind not in (RECORD, FOREIGN):
            return False
        if node.kind == ORDERED:
            return all(self.equal(node.item, a, b) for a, b in zip(want, have, strict=True))
        left = list(have)
        for item in sorted(want, key=lambda one: -len(str(one))):  # who says most chooses first
            index = next((i for i, other in enumerate(left) if self.equal(node.item, item, other)), None)
            if index is None:
                return False
            del left[index]
        return True

    def equal(self, node: Node, want: Any, have: Any) -> bool:
        if node.kind != RECORD or not isinstance(want, Mapping) or not isinstance(have, Mapping):
            return _covers(want, have)
        pair = _Pair(self.declared, self.live)
        pair.record(node, want, have, "")
        return not pair.changes


_EMPTY: tuple[Any, ...] = ("", [], {})


def _absent(value: Any) -> bool:
    return value is None or (not value and isinstance(value, list | tuple | Mapping))


def _by_name(node: Node, items: Sequence[Any]) -> dict[str, Mapping[str, Any]] | None:
    """The members by name; None when one has no name or two have the same."""
    named = {}
    name_of = node.name_of
    for item in items:
        if item is None:
            continue
        name = name_of(item) if isinstance(item, Mapping) else None
        if name is None or name in named:
            return None
        named[str(name)] = item
    return named


def _covers(want: Any, have: Any) -> bool:
    """Whether plain data holds all that is wanted; what it holds besides does not matter."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return all(_covers(item, have.get(name)) for name, item in want.items())
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(_covers, want, have))
    return bool(want == have)

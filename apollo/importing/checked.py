"""A draft as a manifest: typed by the fields, without what AWS only answers, held against the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from apollo.api import Kinds
from apollo.importing.documents import note_of
from apollo.importing.model import Draft, Imported, Report
from apollo.manifest.findings import validated
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode
from apollo.manifest.pointers import seek
from apollo.manifest.scalars import resolve
from apollo.manifest.shape import ANY, Shape, convert, shape_of
from apollo.manifest.specfrom import Told, aws_spec
from apollo.spec import Spec

__all__ = ["NAME_FIELDS", "checked"]

NAME_FIELDS: Final[Mapping[str, str]] = {"Service": "serviceName", "TaskDefinition": "family"}
"""The field that ``metadata.name`` stands for."""

_EXPRESSION: Final = re.compile(r"\$\{\{ [^{}]* \}\}")
_SAID: Final[Mapping[Told, str]] = {
    "envelope": "unwrapped: it stood inside of '{name}'",
    "null": "'{name}' is null, which means absent",
    "empty": "'{name}' is empty, which means that it is not set",
    "off": "'{name}' is switched off and names nothing, which means absent",
    "renamed": "'{name}' begins with a small letter here",
    "read-only": "'{name}' is read-only: AWS answers with it and does not take it",
}


def checked(draft: Draft, kinds: Kinds, report: Report) -> Imported | None:
    """The manifest of a draft; None when it was refused, with the reasons noted."""
    if draft.spec is None:
        return Imported(
            draft.kind, draft.name, dict(draft.data or {}), draft.origin, draft.group, draft.adopt
        )
    spec_type: type[Spec] = kinds.get(draft.kind).spec_type
    renamed: list[tuple[Node, str]] = []

    def tell(what: Told, node: Node, name: str) -> None:
        if what == "renamed":
            renamed.append((node, name))
        else:
            level = "dropped" if what == "read-only" else "repaired"
            report.note(level, _SAID[what].format(name=name), node)  # type: ignore[arg-type]

    node = aws_spec(draft.spec, spec_type, tell)
    if node is None:
        report.note("refused", "a mapping is expected", draft.spec, code="APO-IMP-002")
        return None
    if renamed:
        report.note("repaired", "fields begin with a small letter here", renamed[0][0])
    shape = shape_of(spec_type)
    _typed(node, shape, report, "")
    _, problems = validated(spec_type, node, "/spec")
    wrong = [
        problem
        for problem in problems
        if not _is_open(seek(node, problem.path.removeprefix("/spec"), spec_type.named_lists))
    ]
    if wrong:
        for problem in wrong:
            report.add(note_of(problem))
        return None
    data = convert(node, shape, lambda *_: None)
    own = NAME_FIELDS.get(draft.kind)
    if own is not None and data.get(own) == draft.name:
        del data[own]
    return Imported(draft.kind, draft.name, data, draft.origin, draft.group, draft.adopt)


def _is_open(node: Node) -> bool:
    """Whether a value is still to come, so that its type cannot be told."""
    return isinstance(node, TextNode) and _EXPRESSION.fullmatch(node.text) is not None


def _typed(node: Node, shape: Shape, report: Report, path: str) -> None:
    """Text where AWS has numbers or booleans, and the other way round, as the field has it."""
    if isinstance(node, MapNode):
        for name, item in node.items.items():
            _typed(item, shape.child(name, node), report, f"{path}/{name}")
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            _typed(item, shape.child(index), report, f"{path}/{index}")
    elif isinstance(node, TextNode):
        _typed_text(node, shape, report, path)


def _typed_text(node: TextNode, shape: Shape, report: Report, path: str) -> None:
    if shape is ANY or shape.any:
        return
    value = resolve(node.text)
    if isinstance(value, str) or value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    takes_text = str in shape.scalars or bool(shape.literals) or bool(shape.enums)
    if not node.plain and not takes_text:
        fitting = bool in shape.scalars if not number else bool(shape.scalars & {int, float})
        if fitting:
            node.plain = True
            report.note("repaired", "text where AWS has a number or a boolean", node, path=f"/spec{path}")
    elif node.plain and shape.scalars == {str} and not shape.literals:
        report.note("repaired", "a number or a boolean where AWS has text", node, path=f"/spec{path}")

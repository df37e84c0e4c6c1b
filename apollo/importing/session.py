"""Files of other tools to manifests: detection, reading, linking, checking."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from attrs import evolve

from apollo.api import Kinds
from apollo.importing import documents
from apollo.importing.checked import checked
from apollo.importing.cloudformation import CloudFormation
from apollo.importing.copilot import Copilot
from apollo.importing.ecspresso import Ecspresso
from apollo.importing.gitmoxi import Gitmoxi
from apollo.importing.link import link, references
from apollo.importing.model import Draft, Imported, Note, Report
from apollo.importing.native import Native
from apollo.importing.pipecd import PipeCd
from apollo.importing.reader import Reader, Work
from apollo.importing.secrets import warn_of_secrets
from apollo.manifest.nodes import ListNode, MapNode, Node

__all__ = ["DIALECTS", "import_files"]

_READERS: Final[Sequence[Reader]] = (
    CloudFormation(),
    PipeCd(),
    Ecspresso(),
    Copilot(),
    Gitmoxi(),
    Native(),
)
DIALECTS: Final = tuple(reader.name for reader in _READERS)
"""What ``--from`` takes."""


def import_files(
    files: Mapping[str, bytes],
    kinds: Kinds,
    *,
    sibling: Callable[[str, str], bytes | str],
    dialect: str | None = None,
    given: Mapping[str, Any] | None = None,
    cluster: str | None = None,
    adopt: bool = False,
    named: Collection[str] | None = None,
) -> tuple[list[Imported], Report]:
    """The manifests that files say, and what there is to say of them. Never raises for bad input.

    :param files: name → content. :param dialect: of all of them; None: each is told by its content.
    :param sibling: the content of a file that another one names (naming file, name), or why it is not read.
    :param given: values of parameters that decide something. :param cluster: the environment's, which
        manifests leave out. :param adopt: whether the manifests take over what runs already.
    :param named: the files that somebody named, where the others were found in folders: what is nothing of
        ECS among those is no error.
    """
    report = Report()
    work = Work(report, sibling, given or {})
    found: list[tuple[Node, Reader]] = []
    for file, data in files.items():
        for document in documents.read(data, file, report):
            lenient = named is not None and file not in named
            reader = _reader(document, dialect, report, lenient=lenient)
            if reader is not None:
                found.append((document, reader))
    drafts: list[Draft] = []
    for document, reader in sorted(found, key=lambda pair: not pair[1].project):
        if not reader.project and document.source.file in work.used:
            continue
        noted = len(report.notes)
        its = reader.read(document, work)
        if not its and len(report.notes) == noted:
            report.note("refused", f"nothing of {reader.name}", document, code="APO-IMP-002")
        drafts += its
    link(drafts, report)
    imported = []
    gone = set(work.refused)
    for draft in drafts:
        if adopt and draft.adopt is None:
            draft.adopt = True
        one = checked(draft, kinds, report)
        if one is not None:
            imported.append(_at_home(one, cluster))
        else:
            gone.add(f"{draft.kind}/{draft.name}")
    imported = _whole(imported, gone, report)
    warn_of_secrets(imported, report)
    return imported, report


def _at_home(one: Imported, cluster: str | None) -> Imported:
    """Without the environment's own cluster."""
    if one.kind != "Service" or cluster is None or one.spec.get("cluster") != cluster:
        return one
    return evolve(one, spec={name: value for name, value in one.spec.items() if name != "cluster"})


def _whole(imported: list[Imported], gone: set[str], report: Report) -> list[Imported]:
    """Without what needs something that was refused."""
    kept = []
    for one in imported:
        needs = sorted(gone.intersection(references(one)))
        if needs:
            what = f"{one.key} needs {needs[0]}, which was refused"
            report.add(Note("refused", what, one.origin, code="APO-IMP-004"))
        else:
            kept.append(one)
    if len(kept) == len(imported):
        return imported
    names = {one.key for one in kept}
    return _whole(kept, gone | {one.key for one in imported if one.key not in names}, report)


def _reader(document: Node, dialect: str | None, report: Report, *, lenient: bool) -> Reader | None:
    if dialect is not None and (isinstance(document, MapNode) or dialect == "aws"):
        return next(reader for reader in _READERS if reader.name == dialect)
    reader = next((one for one in _READERS if one.takes(document)), None)
    if reader is None:
        what, hint = _what_it_is(document)
        if lenient:
            report.note("dropped", what, document)
        else:
            report.note("refused", what, document, code="APO-IMP-002", hint=hint)
    return reader


def _what_it_is(document: Node) -> tuple[str, str]:
    """A document that nobody takes, in words, and what to do about it."""
    inside = "put it below containerDefinitions of the task definition that uses it"
    first = document.items[0] if isinstance(document, ListNode) and document.items else None
    if isinstance(first, MapNode) and {"name", "image"} <= first.items.keys():
        return "a list of containers, not a task definition", inside
    if not isinstance(document, MapNode):
        what = "a list" if isinstance(document, ListNode) else "a text"
        return f"{what}, not a service or task definition", ""
    names = {name[:1].lower() + name[1:] for name in document.items}
    if (document.text("apiVersion") or "").startswith("apollo/"):
        return "this is a manifest of Apollo already", ""
    if {"name", "image"} <= names:
        return "one container, not a task definition", inside
    if names & {"overrides", "startedBy", "count", "taskDefinition"}:
        return "an input of run-task: it starts tasks once, and is no service", ""
    if "apiVersion" in names and "kind" in names:
        return f"a {document.text('kind')} of another tool, which has nothing of ECS", ""
    if "Statement" in document.items:
        return "an IAM policy", ""
    dialects = ", ".join(DIALECTS)
    return "nothing that is known here", f"name the dialect with --from: {dialects}"

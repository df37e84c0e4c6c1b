"""What project files of other tools have in common: they name a service and a task definition by file."""

from __future__ import annotations

from apollo.importing import documents
from apollo.importing.model import Draft
from apollo.importing.native import kind_of, service, task_definition
from apollo.importing.reader import Work, scalar
from apollo.manifest.nodes import MapNode, Node, TextNode
from apollo.manifest.specfrom import target_of, unwrapped

__all__ = ["definitions", "part", "spec_of"]


def part(naming: Node, file: str, work: Work) -> Node | None:
    """The one document of a file that another names; None when it cannot be had, which is noted."""
    path = target_of(naming.source.file.removeprefix("/"), file)
    content = work.sibling(naming.source.file, file) if path is not None else "it leaves the folder"
    if isinstance(content, str):
        work.report.note(
            "refused",
            f"{file} cannot be read: {content}",
            naming,
            code="APO-IMP-011",
            hint="keep the files as they lie in the other tool's project",
        )
        return None
    prefix = "/" if naming.source.file.startswith("/") else ""
    name = f"{prefix}{path}"
    work.used.add(name)
    found = documents.read(content, name, work.report)
    if len(found) > 1:
        work.report.note("refused", "one document is expected", found[1], code="APO-IMP-002")
        return None
    return found[0] if found else None


def definitions(
    naming: Node, service_file: TextNode | None, task_file: TextNode | None, work: Work, name: str = ""
) -> tuple[Draft | None, Draft | None]:
    """The service and the task definition that a project names."""
    its: list[Draft | None] = []
    for file, kind, make in (
        (service_file, "Service", service),
        (task_file, "TaskDefinition", task_definition),
    ):
        document = part(file, file.text, work) if file is not None else None
        if document is not None and (seen := kind_of(document)) not in (kind, ""):
            work.report.note("refused", f"a {kind} is expected, not a {seen}", document, code="APO-IMP-002")
            document = None
        its.append(make(document, work, name) if document is not None else None)
    found_service, task = its
    if found_service is not None and task is not None:
        spec = spec_of(found_service)
        if spec is not None and "taskDefinition" not in spec.items and not _external(spec):
            spec.put(scalar(spec, "taskDefinition"), scalar(spec, task.name))
    return found_service, task


def spec_of(draft: Draft) -> MapNode | None:
    """The mapping of a draft, without an envelope."""
    inner = unwrapped(draft.spec) if draft.spec is not None else None
    return inner if isinstance(inner, MapNode) else None


def _external(spec: MapNode) -> bool:
    controller = spec.items.get("deploymentController")
    return isinstance(controller, MapNode) and controller.text("type") == "EXTERNAL"

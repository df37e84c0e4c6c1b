"""Where a finding about AWS stands in the files: at its field, not at the head of its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from apollo.api import Kinds
    from apollo.engine.verify import Checked, Preflight
    from apollo.manifest import ParsedFile
    from apollo.manifest.nodes import MapNode

__all__ = ["located"]


def located(found: Preflight, kinds: Kinds) -> Preflight:
    """The same findings with the lines of their fields. For a plan of files as they lie on this disk: what
    cannot be found there keeps the line of its manifest."""
    files: dict[str, ParsedFile | None] = {}
    return evolve(found, findings=tuple(_at_its_field(one, kinds, files) for one in found.findings))


def _at_its_field(finding: Checked, kinds: Kinds, files: dict[str, ParsedFile | None]) -> Checked:
    from apollo.manifest.pointers import seek

    problem = finding.problem
    manifest = _manifest(finding, files) if problem.path and problem.file else None
    if manifest is None:
        return finding
    spec = manifest.items.get("spec")
    named = kinds.get(finding.key.kind).spec_type.named_lists
    if spec is None or (at := seek(spec, problem.path, named)) is spec:
        return finding  # specFrom or the environment's defaults say it
    found = at.problem(problem.code, problem.message)
    return evolve(finding, problem=evolve(problem, line=found.line, column=found.column))


def _manifest(finding: Checked, files: dict[str, ParsedFile | None]) -> MapNode | None:
    from apollo.manifest import parse
    from apollo.manifest.nodes import MapNode

    name = finding.problem.file
    if name not in files:
        try:
            files[name] = parse(Path(name).read_bytes(), name)
        except OSError:
            files[name] = None
    parsed = files[name]
    for node in parsed.documents if parsed is not None else ():
        metadata = node.items.get("metadata") if isinstance(node, MapNode) else None
        if not isinstance(node, MapNode) or not isinstance(metadata, MapNode):
            continue
        if (node.text("kind"), metadata.text("name")) == (finding.key.kind, finding.key.name):
            return node
    return None

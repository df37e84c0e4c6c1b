"""A file of another tool as documents with positions: rendered where it has to be, or refused."""

from __future__ import annotations

import re

from apollo.errors import Problem
from apollo.importing import placeholders
from apollo.importing.model import Note, Report
from apollo.manifest.nodes import Node
from apollo.manifest.syntax import ParsedFile, parse

__all__ = ["is_jsonnet", "note_of", "read"]

_TEMPLATE = re.compile(rb"AWSTemplateFormatVersion|AWS::[A-Za-z0-9]+::[A-Za-z0-9]+")


def is_jsonnet(data: bytes, file: str) -> bool:
    """Whether a file is a jsonnet program: by its name, or by what only such a one has."""
    return file.lower().endswith((".jsonnet", ".libsonnet")) or b"std.extVar" in data


def read(data: bytes, file: str, report: Report) -> tuple[Node, ...]:
    """The documents of a file; none when it was refused."""
    if is_jsonnet(data, file):
        report.add(
            Note(
                "refused",
                "jsonnet is a program, which Apollo does not evaluate",
                file,
                code="APO-IMP-003",
                hint=f"jsonnet {file} > {file.rpartition('.')[0] or file}.json, and import that",
            )
        )
        return ()
    functions = _TEMPLATE.search(data) is not None
    parsed = parse(data, file, functions=functions)
    if parsed.ok:
        return parsed.documents
    rendered = None if functions else _rendered(data, file, report)
    if rendered is None:
        _refuse(parsed, report)
        return ()
    return rendered


def _rendered(data: bytes, file: str, report: Report) -> tuple[Node, ...] | None:
    """The documents of a template that is no document itself; None when that does not help."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if (line := placeholders.statement(text)) is not None:
        note = Note(
            "refused",
            "a template that decides something, which only its own tool can render",
            file,
            line,
            1,
            code="APO-IMP-005",
            hint="render it first (ecspresso render, jinja2) and import the result",
        )
        report.add(note)
        return ()
    changed = placeholders.quoted(text)
    if changed == text:
        return None
    parsed = parse(changed.encode(), file)
    if not parsed.ok:
        return None
    report.add(Note("repaired", "placeholders stand where values have to be: they are variables now", file))
    return parsed.documents


def _refuse(parsed: ParsedFile, report: Report) -> None:
    for problem in parsed.problems:
        if problem.severity == "error":
            report.add(note_of(problem))


def note_of(problem: Problem) -> Note:
    """A finding of the loader as a remark of the import."""
    return Note(
        "refused",
        problem.message,
        problem.file,
        problem.line,
        problem.column,
        problem.path,
        problem.code,
        problem.hint,
        problem.excerpt,
    )

"""Manifests as text, and the remarks as text and data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from apollo.importing.model import Imported, Note, Report
from apollo.manifest.writer import emit

__all__ = ["file_texts", "report_data", "report_lines", "whole_text"]

_ORDER: Final = ("TaskDefinition", "Service", "ScalingPolicy", "ListenerRule")
_TITLES: Final = {
    "refused": "refused",
    "asks": "needs you",
    "warning": "warning",
    "repaired": "repaired",
    "dropped": "left out",
}


def _place(one: Imported) -> tuple[int, str]:
    return (_ORDER.index(one.kind) if one.kind in _ORDER else len(_ORDER), one.name)


def _document(one: Imported) -> str:
    origin = " ".join(one.origin.split())
    return f"# from {origin}\n{emit(one.manifest())}"


def file_texts(imported: Iterable[Imported]) -> dict[str, str]:
    """One file for each service and what belongs to it: relative path → text. A folder each, so that each is
    an app."""
    groups: dict[str, list[Imported]] = {}
    for one in imported:
        groups.setdefault(one.group or one.name, []).append(one)
    return {
        f"{name}/{name}.yaml": "---\n".join(_document(one) for one in sorted(its, key=_place))
        for name, its in sorted(groups.items())
    }


def whole_text(imported: Iterable[Imported]) -> str:
    """All manifests as one text."""
    return "---\n".join(file_texts(imported).values())


def report_lines(report: Report) -> list[str]:
    """The remarks, most pressing first, then the variables to set."""
    lines = []
    for level, title in _TITLES.items():
        for note in report.notes:
            if note.level == level:
                lines.append(f"{title}: {_where(note)}{note.what}{f' [{note.code}]' if note.code else ''}")
                lines += note.excerpt.splitlines()
                lines += [f"  hint: {note.hint}"] if note.hint else []
    if report.variables:
        lines.append("variables to set in the Environment (spec.variables):")
        for name, variable in sorted(report.variables.items()):
            default = "" if variable.default is None else f": {_shown(name, variable.default)}"
            origin = f"  # {variable.origin}" if variable.origin else ""
            lines.append(f"  {name}{default or ':'}{origin}")
    if report.needs:
        fields = {"account": "spec.aws.accountId", "region": "spec.aws.region", "cluster": "spec.cluster"}
        needed = ", ".join(fields[one] for one in sorted(report.needs))
        lines.append(f"the Environment has to say {needed}")
    return lines


def _shown(name: str, default: Any) -> str:
    from apollo.manifest.excerpt import MASK, is_secret_name

    if is_secret_name(name):
        return MASK
    return emit({"x": default}).removeprefix("x:").strip().replace("\n", " ")


def _where(note: Note) -> str:
    where = ":".join(str(part) for part in (note.file, note.line or "", note.column or "") if part)
    return (f"{where}: " if where else "") + (f"{note.path}: " if note.path else "")


def report_data(imported: Sequence[Imported], report: Report, files: Mapping[str, str]) -> dict[str, Any]:
    """The same for programs; holds no value of any spec."""
    from apollo.manifest.excerpt import is_secret_name

    return {
        "apiVersion": "apollo/v1",
        "kind": "Import",
        "resources": [
            {
                "key": one.key,
                "origin": one.origin,
                "file": f"{one.group or one.name}/{one.group or one.name}.yaml",
            }
            for one in sorted(imported, key=lambda one: (one.group, *_place(one)))
        ],
        "files": sorted(files),
        "notes": [
            {
                "level": note.level,
                "code": note.code,
                "message": note.what,
                "file": note.file,
                "line": note.line,
                "column": note.column,
                "path": note.path,
                "hint": note.hint,
            }
            for note in report.notes
        ],
        "variables": [
            {
                "name": name,
                "default": None if is_secret_name(name) else variable.default,
                "origin": variable.origin,
                "usedIn": variable.used,
            }
            for name, variable in sorted(report.variables.items())
        ],
        "needs": sorted(report.needs),
    }

"""The corpus and its index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from apollo.importing.model import Imported, Report
from apollo.importing.session import import_files
from apollo.plugins import Registry

__all__ = ["FILES", "KINDS", "LOSSLESS", "Entry", "entries", "imported"]

FILES = Path(__file__).parent / "files"
LOSSLESS = {"strip-read-only", "drop-nulls", "coerce-scalars", "templates", "unwrap"}
"""What an import may do to a file by itself; the rest is for a person to decide."""
KINDS = Registry()


@frozen
class Entry:
    """One file of the index."""

    file: str
    sha256: str
    kind: str
    status: str
    repairs: tuple[str, ...] | None
    errors: tuple[str, ...]
    oddities: tuple[str, ...]

    @property
    def data(self) -> bytes:
        return (FILES / self.file).read_bytes()


def entries(*kinds: str) -> Iterator[Entry]:
    """The files of the index; all kinds where none is named."""
    index: dict[str, Any] = json.loads((FILES / "index.json").read_text("utf-8"))
    for one in index["files"]:
        if kinds and one["kind"] not in kinds:
            continue
        told = one["validation"] or {}
        repairs = told.get("repaired_by")
        yield Entry(
            one["file"],
            one["sha256"],
            one["kind"],
            told.get("status", ""),
            None if repairs is None else tuple(repairs),
            tuple(told.get("errors", ())),
            tuple(one["oddities"]),
        )


def imported(entry: Entry, **options: Any) -> tuple[list[Imported], Report]:
    """One file, imported by itself."""
    options.setdefault("sibling", lambda naming, name: "there is no such file")
    return import_files({entry.file: entry.data}, KINDS, **options)

"""Files of other tools as they lie on a disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from apollo.errors import ApolloError
from apollo.manifest.syntax import MAX_BYTES

__all__ = ["read_files", "sibling", "write_files"]

_SUFFIXES = (".json", ".yaml", ".yml", ".template", ".jsonnet", ".libsonnet", ".tpl", ".sample")


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """The files named, and those of folders named.

    :raises ApolloError: for a path that does not exist.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        if path.is_dir():
            for inner in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in inner.relative_to(path).parts[:-1])
                if inner.is_file() and not hidden and inner.name.lower().endswith(_SUFFIXES):
                    found[inner.as_posix()] = _content(inner)
        elif path.is_file():
            found[path.as_posix()] = _content(path)
        else:
            raise ApolloError(f"there is no file {path}", code="APO-IMP-001", hint="name files, or ARNs")
    return found


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def sibling(naming: str, name: str) -> bytes | str:
    """A file that another one names, or why it is not read: files outside of its folder and below, and
    links, are not."""
    folder = Path(naming).parent
    path = Path(os.path.normpath(folder / name))
    if Path(name).is_absolute() or not path.is_relative_to(os.path.normpath(folder)):
        return "it lies outside of the folder"
    for part in (path, *path.parents):
        if part == folder:
            break
        if part.is_symlink():
            return "it is a link"
    if not path.is_file():
        return "there is no such file"
    return _content(path)


def write_files(folder: Path, files: dict[str, str], *, force: bool) -> list[Path]:
    """Write each file below a folder.

    :raises ApolloError: when one exists already and ``force`` is not set; then none is written.
    """
    targets = {folder / name: text for name, text in files.items()}
    taken = [path for path in targets if path.exists() or path.is_symlink()]
    if taken and not force:
        raise ApolloError(
            f"{taken[0]} exists already; nothing was written",
            code="APO-IMP-007",
            hint="choose another folder with --out, or overwrite with --force",
        )
    for path, text in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(targets)

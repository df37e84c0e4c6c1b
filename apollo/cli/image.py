"""``apollo set image``: one value of one file, and nothing else in it."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from apollo.cli.main import LazyGroup
from apollo.cli.options import config_option, debug_option, environment_option
from apollo.cli.text import clean, paint_for, say

if TYPE_CHECKING:
    from apollo.manifest.nodes import MapNode

__all__ = ["set_group", "set_image"]


@click.group(
    "set",
    cls=LazyGroup,
    rows={"image": ("image", "set_image", "Commands", "The image of one container.")},
    epilog="Example: apollo set image apps/web.yaml app=repo/web:1.5.0",
)
def set_group() -> None:
    """Edit one value of a manifest, and nothing else in the file."""


@click.command(
    "image",
    epilog="Examples: apollo set image apps/web.yaml app=repo/web:1.5.0   "
    "apollo set image TaskDefinition/web app=repo/web:1.5.0 --path apps",
)
@click.argument("what", metavar="FILE|KIND/NAME")
@click.argument("assignment", metavar="CONTAINER=IMAGE")
@click.option(
    "--path",
    type=click.Path(exists=True, path_type=Path),
    help="Where to look for KIND/NAME.  [default: the folder of -e in its local repository, else here]",
)
@config_option
@environment_option
@debug_option
def set_image(
    what: str, assignment: str, path: Path | None, config: Path | None, environment: str | None
) -> None:
    """Set the image of CONTAINER, in a manifest or in AWS's own task definition JSON.

    Comments, quotes and layout stay as they are. Commit the change to have it rolled out.
    """
    from apollo.errors import ApolloError

    container, equals, image = assignment.partition("=")
    if not equals or not container or not image:
        raise click.UsageError(f"{assignment!r} is not CONTAINER=IMAGE")
    file, kind, name = Path(what), None, None
    if not file.is_file():
        kind, slash, name = what.partition("/")
        if not slash or not kind[:1].isupper() or file.exists() or file.suffix:
            raise ApolloError(
                f"{what} is neither a file nor KIND/NAME",
                code="APO-CLI-080",
                hint="name a file, or for example TaskDefinition/web",
            )
        file, kind, name = _find(_where(path, config, environment), kind, name)
    _edit(file, container, image, kind, name)


def _where(path: Path | None, config: Path | None, environment: str | None) -> Path:
    """Where to look for a manifest by its name."""
    if path is not None:
        return path
    if config is None and environment is None:
        return Path()
    from apollo.cli import where

    settings, _ = where.load(config)
    source = where.one(settings, environment).spec.source
    if source is None:
        return Path()
    local = Path(settings.directory) / source.repo / source.path
    return local if local.is_dir() else Path()


@frozen
class _Found:
    """A manifest that bears the name, and the files that may hold its containers."""

    file: Path
    document: MapNode
    named_files: tuple[Path, ...]


def _find(folder: Path, kind: str, name: str) -> tuple[Path, str | None, str | None]:
    """The file to edit, and which of its manifests.

    :raises ApolloError: there is none, or there are several.
    """
    from apollo.errors import ApolloError
    from apollo.manifest.nodes import MapNode

    if kind == "Service":  # its containers stand in its task definition
        services = list(_manifests(folder, kind, name))
        spec = services[0].document.items.get("spec") if len(services) == 1 else None
        named = spec.text("taskDefinition") if isinstance(spec, MapNode) else None
        kind, name = "TaskDefinition", named if named and "$" not in named else name
    found = list(_manifests(folder, kind, name))
    if not found:
        raise ApolloError(
            f"there is no manifest {kind}/{name} below {folder}",
            code="APO-CLI-080",
            hint="name the file itself, or another --path",
        )
    if len(found) > 1:
        raise ApolloError(
            f"{kind}/{name} is written in several files: {', '.join(str(one.file) for one in found)}",
            code="APO-CLI-080",
            hint="name the file itself",
        )
    one = found[0]
    spec = one.document.items.get("spec")
    own = isinstance(spec, MapNode) and "containerDefinitions" in spec.items
    if one.named_files and not own:
        return one.named_files[0], None, None
    return one.file, kind, name


def _manifests(folder: Path, kind: str, name: str) -> Iterator[_Found]:
    from apollo.manifest import parse, spec_files
    from apollo.manifest.nodes import MapNode

    for file in _files(folder):
        with contextlib.suppress(OSError):
            data = file.read_bytes()
            if name.encode() not in data:
                continue
            for document in parse(data, str(file)).documents:
                metadata = document.items.get("metadata") if isinstance(document, MapNode) else None
                if not isinstance(document, MapNode) or not isinstance(metadata, MapNode):
                    continue
                if document.text("kind") == kind and metadata.text("name") == name:
                    named = spec_files(data.decode(), name=name, file=str(file))
                    yield _Found(file, document, tuple(file.parent / one for one in named))


def _files(folder: Path) -> Iterator[Path]:
    from apollo.manifest import wants

    if folder.is_file():
        yield folder
        return
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (Path(current) / name for name in sorted(names) if wants(name))


def _edit(file: Path, container: str, image: str, kind: str | None, name: str | None) -> None:
    from apollo.manifest import set_image as edited

    with file.open(encoding="utf-8", newline="") as stream:
        before = stream.read()
    after = edited(before, container, image, kind=kind, name=name, file=str(file))
    if before == after:
        say(f"{clean(file)}: {clean(container)} is {clean(image)} already")
        return
    _replace(file, after)
    paint = paint_for(sys.stdout)
    for number, (old, new) in enumerate(zip(before.split("\n"), after.split("\n"), strict=True), 1):
        if old != new:
            say(f"{clean(file)}:{number}")
            say(paint.red(f"- {clean(old.strip())}"))
            say(paint.green(f"+ {clean(new.strip())}"))


def _replace(file: Path, text: str) -> None:
    """Write the file whole or not at all; its permissions stay. A link keeps pointing where it points."""
    target = file.resolve()
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(temporary).chmod(target.stat().st_mode & 0o7777)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

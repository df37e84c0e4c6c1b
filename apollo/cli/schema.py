"""``apollo schema``: JSON Schema of manifests, for editors and for other people's checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from apollo.cli.options import debug_option
from apollo.cli.text import say, tell

__all__ = ["schema"]


@click.command(
    epilog="Example: apollo schema --out .schemas   then, as the first line of a manifest: "
    "# yaml-language-server: $schema=.schemas/apollo.json"
)
@click.argument("kind", required=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file per kind, and apollo.json for all of them, into this folder.",
)
@debug_option
def schema(kind: str | None, out: Path | None) -> None:
    """Print the JSON Schema of KIND's manifests, or of all kinds together.

    The schema covers whole manifests (apiVersion, kind, metadata, lifecycle, specFrom, spec) of the kinds
    loaded here, plugins included, and allows ${{ … }} where a value of another type is wanted.
    """
    from apollo.cli.kinds import OWN_KINDS, controllers, own_model, registry, spec_model
    from apollo.cli.manifest_schema import all_kinds, own_schema, whole_manifest
    from apollo.cli.output import as_json

    known = registry()

    def one(name: str) -> dict[str, Any]:
        if name in OWN_KINDS:
            return own_schema(name, own_model(name))
        return whole_manifest(name, spec_model(known, name))

    if kind is not None:
        spec_model(known, kind)  # says so when there is none
        names = {name.lower(): name for name in (*known.names(), *OWN_KINDS)}
        found = {names[kind.lower()]: one(names[kind.lower()])}
    else:
        found = {name: one(name) for name in (*controllers(known), *OWN_KINDS)}
    if out is None:
        say(as_json(all_kinds(found) if kind is None else next(iter(found.values()))))
        return
    out.mkdir(parents=True, exist_ok=True)
    files = dict(found) | ({"apollo": all_kinds(found)} if kind is None else {})
    for name, data in files.items():
        path = out / f"{name}.json"
        path.write_text(as_json(data) + "\n", encoding="utf-8")
        tell(f"wrote {path}")

"""``apollo plugins``: what extends Apollo here."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from apollo.cli.main import LazyGroup
from apollo.cli.options import config_option, debug_option, output_option
from apollo.cli.output import print_data
from apollo.cli.text import clean, paint_for, say, table, tell

__all__ = ["list_plugins", "new_plugin", "plugins"]


@click.group(
    cls=LazyGroup,
    rows={
        "list": ("plugins", "list_plugins", "Commands", "Kinds and gates: loaded, broken, and why."),
        "new": ("plugins", "new_plugin", "Commands", "Begin a kind of your own, as a project that works."),
        "check": ("plugins_check", "check_plugins", "Commands", "Hold kinds against the contract."),
    },
    epilog="Example: apollo plugins list",
)
def plugins() -> None:
    """What extends Apollo here."""


@click.command("list", epilog="Example: apollo plugins list -o json")
@config_option
@output_option("text", "json", "yaml")
@debug_option
def list_plugins(config: Path | None, output: str) -> None:
    """List the kinds and gates that are installed, whether they could be loaded, and why not.

    Which packages may be loaded is said by spec.plugins of the Installation.
    """
    from apollo.cli.kinds import registry
    from apollo.cli.where import load
    from apollo.plugins import discover_gates

    known = registry(load(config)[0] if config is not None else None)
    report = known.report(load=True)
    gates = discover_gates(allow=known.allowed)
    if output != "text":
        print_data(
            {
                "kinds": [
                    {
                        "kind": info.kind,
                        "package": info.distribution,
                        "version": info.version,
                        "state": info.state,
                        "error": info.error,
                    }
                    for info in report
                ],
                "gates": [{"name": gate.name} for gate in gates],
            },
            output,
        )
        return
    paint = paint_for(sys.stdout)
    rows = [tuple(paint.dim(one) for one in ("KIND", "PACKAGE", "VERSION", "STATE", "WHY"))]
    for info in report:
        colour = paint.green if info.state in ("loaded", "available") else paint.red
        rows.append(
            (
                clean(info.kind) or "?",
                clean(info.distribution) or "-",
                clean(info.version) or "-",
                colour(info.state),
                clean(info.error),
            )
        )
    say(table(rows))
    say()
    say("Gates: " + clean(", ".join(gate.name for gate in gates)))


@click.command(
    "new",
    epilog="Example: apollo plugins new acme-queue",
)
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write it. Default: a folder of that name, here.",
)
@debug_option
def new_plugin(name: str, out: Path | None) -> None:
    """Begin a kind of your own, as a project that works.

    NAME is a namespace and what it is: acme-queue brings the kind acme.Queue. The project holds a spec, a
    controller (of an SQS queue, to be exchanged for what you need), tests against the local AWS, and the
    entry point that Apollo finds it by.
    """
    from apollo import __version__
    from apollo.plugins.new import create

    folder = out or Path(name)
    names, written = create(name, folder, __version__)
    for path in written:
        say(clean(str(path)))
    tell(f"{names.kind} works as it is, and keeps an SQS queue: cd {clean(str(folder))}, then see README.md")

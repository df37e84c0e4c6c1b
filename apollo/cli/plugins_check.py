"""``apollo plugins check``: what an author runs before a kind is published."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apollo.cli.boundary import State
from apollo.cli.options import aws_options, config_option, debug_option, output_option, place_options
from apollo.cli.output import print_data
from apollo.cli.text import clean, paint_for, say, table

if TYPE_CHECKING:
    from apollo.api import Controller, Resource
    from apollo.plugins import Registry
    from apollo.plugins.check_findings import Finding
    from apollo.settings import Settings

__all__ = ["check_plugins"]

_WORDS = {"pass": "ok", "fail": "FAIL", "warning": "warning", "skipped": "skipped"}


@click.command(
    "check",
    epilog="Examples: apollo plugins check   apollo plugins check acme.Queue --manifest examples/queue.yaml",
)
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@click.option(
    "--manifest",
    "manifests",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="An example to try it with. Repeatable.  [default: examples/*.yaml]",
)
@click.option("--no-live", is_flag=True, help="Leave out what needs a local AWS.")
@place_options
@config_option
@aws_options
@output_option("text", "json", "yaml")
@debug_option
@click.pass_context
def check_plugins(
    ctx: click.Context,
    kinds: tuple[str, ...],
    manifests: tuple[Path, ...],
    no_live: bool,
    cluster: str | None,
    variables: tuple[str, ...],
    config: Path | None,
    output: str,
) -> int:
    """Hold installed kinds against the contract, one line for each check.

    Without KIND all that packages beside Apollo bring are checked. With example manifests a kind is also
    made, left alone and removed again in a local AWS in this process, and once more for each answer that may
    get lost. Exit code 1 when a check fails; a warning fails nothing.
    """
    from apollo.cli.kinds import registry
    from apollo.cli.where import load
    from apollo.errors import ApolloError
    from apollo.plugins.check import installed
    from apollo.plugins.check_findings import passed

    known = registry(load(config)[0] if config is not None else None)
    wanted = kinds or installed(known)
    if not wanted:
        raise ApolloError(
            "no package beside Apollo brings a kind here",
            code="APO-PLUGIN-030",
            hint="pip install -e . in the folder of the plugin; or name a kind",
        )
    if not no_live and importlib.util.find_spec("moto") is None:
        raise ApolloError(
            "a local AWS for kinds of any service needs more than is installed",
            code="APO-PLUGIN-031",
            hint="pip install 'apollo-ecs[testing]'; or --no-live for what can be checked without",
        )
    region = ctx.ensure_object(State).region
    settings = _settings(known, cluster, region, variables)
    findings = list(_checked(known, tuple(dict.fromkeys(wanted)), _files(manifests), settings, not no_live))
    if output == "text":
        _show(findings)
    else:
        rows = [
            {
                "kind": one.kind,
                "check": one.check,
                "result": one.verdict,
                "message": one.message,
                "remedy": one.remedy,
            }
            for one in findings
        ]
        print_data({"passed": passed(findings), "checks": rows}, output)
    return 0 if passed(findings) else 1


def _files(manifests: tuple[Path, ...]) -> tuple[Path, ...]:
    """The examples: those named, or those of this folder."""
    if manifests:
        return manifests
    return tuple(sorted(path for path in Path("examples").glob("*.y*ml") if path.stem != "apollo"))


def _settings(known: Registry, cluster: str | None, region: str | None, variables: Sequence[str]) -> Settings:
    """One environment that prunes, and remembers nothing."""
    from apollo.manifest import environment_from_flags
    from apollo.settings import Installation, InstallationSpec, Settings, Sync

    made = environment_from_flags(
        "check", cluster=cluster or "default", region=region or "eu-west-1", variables=variables
    )
    spec = made.spec.model_copy(update={"sync": Sync(prune=False, maxPrune=1.0)})
    return Settings(
        installation=Installation(name="check", spec=InstallationSpec(store="none")),
        environments=(made.model_copy(update={"spec": spec}),),
    )


def _checked(
    known: Registry, kinds: Sequence[str], files: tuple[Path, ...], settings: Settings, act: bool
) -> Iterator[Finding]:
    from apollo.plugins.check import static
    from apollo.plugins.check_findings import Finding
    from apollo.plugins.check_manifests import examples

    usable: list[Controller[Any, Any]] = []
    for kind in kinds:
        found, controller = static(known, kind)
        yield from found
        if controller is not None:
            usable.append(controller)
    if not usable:
        return
    resources, problems = _loaded(known, files, settings)
    names = {one.kind for one in usable}
    told = ", ".join(sorted(names))
    if problems:
        yield Finding(told, "examples are valid", "fail", "; ".join(problems), "apollo validate says where")
        return
    tried = []
    for controller in usable:
        mine = resources.get(controller.kind, [])
        if not mine:
            where = ", ".join(map(str, files)) or "examples/*.yaml"
            remedy = "--manifest FILE names one; without an example only what is written can be checked"
            yield Finding(controller.kind, "examples", "warning", f"none of this kind in {where}", remedy)
            continue
        tried.append(controller)
        yield Finding(controller.kind, "examples are valid", "pass", ", ".join(str(one.key) for one in mine))
        yield from examples(controller, mine)
    if tried and act:
        from apollo.cli.plugins_live import live

        yield from live(settings, tried, resources, files)


def _loaded(
    known: Registry, files: tuple[Path, ...], settings: Settings
) -> tuple[dict[str, list[Resource[Any]]], list[str]]:
    """The resources of the examples, by kind; and what is wrong with them."""
    from apollo.manifest import load_path

    if not files:
        return {}, []
    loaded = load_path(files, settings.environments[0], settings.installation.name, known)
    found: dict[str, list[Resource[Any]]] = {}
    for resource in loaded.snapshot.resources.values():
        found.setdefault(resource.key.kind, []).append(resource)
    problems = [one for one in loaded.problems if one.severity == "error"]
    return found, [f"{one.file}:{one.line}: {one.message}" for one in problems]


def _show(findings: Sequence[Finding]) -> None:
    from apollo.cli.text import tell

    paint = paint_for(sys.stdout)
    colours = {"pass": paint.green, "fail": paint.red, "warning": paint.yellow, "skipped": paint.dim}
    rows = []
    for one in findings:
        said = f"{one.message} → {one.remedy}" if one.remedy and one.verdict != "pass" else one.message
        rows.append((colours[one.verdict](_WORDS[one.verdict]), clean(one.kind), one.check, clean(said)))
    say(table(rows))
    counted = {verdict: sum(one.verdict == verdict for one in findings) for verdict in _WORDS}
    said = f"{counted['pass']} passed, {counted['fail']} failed"
    if counted["warning"]:
        said += f", {counted['warning']} warning{'' if counted['warning'] == 1 else 's'}"
    say()
    say(said)
    if counted["fail"]:
        tell("not ready to be published: a check failed")

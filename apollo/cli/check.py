"""``apollo validate`` and ``apollo render``: manifests, without AWS."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apollo.cli.boundary import State, show_problem
from apollo.cli.options import (
    aws_options,
    config_option,
    debug_option,
    environment_option,
    environments_option,
    output_option,
    place_options,
)
from apollo.cli.output import print_data
from apollo.cli.text import clean, paint_for, say, tell

if TYPE_CHECKING:
    from apollo.api import Resource
    from apollo.cli.where import Place
    from apollo.errors import Problem
    from apollo.manifest import Tree

__all__ = ["render", "validate"]


@click.command(epilog="Examples: apollo validate .   apollo validate apps -f apollo.yaml -e stage")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@config_option
@environments_option
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@place_options
@aws_options
@output_option("text", "json", "yaml", "markdown")
@debug_option
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[Path, ...],
    config: Path | None,
    environments: tuple[str, ...],
    cluster: str | None,
    variables: tuple[str, ...],
    strict: bool,
    output: str,
) -> int:
    """Check manifests offline: no AWS, no network, no git.

    Variables come from the environments of the configuration (all of them, or those of -e), or from --var.
    Warnings leave the exit code at 0, unless --strict is given; spec.policy of an environment says what is
    worth one.
    """
    from attrs import evolve

    from apollo.cli.kinds import registry
    from apollo.engine.circles import circles
    from apollo.errors import LoadError
    from apollo.manifest import bulk, load_path

    places = _places(ctx, config, environments, cluster, variables)
    found: dict[Any, Problem] = {}
    resources: set[str] = set()
    for place in places:
        name = place.settings.installation.name
        kinds = registry(place.settings if place.config is not None else None)
        try:
            with bulk():
                loaded = load_path(paths or (Path(),), place.environment, name, kinds)
        except LoadError as error:
            problems: Iterable[Problem] = error.problems
        else:
            problems = (*loaded.problems, *loaded.warnings, *circles(kinds, loaded.snapshot.resources))
            resources |= {str(key) for key in loaded.snapshot.resources}
        for problem in problems:
            shown = _helped(problem, place)
            if strict:
                shown = evolve(shown, severity="error")
            found.setdefault((shown.code, shown.file, shown.line, shown.column, shown.message), shown)
    ordered = sorted(found.values(), key=lambda one: (one.file, one.line, one.column))
    errors = [one for one in ordered if one.severity == "error"]
    warnings = [one for one in ordered if one.severity != "error"]
    if output == "text":
        paint = paint_for(sys.stdout)
        for problem in ordered:
            say(show_problem(problem, paint))
        say(_counted(len(resources), len(errors), len(warnings)))
    elif output == "markdown":
        from apollo.cli.sheets import problems_markdown

        verdict = _counted(len(resources), len(errors), len(warnings))
        say(problems_markdown(verdict, ordered, not errors))
    else:
        print_data(
            {
                "valid": not errors,
                "resources": len(resources),
                "errors": [_data(one) for one in errors],
                "warnings": [_data(one) for one in warnings],
            },
            output,
        )
    return 1 if errors else 0


def _places(
    ctx: click.Context,
    config: Path | None,
    environments: tuple[str, ...],
    cluster: str | None,
    variables: tuple[str, ...],
) -> list[Place]:
    """Every environment to check against."""
    from apollo.cli import where

    region = ctx.ensure_object(State).region
    flags: dict[str, Any] = {"cluster": cluster, "region": region, "variables": variables}
    described = cluster is not None or region is not None or variables
    if config is None and (environments or described or not where.DEFAULT_CONFIG.is_file()):
        return [where.place(None, name, with_path=True, **flags) for name in environments or (None,)]
    settings, path = where.load(config)
    chosen = where.chosen(settings, environments)
    if not chosen:  # a configuration of an installation alone
        return [where.flagged("default", **flags)]
    return [where.with_flags(settings, path, environment, **flags) for environment in chosen]


def _helped(problem: Problem, place: Place) -> Problem:
    """An unset variable may only be unset because nobody said which environment is meant."""
    from attrs import evolve

    if problem.code != "APO-LOAD-021" or place.config is not None:
        return problem
    more = "-f apollo.yaml -e NAME brings the variables of an environment, --var NAME=VALUE a single one"
    return evolve(problem, hint=more)


def _counted(resources: int, errors: int, warnings: int) -> str:
    def many(number: int, what: str) -> str:
        return f"{number} {what}{'' if number == 1 else 's'}"

    said = [many(resources, "resource")]
    said.append(many(errors, "error") if errors else "valid")
    if warnings:
        said.append(many(warnings, "warning"))
    return ", ".join(said)


def _data(problem: Problem) -> dict[str, Any]:
    from apollo.engine.plan import problem_dict

    return problem_dict(problem)


@click.command(epilog="Example: apollo render apps -f apollo.yaml -e stage")
@click.argument("paths", metavar="[PATH]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@config_option
@environment_option
@click.option("--rev", help="A branch, tag or commit of the environment's source.  [default: its branch]")
@click.option("--show-values", is_flag=True, help="Show values that may be secret; else they are masked.")
@place_options
@aws_options
@output_option("text", "json", "yaml")
@debug_option
@click.pass_context
def render(
    ctx: click.Context,
    paths: tuple[Path, ...],
    config: Path | None,
    environment: str | None,
    rev: str | None,
    show_values: bool,
    cluster: str | None,
    variables: tuple[str, ...],
    output: str,
) -> int:
    """Show manifests after variables, defaults and specFrom, and where each value came from.

    Without PATH the environment's source is read. Values of environment variables, and what else may be
    secret, are masked as in a plan.
    """
    from apollo.cli import where
    from apollo.cli.rendered import manifest, remarks, text

    if paths and rev is not None:
        raise click.UsageError("--rev is of the source, and PATH takes its place: give one of them", ctx)
    region = ctx.ensure_object(State).region
    place = where.place(
        config, environment, with_path=bool(paths), cluster=cluster, region=region, variables=variables
    )
    found, problems, tree = _from_paths(paths, place) if paths else _from_source(place, rev)
    resources = sorted(found, key=lambda one: (one.app, one.origin.file, one.origin.line))
    for problem in problems:
        tell(show_problem(_helped(problem, place), paint_for(sys.stderr)))
    if output == "text":
        paint = paint_for(sys.stdout)
        shown = [text(one, tree.provenance(one.key), paint, values=show_values) for one in resources]
        say("\n---\n".join(shown))
    else:
        print_data(
            {
                "environment": place.environment.name,
                "resources": [
                    {
                        "key": clean(one.key),
                        "app": one.app,
                        "origin": str(one.origin),
                        "manifest": manifest(one, values=show_values),
                        "provenance": remarks(tree.provenance(one.key)),
                    }
                    for one in resources
                ],
            },
            output,
        )
    return 1 if any(problem.severity == "error" for problem in problems) else 0


_Found = tuple[list["Resource[Any]"], tuple["Problem", ...], "Tree"]


def _from_paths(paths: tuple[Path, ...], place: Place) -> _Found:
    from apollo.cli.kinds import registry
    from apollo.manifest import load_path

    kinds = registry(place.settings)
    loaded = load_path(paths, place.environment, place.settings.installation.name, kinds, provenance=True)
    return list(loaded.snapshot.resources.values()), (*loaded.problems, *loaded.warnings), loaded.tree


def _from_source(place: Place, rev: str | None) -> _Found:
    import anyio

    from apollo.cli.kinds import registry
    from apollo.clock import SystemClock
    from apollo.errors import ApolloError
    from apollo.manifest import Tree
    from apollo.source import GitSource

    source = place.environment.spec.source
    if source is None:
        raise ApolloError(
            f"environment {place.environment.name} has no source",
            code="APO-CONF-010",
            hint="add spec.source with repo and branch, or name a PATH on the command line",
        )

    async def read() -> _Found:
        base = Path(place.settings.directory)
        git = GitSource(source, directory=base / ".apollo" / "git", clock=SystemClock(), base=base)
        await git.open()
        sha = await git.resolve(rev) if rev else (await git.refresh()).sha
        changes = await git.changes(None, sha)
        tree = Tree(
            place.environment,
            place.settings.installation.name,
            registry(place.settings),
            root=source.path,
            provenance=True,
        )
        snapshot = tree.update(sha, changes.files, changes.problems)
        problems = [*snapshot.problems, *(one for app in snapshot.apps.values() for one in app.problems)]
        return list(snapshot.resources.values()), tuple(dict.fromkeys((*problems, *tree.warnings))), tree

    return anyio.run(read)

"""``apollo import``: what runs in AWS, and other tools' files, as manifests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apollo.cli.boundary import State
from apollo.cli.options import aws_options, config_option, debug_option, environment_option, output_option

if TYPE_CHECKING:
    from apollo.importing.model import Imported, Report

__all__ = ["import_"]

_DIALECTS = ("aws", "cloudformation", "copilot", "ecspresso", "gitmoxi", "pipecd")


@click.command(
    "import",
    epilog="Examples: apollo import --cluster green --out apps   apollo import ecspresso.yml --out apps   "
    "apollo import template.yaml --var Stage=prod",
)
@click.argument("what", nargs=-1, metavar="[ARN|FILE]...")
@click.option("--cluster", help="All services of this ECS cluster; with files: the Environment's cluster.")
@click.option(
    "--from",
    "dialect",
    type=click.Choice(_DIALECTS),
    help="Whose files they are.  [default: told by their content]",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a file for each service below this folder.  [default: all on stdout]",
)
@click.option("--force", is_flag=True, help="Overwrite files below --out.")
@click.option(
    "--adopt/--no-adopt",
    default=None,
    help="Whether the manifests take over what runs.  [default: from AWS yes, from files no]",
)
@click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="K=V",
    help="What a parameter of a template is, where that decides what is imported. Repeatable.",
)
@config_option
@environment_option
@aws_options
@output_option("text", "json", "yaml")
@debug_option
@click.pass_context
def import_(
    ctx: click.Context,
    what: tuple[str, ...],
    cluster: str | None,
    dialect: str | None,
    out: Path | None,
    force: bool,
    adopt: bool | None,
    variables: tuple[str, ...],
    config: Path | None,
    environment: str | None,
    output: str,
) -> None:
    """Existing services, or other tools' files, as manifests.

    From AWS: services by ARN or by cluster, with their task definitions, listener rules and scaling. The plan
    after it changes nothing but ownership tags. From files: AWS's own JSON and YAML, describe output,
    CloudFormation, ecspresso, PipeCD, Gitmoxi and Copilot.

    Nothing in AWS is changed. What was repaired, left out or refused, and what needs you, is told on stderr.
    """
    arns = [one for one in what if one.startswith("arn:")]
    files = [Path(one) for one in what if not one.startswith("arn:")]
    if not what and cluster is None:
        raise click.UsageError("name ARNs, files, or --cluster", ctx)
    if arns and files:
        raise click.UsageError("ARNs and files are two imports", ctx)
    if dialect is not None and not files:
        raise click.UsageError("--from is for files", ctx)
    if force and out is None:
        raise click.UsageError("--force is for --out", ctx)
    if files:
        imported, report = _from_files(files, dialect, variables, cluster, bool(adopt))
    else:
        state = ctx.ensure_object(State)
        imported, report = _from_aws(state, arns, cluster, config, environment, adopt is not False)
    ctx.exit(_print(imported, report, out, force, output))


def _from_files(
    files: list[Path], dialect: str | None, variables: tuple[str, ...], cluster: str | None, adopt: bool
) -> tuple[list[Imported], Report]:
    from apollo.cli.kinds import registry
    from apollo.importing.disk import read_files, sibling
    from apollo.importing.session import import_files
    from apollo.manifest import environment_from_flags

    given = environment_from_flags("default", variables=variables).spec.variables
    return import_files(
        read_files(files),
        registry(),
        sibling=sibling,
        dialect=dialect,
        given=given,
        cluster=cluster,
        adopt=adopt,
        named={path.as_posix() for path in files if not path.is_dir()},
    )


def _from_aws(
    state: State,
    arns: list[str],
    cluster: str | None,
    config: Path | None,
    environment: str | None,
    adopt: bool,
) -> tuple[list[Imported], Report]:
    import anyio

    from apollo.cli import where
    from apollo.cli.where import DEFAULT_CONFIG
    from apollo.importing.live import import_live, place_of
    from apollo.manifest import env_of
    from apollo.operator import Operator

    known = config is not None or (environment is not None and DEFAULT_CONFIG.is_file())
    # An ARN says its region; a configuration and a flag win, and are held against it below.
    region = state.region or (None if known else place_of(arns)[0])
    own = None if known else cluster
    place = where.place(config, environment, with_path=not known, cluster=own, region=region)

    async def read() -> tuple[list[Imported], Report]:
        chosen = place.environment
        async with Operator(
            place.settings, environments=[chosen.name], profile=state.profile, region=region
        ) as operator:
            here = await operator.aws.open(chosen)
            place_of(arns, here.region, here.account_id)
            env = env_of(chosen, place.settings.installation.name)
            context = operator.aws.context(env, chosen, lane="changed")
            return await import_live(
                context,
                arns,
                cluster,
                chosen.spec.cluster,
                adopt=adopt,
                defaults=chosen.spec.defaults,
            )

    return anyio.run(read)


def _print(imported: list[Imported], report: Report, out: Path | None, force: bool, output: str) -> int:
    """Print or write everything; the exit code."""
    from apollo.cli.output import print_data
    from apollo.cli.text import clean_lines, json_safe, say, tell
    from apollo.importing.disk import write_files
    from apollo.importing.output import file_texts, report_data, report_lines

    files = file_texts(imported)
    if out is not None and files:
        write_files(out, files, force=force)
    if output == "text":
        for line in report_lines(report):
            tell(clean_lines(line))
        if out is None and files:
            say(json_safe("---\n".join(files.values())).rstrip("\n"))
    else:
        data: dict[str, Any] = report_data(imported, report, files)
        if out is None:
            data["manifests"] = [one.manifest() for one in imported]
        print_data(data, output)
    counts = {level: sum(note.level == level for note in report.notes) for level in ("refused", "asks")}
    where_to = f" in {_many(len(files), 'file')} below {out}" if out is not None and files else ""
    told = f"{_many(len(imported), 'manifest')}{where_to}"
    told += f"; {counts['refused']} refused, {counts['asks']} to settle"
    tell(f"{told}; check them with apollo validate, then apollo plan" if imported else told)
    return 1 if report.refused or not imported else 0


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"

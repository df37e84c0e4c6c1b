"""``apollo plan`` and ``apollo apply``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from apollo.cli.boundary import State
from apollo.cli.options import (
    aws_options,
    config_option,
    debug_option,
    environment_option,
    output_option,
    place_options,
)
from apollo.cli.text import clean, paint_for, say, tell

if TYPE_CHECKING:
    from apollo.cli.where import Place
    from apollo.engine.plan import Plan
    from apollo.operator import Operator, Result

__all__ = ["apply", "plan"]


@frozen
class Wish:
    """What to plan: the environment, and what to take instead of its source."""

    place: Place
    state: State
    paths: tuple[Path, ...] = ()
    rev: str | None = None
    prune: bool | None = None
    variables: Mapping[str, str] = {}
    cluster: str | None = None

    def operator(self) -> Operator:
        from apollo.operator import Operator

        return Operator(
            self.place.settings,
            environments=(self.place.environment.name,),
            profile=self.state.profile,
            region=self.state.region,
        )

    async def plan(self, operator: Operator) -> Plan:
        return await operator.plan(
            self.place.environment.name, paths=self.paths, rev=self.rev, prune=self.prune
        )


def _wish(
    ctx: click.Context,
    paths: tuple[Path, ...],
    config: Path | None,
    environment: str | None,
    cluster: str | None,
    variables: tuple[str, ...],
    rev: str | None,
    prune: bool | None,
) -> Wish:
    from apollo.cli import where

    if paths and rev is not None:
        raise click.UsageError(
            "--rev asks for a commit of the source, and PATH takes its place: give one", ctx
        )
    state = ctx.ensure_object(State)
    given = where.variables(variables)
    found = where.place(
        config, environment, with_path=bool(paths), cluster=cluster, region=state.region, variables=given
    )
    return Wish(found, state, paths, rev, prune, given, cluster)


async def _show(plan: Plan, wish: Wish, output: str, operator: Operator) -> None:
    from apollo.cli.output import print_data

    if output in ("json", "yaml"):
        print_data(plan.to_dict(), output)
        return
    about = await _about(wish, operator)
    if output == "markdown":
        from apollo.cli.plan_markdown import plan_markdown

        say(plan_markdown(plan, about))
    else:
        from apollo.cli.plan_text import plan_text

        say(plan_text(plan, about, paint_for(sys.stdout)))


async def _about(wish: Wish, operator: Operator) -> Any:
    from apollo.cli.plan_words import About

    environment = wish.place.environment
    account = await operator.aws.open(environment)  # known already: the plan needed it
    return About(account.account_id, account.region, environment.spec.cluster or "")


@click.command(epilog="Examples: apollo plan -e stage   apollo plan . -f apollo.yaml -e stage -o markdown")
@click.argument("paths", metavar="[PATH]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@config_option
@environment_option
@click.option("--rev", help="A branch, tag or commit of the environment's source.  [default: its branch]")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a plan file for apply --plan."
)
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are changes.")
@click.option("--prune/--no-prune", default=None, help="Also plan deletions.  [default: as configured]")
@place_options
@aws_options
@output_option("text", "json", "yaml", "markdown")
@debug_option
@click.pass_context
def plan(
    ctx: click.Context,
    paths: tuple[Path, ...],
    config: Path | None,
    environment: str | None,
    rev: str | None,
    out: Path | None,
    exit_code: bool,
    prune: bool | None,
    cluster: str | None,
    variables: tuple[str, ...],
    output: str,
) -> int:
    """Show what would be called in AWS, what would change, and what would restart.

    Reads AWS and changes nothing. PATH takes the place of the environment's source: its files are taken as
    they lie there.
    """
    import anyio

    wish = _wish(ctx, paths, config, environment, cluster, variables, rev, prune)

    async def work() -> Plan:
        async with wish.operator() as operator:
            made = await wish.plan(operator)
            await _show(made, wish, output, operator)
            return made

    made = anyio.run(work)
    if out is not None:
        from apollo.cli.planfile import write

        write(out, made, wish)
        tell(f"wrote {clean(out)}; do exactly this with: apollo apply --plan {clean(out)}")
    if made.failed:
        return 1
    return 2 if exit_code and made.changed else 0


@click.command(
    epilog="Examples: apollo apply -e stage   apollo plan --out p.json && apollo apply --plan p.json --yes"
)
@click.argument("paths", metavar="[PATH]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Do exactly the plan of this file, or nothing.",
)
@config_option
@environment_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until rollouts have ended.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="How long to wait at most.")
@click.option("--prune/--no-prune", default=None, help="Also delete what git no longer has.")
@place_options
@aws_options
@output_option("text", "json", "yaml", "markdown")
@debug_option
@click.pass_context
def apply(
    ctx: click.Context,
    paths: tuple[Path, ...],
    plan_file: Path | None,
    config: Path | None,
    environment: str | None,
    yes: bool,
    wait: bool,
    timeout: float | None,
    prune: bool | None,
    cluster: str | None,
    variables: tuple[str, ...],
    output: str,
) -> int:
    """Do the plan once and wait for the rollout, with progress on stderr.

    Asks first on a terminal. Elsewhere nothing is written without --yes.
    """
    import anyio

    if plan_file is None:
        wish = _wish(ctx, paths, config, environment, cluster, variables, None, prune)
        return anyio.run(_apply, wish, None, yes, wait, timeout, output)
    if paths or prune is not None:
        raise click.UsageError("--plan brings its own PATH and prunes as it was planned", ctx)
    from apollo.cli.planfile import PlanFile
    from apollo.cli.where import variables as pairs

    reviewed = PlanFile.read(plan_file)
    wish = reviewed.wish(ctx.ensure_object(State), config, environment, cluster, pairs(variables))
    return anyio.run(_apply, wish, reviewed, yes, wait, timeout, output)


async def _apply(wish: Wish, reviewed: Any, yes: bool, wait: bool, timeout: float | None, output: str) -> int:
    import anyio

    from apollo.cli.interrupts import Interrupts
    from apollo.cli.output import print_data
    from apollo.cli.progress import Follow, result_text

    async with wish.operator() as operator:
        made = await wish.plan(operator)
        if reviewed is not None:
            reviewed.check(made)
        if not yes:
            await _agreed(made, wish, operator)
        interrupts = Interrupts(operator.stop)
        result: Result | None = None
        with Follow() as follow:
            async with anyio.create_task_group() as group:
                group.start_soon(interrupts.watch, group.cancel_scope)
                result = await operator.apply(
                    made, wait=wait, timeout=timeout, exact=reviewed is not None, progress=follow
                )
                group.cancel_scope.cancel()
    if result is not None:
        if output in ("json", "yaml"):
            print_data(result.to_dict(), output)
        else:
            say(result_text(result, paint_for(sys.stdout)))
        code = result.exit_code
    else:
        code = 1
    return 130 if interrupts.received is not None else code


async def _agreed(made: Plan, wish: Wish, operator: Operator) -> None:
    """Ask a person; return only when the plan may be done.

    :raises ApolloError: nobody can be asked, or the answer was no.
    """
    from anyio import to_thread

    from apollo.cli.plan_text import plan_text
    from apollo.errors import ApolloError

    if not made.steps:
        return
    tell(plan_text(made, await _about(wish, operator), paint_for(sys.stderr)))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ApolloError(
            "nothing was written: there is no terminal to ask on",
            code="APO-CLI-040",
            hint="--yes does it without asking",
        )

    def ask() -> bool:
        return click.confirm(f"Do this to {clean(made.environment)}?", default=False, err=True)

    if not await to_thread.run_sync(ask, abandon_on_cancel=True):
        raise ApolloError("nothing was written", code="APO-CLI-041")

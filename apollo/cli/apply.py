"""``apollo apply``: the plan, done once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apollo.cli.boundary import INTERRUPTED, State
from apollo.cli.options import (
    aws_options,
    config_option,
    debug_option,
    environment_option,
    output_option,
    place_options,
)
from apollo.cli.text import clean, columns, paint_for, say, tell

if TYPE_CHECKING:
    from apollo.cli.planfile import PlanFile
    from apollo.cli.wish import Wish
    from apollo.engine.plan import Plan
    from apollo.operator import Operator, Result

__all__ = ["apply"]


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

    from apollo.cli.planfile import PlanFile
    from apollo.cli.wish import wish_from

    if plan_file is None:
        wish = wish_from(ctx, paths, config, environment, cluster, variables, None, prune)
        return anyio.run(_apply, wish, None, yes, wait, timeout, output)
    if paths or prune is not None:
        raise click.UsageError("--plan brings its own PATH and prunes as it was planned", ctx)
    reviewed = PlanFile.read(plan_file)
    wish = reviewed.wish(ctx.ensure_object(State), config, environment, cluster, variables)
    return anyio.run(_apply, wish, reviewed, yes, wait, timeout, output)


async def _apply(
    wish: Wish, reviewed: PlanFile | None, yes: bool, wait: bool, timeout: float | None, output: str
) -> int:
    import anyio

    from apollo.cli.interrupts import Interrupts
    from apollo.cli.output import print_data
    from apollo.cli.progress import Follow, result_text, verdict
    from apollo.cli.uncommitted import tell_uncommitted

    async with wish.operator() as operator:
        made = await wish.plan(operator)
        if reviewed is not None:
            reviewed.check(made)
        else:
            tell_uncommitted(wish)
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
        elif output == "markdown":
            from apollo.cli.sheets import result_markdown

            say(result_markdown(result, verdict(result)))
        else:
            say(result_text(result, paint_for(sys.stdout)))
        code = result.exit_code
    else:
        code = 1
    return INTERRUPTED if interrupts.received is not None else code


async def _agreed(made: Plan, wish: Wish, operator: Operator) -> None:
    """Ask a person; return only when the plan may be done.

    :raises ApolloError: nobody can be asked, or the answer was no.
    """
    from apollo.cli.interrupts import heard
    from apollo.cli.plan_text import plan_text
    from apollo.errors import ApolloError

    if not made.steps:
        return
    shown = await operator.timed(made)
    tell(plan_text(shown, await wish.about(operator), paint_for(sys.stderr), width=columns(sys.stderr)))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ApolloError(
            "nothing was written: there is no terminal to ask on",
            code="APO-CLI-040",
            hint="--yes does it without asking",
        )

    # Nothing else is to be done meanwhile; and a thread that reads could not be left.
    with heard():
        agreed = click.confirm(f"Do this to {clean(made.environment)}?", default=False, err=True)
    if not agreed:
        raise ApolloError("nothing was written", code="APO-CLI-041")

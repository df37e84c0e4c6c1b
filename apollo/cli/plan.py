"""``apollo plan``: what would be done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

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
    from apollo.cli.wish import Wish
    from apollo.engine.plan import Plan
    from apollo.engine.verify import Preflight
    from apollo.operator import Operator

__all__ = ["plan"]


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
@click.option("--verify", is_flag=True, help="Also look whether all that is named is there: images, roles, …")
@click.option("--full", is_flag=True, help="Show every field of what is created.")
@click.option(
    "--max-size",
    type=click.IntRange(min=2_000),
    default=65_000,
    show_default=True,
    metavar="CHARACTERS",
    help="The longest -o markdown: GitHub takes 65536, GitLab 1000000.",
)
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
    verify: bool,
    full: bool,
    max_size: int,
    cluster: str | None,
    variables: tuple[str, ...],
    output: str,
) -> int:
    """Show what would be called in AWS, what would change, and what would restart.

    Reads AWS and changes nothing. PATH takes the place of the environment's source: its files are taken as
    they lie there.
    """
    import anyio

    from apollo.cli.uncommitted import tell_uncommitted
    from apollo.cli.wish import wish_from

    wish = wish_from(ctx, paths, config, environment, cluster, variables, rev, prune)

    async def work() -> tuple[Plan, bool]:
        async with wish.operator() as operator:
            made = await wish.plan(operator)
            found = await operator.verify(made) if verify else None
            if found is not None and wish.paths:
                from apollo.cli.located import located

                found = located(found, operator.registry)
            made = await operator.timed(made)
            await _show(made, wish, output, operator, found, full=full, limit=max_size)
            return made, made.failed or (found is not None and found.failed)

    made, failed = anyio.run(work)
    tell_uncommitted(wish)
    if out is not None:
        from apollo.cli.planfile import write

        write(out, made, wish)
        tell(f"wrote {clean(out)}; do exactly this with: apollo apply --plan {clean(out)}")
    if failed:
        return 1
    return 2 if exit_code and made.changed else 0


async def _show(
    plan: Plan,
    wish: Wish,
    output: str,
    operator: Operator,
    found: Preflight | None,
    *,
    full: bool,
    limit: int,
) -> None:
    from apollo.cli.output import print_data
    from apollo.cli.preflight import preflight_markdown, preflight_text

    if output in ("json", "yaml"):
        preflight = {"preflight": found.to_list()} if found is not None else {}
        print_data(plan.to_dict() | preflight, output)
        return
    about = await wish.about(operator)
    if output == "markdown":
        from apollo.cli.plan_markdown import plan_markdown

        section = preflight_markdown(found, limit // 4) if found is not None else ""
        say(plan_markdown(plan, about, limit, section))
    else:
        from apollo.cli.plan_text import plan_text

        paint = paint_for(sys.stdout)
        say(plan_text(plan, about, paint, width=columns(sys.stdout), full=full))
        if found is not None:
            say(f"\n{preflight_text(found, paint)}")

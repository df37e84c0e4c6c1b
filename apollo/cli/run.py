"""``apollo run``: the operator."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from apollo.cli.boundary import State
from apollo.cli.options import aws_options, config_option, debug_option, environments_option, output_option
from apollo.cli.text import clean, paint_for, say, tell

if TYPE_CHECKING:
    from apollo.operator import Operator, RunReport

__all__ = ["run"]


@click.command(epilog="Example: apollo run -f apollo.yaml -e stage -e prod")
@config_option
@environments_option
@click.option("--once", is_flag=True, help="One pass, with its rollouts followed to their end.")
@click.option(
    "--dry-run", is_flag=True, help="Look and say what would be done; send nothing that changes AWS."
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    envvar="APOLLO_LISTEN",
    help="Answer /livez, /readyz and /metrics there.  [or APOLLO_LISTEN, or spec.http]",
)
@click.option(
    "--log-format",
    type=click.Choice(["auto", "text", "json"]),
    default="auto",
    show_default=True,
    help="auto: text on a terminal, JSON lines elsewhere.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="info",
    show_default=True,
)
@aws_options
@output_option("text", "json", "yaml")
@debug_option
@click.pass_context
def run(
    ctx: click.Context,
    config: Path | None,
    environments: tuple[str, ...],
    once: bool,
    dry_run: bool,
    listen: str | None,
    log_format: Literal["auto", "text", "json"],
    log_level: str,
    output: str,
) -> int:
    """Keep AWS equal to git: watch the branches, plan, apply, follow, heal.

    SIGTERM and SIGINT finish the calls in flight and start no new one; a second signal ends at once.
    """
    import anyio

    from apollo import telemetry
    from apollo.cli import where
    from apollo.cli.tracing import otel
    from apollo.operator import Operator

    state = ctx.ensure_object(State)
    settings, _ = where.load(config)
    chosen = where.chosen(settings, environments)
    telemetry.setup("DEBUG" if state.debug else log_level.upper(), log_format)

    http = settings.installation.spec.http
    listen = listen or (http.listen if http is not None else None)
    services = _services(None if once else listen)

    with otel() as tracer:

        def make() -> Operator:
            names = [environment.name for environment in chosen]
            return Operator(
                settings,
                environments=names,
                profile=state.profile,
                region=state.region,
                services=services,
                tracer=tracer,
            )

        return anyio.run(_run, make, once, dry_run, output)


def _services(listen: str | None) -> list[Callable[[Operator], Awaitable[None]]]:
    """What runs beside the environments."""
    from apollo.cli import reaper

    found: list[Callable[[Operator], Awaitable[None]]] = []
    if reaper.adopts():
        found.append(lambda operator: reaper.reap_forever())
    if listen:
        from apollo import web

        found.append(web.serve(listen))
    return found


class Loaded:
    """Hears that every environment has its first snapshot. What is there now stays: looking through all of
    it for garbage again and again would stop a large operator for a quarter of a second each time."""

    def started(self, value: None = None) -> None:
        gc.collect()
        gc.freeze()


async def _run(make: object, once: bool, dry_run: bool, output: str) -> int:
    import anyio

    from apollo.cli.interrupts import Interrupts

    assert callable(make)
    operator: Operator
    async with make() as operator:
        interrupts = Interrupts(operator.stop)
        report: RunReport | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(interrupts.watch, group.cancel_scope)
            if not once:
                tell(f"serving {clean(', '.join(operator.environments))}" + (", dry run" if dry_run else ""))
            report = await operator.run(once=once, dry_run=dry_run, task_status=Loaded())
            group.cancel_scope.cancel()
    if report is None:
        return interrupts.code(1)
    if once:
        _report(report, dry_run, output)
    return interrupts.code(report.exit_code)


def _report(report: RunReport, dry_run: bool, output: str) -> None:
    from apollo.cli.output import print_data
    from apollo.cli.plan_text import plan_text
    from apollo.cli.plan_words import About
    from apollo.cli.progress import result_text

    if output != "text":
        print_data(
            {
                "apiVersion": "apollo/v1",
                "kind": "RunReport",
                "results": [result.to_dict() for result in report.results.values()],
                "errors": [
                    {"environment": name, "code": error.code, "message": error.message, "hint": error.hint}
                    for name, error in report.errors.items()
                ],
            },
            output,
        )
        return
    paint = paint_for(sys.stdout)
    for result in report.results.values():
        say(plan_text(result.plan, About(), paint))
        if not dry_run:
            say()
            say(result_text(result, paint))
    for name, error in report.errors.items():
        tell(f"{clean(name)}: {paint_for(sys.stderr).red('error:')} {clean(error.message)} [{error.code}]")
        if error.hint:
            tell(f"  hint: {clean(error.hint)}")

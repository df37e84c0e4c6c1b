"""``apollo run``: the operator."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from apollo.cli.boundary import State
from apollo.cli.options import aws_options, config_option, debug_option, environments_option, output_option
from apollo.cli.text import clean, paint_for, say, tell

if TYPE_CHECKING:
    from socket import socket

    from apollo.operator import Operator, RunReport
    from apollo.settings import Settings

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
    envvar="APOLLO_LOG_FORMAT",
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

    SIGTERM and SIGINT finish the calls in flight and start no new one; a second signal ends at once. SIGHUP
    reads the configuration again, where stderr is no terminal.
    """
    import anyio

    from apollo import telemetry
    from apollo.cli import where
    from apollo.cli.elsewhere import Elsewhere
    from apollo.cli.lines import are_json, say_line, take_all
    from apollo.cli.serving import Serving
    from apollo.cli.tracing import otel
    from apollo.operator import Operator

    state = ctx.ensure_object(State)
    telemetry.setup("DEBUG" if state.debug else log_level.upper(), log_format)
    state.lines = are_json(log_format)
    if state.lines:
        take_all()
    say_ = partial(say_line, lines=state.lines)

    def read() -> Settings:
        settings, _ = where.load(config)
        where.chosen(settings, environments)  # those of -e have to be there
        return settings

    settings = read()
    with otel() as tracer:
        sockets = _Sockets()

        def make(settings: Settings) -> Operator:
            return Operator(
                settings,
                environments=[environment.name for environment in where.chosen(settings, environments)],
                profile=state.profile,
                region=state.region,
                services=_services(None if once else sockets.of(settings, listen)),
                tracer=tracer,
            )

        if once:
            return anyio.run(_once, make(settings), dry_run, output, state.lines)
        follow = isinstance(config, Elsewhere) and config.in_git
        return anyio.run(Serving(settings, make, read, say_, follow, dry_run).run)


class _Sockets:
    """The listening socket stays while one operator follows another: who asks meanwhile only waits."""

    def __init__(self) -> None:
        self._listening: tuple[str, socket] | None = None

    def of(self, settings: Settings, listen: str | None) -> socket | None:
        http = settings.installation.spec.http
        listen = listen or (http.listen if http is not None else None)
        if not listen:
            return None
        from apollo import web

        if self._listening is None or self._listening[0] != listen:
            bound = web.bind(listen)
            if self._listening is not None:
                self._listening[1].close()
            self._listening = (listen, bound)
        return self._listening[1].dup()


def _services(listening: socket | None) -> list[Callable[[Operator], Awaitable[None]]]:
    """What runs beside the environments."""
    from apollo.cli import reaper

    found: list[Callable[[Operator], Awaitable[None]]] = []
    if reaper.adopts():
        found.append(lambda operator: reaper.reap_forever())
    if listening is not None:
        from apollo import web

        found.append(web.serve(listening))
    return found


async def _once(operator: Operator, dry_run: bool, output: str, lines: bool) -> int:
    import anyio

    from apollo.cli.interrupts import Interrupts
    from apollo.cli.lines import say_line

    async with operator:
        interrupts = Interrupts(operator.stop, say=partial(say_line, lines=lines))
        report: RunReport | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(interrupts.watch, group.cancel_scope)
            report = await operator.run(once=True, dry_run=dry_run)
            group.cancel_scope.cancel()
    if report is None:
        return interrupts.code(1)
    _report(report, dry_run, output, lines)
    return interrupts.code(report.exit_code)


def _report(report: RunReport, dry_run: bool, output: str, lines: bool) -> None:
    from apollo import telemetry
    from apollo.cli.lines import log_error
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
            say(result_text(result, paint, problems=False))
    for name, error in report.errors.items():
        if lines:
            with telemetry.bind(environment=name):
                log_error(error)
            continue
        tell(f"{clean(name)}: {paint_for(sys.stderr).red('error:')} {clean(error.message)} [{error.code}]")
        if error.hint:
            tell(f"  hint: {clean(error.hint)}")

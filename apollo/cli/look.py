"""``apollo status``, ``get`` and ``describe``: how things are now."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apollo.cli.boundary import State
from apollo.cli.options import aws_options, config_option, debug_option, environments_option, output_option
from apollo.cli.output import print_data
from apollo.cli.text import clean, paint_for, say

if TYPE_CHECKING:
    from apollo.engine.status import EnvironmentStatus, ResourceStatus
    from apollo.settings import Environment, Settings
    from apollo.store import Event

__all__ = ["describe", "get", "status"]


def _settings(config: Path | None, names: Iterable[str]) -> tuple[Settings, tuple[Environment, ...]]:
    from apollo.cli import where

    settings, _ = where.load(config)
    return settings, where.chosen(settings, names)


async def _statuses(
    settings: Settings, environments: tuple[Environment, ...], state: State
) -> tuple[str, list[EnvironmentStatus]]:
    """Where the answer comes from, and the status of each environment."""
    from apollo.operator import Operator

    names = [environment.name for environment in environments]
    async with Operator(settings, environments=names, profile=state.profile, region=state.region) as operator:
        found = [await operator.status(name) for name in names]
        return ("live+store" if operator.store.durable else "live"), found


@click.command(epilog="Examples: apollo status   apollo status -e stage --watch")
@config_option
@environments_option
@click.option("--watch", is_flag=True, help="Look again every few seconds until interrupted.")
@click.option(
    "--interval",
    type=click.FloatRange(min=1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between two looks of --watch.",
)
@aws_options
@output_option("text", "json", "yaml", "markdown")
@debug_option
@click.pass_context
def status(
    ctx: click.Context,
    config: Path | None,
    environments: tuple[str, ...],
    watch: bool,
    interval: float,
    output: str,
) -> None:
    """How environments, their apps and their resources fare, live from git and AWS.

    The store, where there is one, adds since when.
    """
    import anyio

    from apollo.cli.status_text import status_text

    settings, chosen = _settings(config, environments)
    state = ctx.ensure_object(State)

    async def look() -> None:
        while True:
            source, found = await _statuses(settings, chosen, state)
            if output == "text":
                text = status_text(found, paint_for(sys.stdout))
                # A terminal shows the newest look only; a file gets all of them.
                say(f"\x1b[H\x1b[2J{text}" if watch and sys.stdout.isatty() else text)
            elif output == "markdown":
                from apollo.cli.sheets import status_markdown

                say(status_markdown(found))
            else:
                data = {"source": source, "environments": [one.to_dict() for one in found]}
                print_data(data, output)
            if not watch:
                return
            await anyio.sleep(interval)

    anyio.run(look)


def _matches(row: ResourceStatus, kind: str | None, name: str | None) -> bool:
    plural = row.key.kind.lower()
    wanted = (kind or "").lower()
    return (not wanted or wanted in (plural, f"{plural}s", plural.replace("policy", "policies"))) and (
        not name or row.key.name == name
    )


def _known_kind(kind: str, rows: list[ResourceStatus]) -> None:
    """:raises ApolloError: no kind is called so."""
    from apollo.cli.kinds import registry
    from apollo.errors import ApolloError

    names = sorted({*registry().names(), *(row.key.kind for row in rows)})
    wanted = kind.lower()
    if any(
        wanted in (one.lower(), f"{one.lower()}s", one.lower().replace("policy", "policies")) for one in names
    ):
        return
    raise ApolloError(f"there is no kind {kind!r}", code="APO-CLI-010", hint=f"known are {', '.join(names)}")


def _joined(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str | None:
    """``Service web``, as kubectl takes it, means ``Service/web``."""
    if len(given) == 2 and not any("/" in word for word in given):
        return "/".join(given)
    if len(given) > 1:
        raise click.UsageError(f"{' '.join(given)!r} is too much: one KIND/NAME, such as Service/web", ctx)
    return given[0] if given else None


@click.command(epilog="Examples: apollo get   apollo get Service -o wide   apollo get Service/web -o json")
@click.argument("what", metavar="[KIND[/NAME]]", required=False, nargs=-1, callback=_joined)
@config_option
@environments_option
@aws_options
@output_option("text", "wide", "json", "yaml", "name", "markdown")
@debug_option
@click.pass_context
def get(
    ctx: click.Context, what: str | None, config: Path | None, environments: tuple[str, ...], output: str
) -> None:
    """List resources: sync, health and why, live from git and AWS."""
    import anyio

    from apollo.cli.status_text import resources_text
    from apollo.errors import ApolloError

    kind, slash, name = (what or "").partition("/")
    if what is not None and (not kind or (slash and not name)):
        raise click.UsageError(f"{what!r} is neither KIND nor KIND/NAME, such as Service/web", ctx)
    settings, chosen = _settings(config, environments)
    state = ctx.ensure_object(State)
    source, found = anyio.run(_statuses, settings, chosen, state)
    everything = [row for one in found for row in one.resources]
    if kind:
        _known_kind(kind, everything)
    rows = [row for row in everything if _matches(row, kind, name)]
    if name and not rows:
        raise ApolloError(
            f"there is no {kind}/{name} in {', '.join(one.name for one in chosen)}",
            code="APO-CLI-060",
            hint="apollo get lists what there is",
        )
    if output in ("json", "yaml"):
        data = [{"environment": row.key.environment, **row.to_dict()} for row in rows]
        print_data({"source": source, "resources": data}, output)
    elif output == "name":
        for row in rows:
            say(clean(row.key))
    elif output == "markdown":
        from apollo.cli.sheets import resources_markdown

        say(resources_markdown(rows))
    else:
        say(resources_text(rows, paint_for(sys.stdout), wide=output == "wide", environments=len(chosen) > 1))


@click.command(epilog="Example: apollo describe Service/web -e stage")
@click.argument("what", metavar="KIND/NAME", required=True, nargs=-1, callback=_joined)
@config_option
@environments_option
@aws_options
@output_option("text", "json", "yaml")
@debug_option
@click.pass_context
def describe(
    ctx: click.Context, what: str, config: Path | None, environments: tuple[str, ...], output: str
) -> None:
    """Everything about one resource: state, reason, differences, outputs, and what happened lately."""
    import anyio

    from apollo.cli.status_text import resource_text
    from apollo.errors import ApolloError

    settings, chosen = _settings(config, environments)
    state = ctx.ensure_object(State)
    kind, slash, name = what.partition("/")
    if not slash or not name:
        raise click.UsageError(f"{what!r} is not KIND/NAME, such as Service/web", ctx)
    found = anyio.run(_described, settings, chosen, state, kind, name)
    if not found:
        raise ApolloError(
            f"there is no {what} in {', '.join(one.name for one in chosen)}",
            code="APO-CLI-060",
            hint="apollo get lists what there is",
        )
    if output == "text":
        paint = paint_for(sys.stdout)
        say("\n\n".join(resource_text(row, item, events, paint) for row, item, events in found))
        return
    data = [
        {
            "environment": row.key.environment,
            **row.to_dict(),
            "plan": item.to_dict(),
            "events": [event_dict(event) for event in events],
        }
        for row, item, events in found
    ]
    print_data(data[0] if len(data) == 1 else {"resources": data}, output)


async def _described(
    settings: Settings, environments: tuple[Environment, ...], state: State, kind: str, name: str
) -> list[tuple[ResourceStatus, Any, tuple[Event, ...]]]:
    from apollo.engine.status import resource_status
    from apollo.operator import Operator

    out = []
    names = [environment.name for environment in environments]
    async with Operator(settings, environments=names, profile=state.profile, region=state.region) as operator:
        for environment in names:
            plan = await operator.plan(environment)
            known = await operator.store.conditions(environment)
            for item in plan.resources:
                condition = known.get(item.key)
                row = resource_status(item, since=condition.since if condition else None)
                if _matches(row, kind, name):
                    out.append((row, item, await operator.store.events(key=item.key, limit=10)))
    return out


def event_dict(event: Event) -> dict[str, Any]:
    """An entry of the journal as data."""
    return {
        "at": event.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "environment": event.environment,
        "app": event.app,
        "key": str(event.key) if event.key is not None else None,
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "commit": event.commit,
        "calls": list(event.calls),
        "duration": event.duration,
    }

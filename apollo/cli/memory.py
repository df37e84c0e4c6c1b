"""What the store remembers, and what a person says through it: history, events, approvals, suspensions."""

from __future__ import annotations

import contextlib
import getpass
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from apollo.cli.options import (
    config_option,
    debug_option,
    environment_option,
    environments_option,
    output_option,
)
from apollo.cli.output import print_data
from apollo.cli.text import clean, paint_for, say, tell
from apollo.errors import ApolloError

if TYPE_CHECKING:
    from apollo.api import Key
    from apollo.settings import Settings
    from apollo.store import Event, EventType, Store

__all__ = ["approve", "events", "history", "resume", "suspend"]

T = TypeVar("T")

_HISTORY: tuple[EventType, ...] = ("Applied", "RolledOut", "RolledBack", "Pruned", "Adopted", "Failed")


def _with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the store of a configuration.

    :raises ApolloError: it has none that outlives a process.
    """
    import anyio

    from apollo.clock import SystemClock
    from apollo.store import open_store

    async def run() -> T:
        url = settings.installation.spec.store
        store = open_store(url, Path(settings.directory), SystemClock())
        try:
            if not store.durable:
                raise ApolloError(
                    f"this needs a store, and there is none that lasts ({clean(url)})",
                    code="APO-CLI-070",
                    hint="set spec.store of the Installation, e.g. sqlite:.apollo/state.db",
                )
            answer = await work(store)
            if not store.durable:
                raise ApolloError(
                    f"the store {clean(url)} cannot be used",
                    code="APO-CLI-071",
                    hint="see the warning above; check the path and its permissions",
                )
            return answer
        finally:
            await store.aclose()

    return anyio.run(run)


def _duration(ctx: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    parts = re.findall(r"(\d+)([smhd])", value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise click.BadParameter("a duration such as 30m, 2h or 1d is expected", ctx, parameter)
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return sum((timedelta(**{units[unit]: int(number)}) for number, unit in parts), timedelta())


def _print_events(found: tuple[Event, ...], output: str) -> None:
    from apollo.cli.look import event_dict
    from apollo.cli.status_text import events_text

    if output == "markdown":
        from apollo.cli.sheets import events_markdown

        say(events_markdown(found))
    elif output != "text":
        print_data({"events": [event_dict(event) for event in found]}, output)
    elif found:
        say(events_text(found, paint_for(sys.stdout)))
    else:
        tell("nothing is recorded yet")


def _journal(
    config: Path | None,
    environments: tuple[str, ...],
    what: str | None,
    since: timedelta | None,
    limit: int,
    types: tuple[EventType, ...] | None,
) -> tuple[Event, ...]:
    from apollo.cli import where
    from apollo.clock import SystemClock

    settings, _ = where.load(config)
    chosen = where.chosen(settings, environments)
    begin = SystemClock().now() - since if since is not None else None

    async def read(store: Store) -> tuple[Event, ...]:
        found: list[Event] = []
        for environment in chosen:
            key, app = _subject(what, environment.name)
            found += await store.events(
                environment.name, key=key, app=app, types=types, since=begin, limit=limit
            )
        return tuple(sorted(found, key=lambda event: event.at, reverse=True)[:limit])

    return _with_store(settings, read)


def _subject(what: str | None, environment: str) -> tuple[Key | None, str | None]:
    """``Service/web`` is a resource, ``web`` an app."""
    from apollo.api import Key

    if what is None:
        return None, None
    kind, slash, name = what.partition("/")
    return (Key(kind, environment, name), None) if slash else (None, what)


_SINCE = click.option(
    "--since", metavar="DURATION", callback=_duration, help="Only what is younger, e.g. 2h."
)
_LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)


@click.command(epilog="Example: apollo history Service/web -e prod")
@click.argument("what", metavar="[KIND/NAME|APP]", required=False)
@config_option
@environments_option
@_SINCE
@_LIMIT
@output_option("text", "json", "yaml", "markdown")
@debug_option
def history(
    what: str | None,
    config: Path | None,
    environments: tuple[str, ...],
    since: timedelta | None,
    limit: int,
    output: str,
) -> None:
    """What was applied, when, at which commit, and what was rolled back. Needs the store."""
    _print_events(_journal(config, environments, what, since, limit, _HISTORY), output)


@click.command(epilog="Example: apollo events -e stage --since 2h")
@click.argument("what", metavar="[KIND/NAME|APP]", required=False)
@config_option
@environments_option
@_SINCE
@_LIMIT
@output_option("text", "json", "yaml", "markdown")
@debug_option
def events(
    what: str | None,
    config: Path | None,
    environments: tuple[str, ...],
    since: timedelta | None,
    limit: int,
    output: str,
) -> None:
    """What happened, newest first. Needs the store."""
    _print_events(_journal(config, environments, what, since, limit, None), output)


_BY = click.option("--by", default=getpass.getuser, show_default="you", help="Who says so, for the journal.")


@click.command(epilog="Example: apollo approve 1f2e3d4c5b6a7988 -e prod")
@click.argument("digest")
@config_option
@environment_option
@_BY
@click.option("--withdraw", is_flag=True, help="Take an approval back.")
@debug_option
def approve(digest: str, config: Path | None, environment: str | None, by: str, withdraw: bool) -> None:
    """Let a held plan through: exactly the one of this DIGEST, as `apollo plan` shows it.

    A plan that changes has another digest and is held again. Needs the store.
    """
    from apollo.cli import where

    if not re.fullmatch("[0-9a-f]{16}", digest):
        raise click.UsageError(
            f"{digest!r} is not a digest: 16 digits and letters a to f, as the plan shows it"
        )
    settings, _ = where.load(config)
    # A digest says of which environment it is; without -e every one is told, and one understands.
    names = [one.name for one in where.chosen(settings, (environment,) if environment else ())]

    async def work(store: Store) -> list[str]:
        if withdraw:
            return [name for name in names if await store.withdraw(name, digest)]
        for name in names:
            await store.approve(name, digest, by)
            await _note(store, name, "Approved", f"plan {digest}, by {by}")
        return names

    done = clean(", ".join(_with_store(settings, work)))
    if withdraw:
        say(f"withdrawn: {digest} in {done}" if done else f"there was no approval of {digest}")
    else:
        say(f"approved: {digest} in {done}")


async def _note(store: Store, environment: str, what: EventType, message: str, subject: str = "") -> None:
    """Put what a person said into the journal."""
    from apollo.clock import SystemClock
    from apollo.store import Event

    key, app = _subject(subject.removeprefix("app/") or None, environment)
    now = SystemClock().now()
    await store.add(
        Event(at=now, environment=environment, type=what, message=message, key=key, app=app or "")
    )


def _what(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is None:
        return "*"
    if not re.fullmatch(r"app/[^/]+|[A-Za-z][A-Za-z0-9.]*/[^/]+", value):
        raise click.BadParameter(f"{value!r} is neither KIND/NAME nor app/NAME", ctx, parameter)
    return value


def _spelled(settings: Settings, what: str) -> str:
    """KIND/NAME with the kind as it is spelled: a suspension of ``service/web`` would hold nothing.

    :raises ApolloError: there is no such kind. A kind of a package that is not installed here is believed.
    """
    from apollo.cli.kinds import kind_named, registry

    kind, slash, name = what.partition("/")
    if not slash or kind == "app":
        return what
    try:
        return f"{kind_named(registry(settings), kind)}/{name}"
    except ApolloError:
        if "." in kind:
            return what
        raise


@click.command(epilog="Example: apollo suspend Service/web -e prod --reason 'incident 42' --for 2h")
@click.argument("what", metavar="[KIND/NAME|app/NAME]", required=False, callback=_what)
@config_option
@environment_option
@click.option("--reason", default="", help="Why; status shows it.")
@click.option(
    "--for", "duration", metavar="DURATION", callback=_duration, help="Ends by itself, e.g. after 2h."
)
@_BY
@debug_option
def suspend(
    what: str, config: Path | None, environment: str | None, reason: str, duration: timedelta | None, by: str
) -> None:
    """Stop changing a resource, an app, or (without WHAT) the whole environment.

    Apollo goes on looking and says what it would do. Needs the store.
    """
    from apollo.cli import where
    from apollo.clock import SystemClock

    settings, _ = where.load(config)
    name = where.one(settings, environment).name
    what = _spelled(settings, what)
    until: datetime | None = SystemClock().now() + duration if duration is not None else None

    async def work(store: Store) -> None:
        await store.suspend(name, what, by, reason, until)
        said = f"{_named(what, name)}, by {by}" + (f": {reason}" if reason else "")
        await _note(store, name, "Suspended", said, what.replace("*", ""))

    _with_store(settings, work)
    ends = f" until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    say(f"suspended: {_named(what, name)}{ends}")


@click.command(epilog="Example: apollo resume Service/web -e prod")
@click.argument("what", metavar="[KIND/NAME|app/NAME]", required=False, callback=_what)
@config_option
@environment_option
@debug_option
def resume(what: str, config: Path | None, environment: str | None) -> None:
    """Undo `apollo suspend` of the same thing. Needs the store."""
    from apollo.cli import where

    settings, _ = where.load(config)
    name = where.one(settings, environment).name
    with contextlib.suppress(ApolloError):  # what was suspended when its kind was known can be resumed
        what = _spelled(settings, what)

    async def work(store: Store) -> bool:
        was = await store.resume(name, what)
        if was:
            await _note(store, name, "Resumed", _named(what, name), what.replace("*", ""))
        return was

    was = _with_store(settings, work)
    say(f"resumed: {_named(what, name)}" if was else f"was not suspended: {_named(what, name)}")


def _named(what: str, environment: str) -> str:
    return clean(f"environment {environment}" if what == "*" else f"{what} in {environment}")

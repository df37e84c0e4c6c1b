"""What the demo stands on: a folder, the local AWS, a repository, and a real operator in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.abc
from anyio import to_thread

from apollo.api import Key
from apollo.cli.demo.clock import FastClock
from apollo.cli.demo.cloud import Site, by_apollo
from apollo.cli.demo.files import PROD, STAGE, apollo_yaml
from apollo.cli.demo.repository import Repository
from apollo.cli.demo.teller import Teller
from apollo.errors import ApolloError
from apollo.manifest import load_settings
from apollo.operator import Event, Operator
from apollo.testing import LocalAws, Request

__all__ = ["Untrue", "World"]

T = TypeVar("T")

_PATIENCE: Final = 30.0
"""Seconds of the reader until what was to happen counts as not happening. The longest takes seven."""
_LOOK: Final = 0.1


class Untrue(Exception):
    """A claim of the story does not hold. ``found`` says what was there instead."""

    def __init__(self, claim: str, found: str = "") -> None:
        super().__init__(f"{claim}: {found}" if found else claim)


class World:
    """The scene of the demo.

    :param tasks: what the operator runs in.
    """

    def __init__(
        self, folder: Path, aws: LocalAws, clock: FastClock, tell: Teller, tasks: anyio.abc.TaskGroup
    ) -> None:
        self.folder = folder
        self.aws = aws
        self.clock = clock
        self.tell = tell
        self.repository = Repository(folder / "config", tell.command)
        self.stage, self.prod = Site(aws, STAGE), Site(aws, PROD)
        self.events: list[Event] = []
        self._tasks = tasks
        self._operator: Operator | None = None
        self._stopped = anyio.Event()
        self._died: Exception | None = None
        text = apollo_yaml((site.target, site.balancer) for site in self.sites)
        (folder / "apollo.yaml").write_text(text, encoding="utf-8")

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.stage, self.prod

    # ── the operator ─────────────────────────────────────────────────────────────────────────────────────

    def operator(self) -> Operator:
        """A new one, which knows only what lies in git and AWS and the store."""
        return Operator(load_settings(self.folder / "apollo.yaml"), clock=self.clock, listen=self._heard)

    async def start(self) -> None:
        """Let an operator serve both environments, until `stop`."""
        ready = anyio.Event()
        self._stopped = anyio.Event()
        self._tasks.start_soon(self._serve, ready)
        await ready.wait()
        self._alive()

    async def stop(self) -> None:
        """As SIGTERM does. Nothing happens when none runs."""
        if self._operator is None:
            return
        self._operator.stop()
        with anyio.move_on_after(_PATIENCE):
            await self._stopped.wait()
            return
        raise Untrue("the operator ends when it is told to", f"not within {_PATIENCE:.0f} s")

    async def ended(self) -> None:
        """Return when the operator has ended by itself, which it should not."""
        await self._stopped.wait()
        self._alive()

    def refresh(self, site: Site) -> None:
        """As ``apollo refresh`` does."""
        if self._operator is not None:
            self._operator.look(site.target.name)

    def forget(self) -> None:
        """Delete all that Apollo remembers."""
        shutil.rmtree(self.folder / ".apollo", ignore_errors=True)

    async def _serve(self, ready: anyio.Event) -> None:
        try:
            async with self.operator() as operator, anyio.create_task_group() as tasks:
                await tasks.start(operator.run)
                self._operator = operator
                ready.set()
        except* Exception as errors:
            self._died = errors
        finally:
            self._operator = None
            ready.set()
            self._stopped.set()

    def _heard(self, event: Event) -> None:
        self.events.append(event)
        self.tell.event(event)

    def _alive(self) -> None:
        if self._died is not None:
            raise Untrue("the operator runs", _reason(self._died))

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    async def until(self, what: str, look: Callable[[], T], found: Callable[[], object] | None = None) -> T:
        """Look at the local AWS, or at what was heard, until ``look`` answers something true.

        :param found: what to say of it when it does not come true.
        """
        with anyio.move_on_after(_PATIENCE):
            while True:
                seen = await to_thread.run_sync(look)
                if seen:
                    return seen
                self._alive()
                await anyio.sleep(_LOOK)
        last = await to_thread.run_sync(found) if found is not None else "it did not come"
        raise Untrue(what, f"not so after {_PATIENCE:.0f} s: {last}")

    async def heard(self, what: str, type_: str, site: Site, since: int, *, kind: str = "Service") -> Event:
        """The event about web's resource of a kind, once the operator has told it. ``since``: index into
        `events`."""

        def look() -> Event | None:
            key = Key(kind, site.target.name, "web")
            return next((one for one in self.events[since:] if one.type == type_ and one.key == key), None)

        seen = await self.until(what, look)
        assert seen is not None
        return seen

    def changes(self) -> list[Request]:
        """Every call of Apollo that changed something."""
        return [request for request in self.aws.requests if by_apollo(request)]


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error.message if isinstance(error, ApolloError) else f"{type(error).__name__}: {error}"

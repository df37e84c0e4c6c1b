"""A controller that an installed package brings, behind a wall: what it raises, returns or waits for concerns
its own kind alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from apollo.api import (
    Around,
    Context,
    Controller,
    Denied,
    Env,
    Forecast,
    Health,
    Identity,
    Ignored,
    Key,
    Owned,
    Problem,
    Ref,
    Resource,
    Spec,
    Step,
    Wait,
)
from apollo.errors import ApolloError, Terminal
from apollo.plugins.cell import Cell
from apollo.plugins.remote import Lent
from apollo.plugins.sane import checked, checked_owned

__all__ = ["Isolated"]


def _where(error: BaseException, package: str) -> str:
    """`` at acme_queue.controller:108``: the innermost line of the package that is to blame."""
    found, trace = "", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == package:
            found = f" at {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


_Members = Sequence[tuple[Resource[Any] | None, Any]]


class Isolated(Controller[Spec, Any]):
    """Runs another controller in its package's `Cell`.

    :param origin: the package and its version.
    """

    def __init__(self, inner: Controller[Any, Any], origin: str, cell: Cell) -> None:
        self.inner = inner
        self.kind = inner.kind
        self.spec_type = inner.spec_type
        self.permissions = inner.permissions
        self.write_permissions = inner.write_permissions
        self.verify_permissions = inner.verify_permissions
        self.stable_outputs = inner.stable_outputs
        self.output_names = inner.output_names
        self.immutable = inner.immutable
        self.rank = inner.rank
        self._origin = origin
        self._cell = cell
        self._asked: dict[str, Any] = {}

    # ── pure ─────────────────────────────────────────────────────────────────────────────────────────────

    def _call(self, method: str, *arguments: Any) -> Any:
        def work() -> Any:  # what it returns may be a generator: that is its code, too
            return checked(self._origin, self.kind, method, getattr(self.inner, method)(*arguments))

        try:
            return self._cell.call(f"{method} of {self.kind}", work)
        except ApolloError:
            raise
        except BaseException as error:
            raise self._fault(method, error) from None

    def _fault(self, method: str, error: BaseException) -> Terminal:
        where = _where(error, type(self.inner).__module__.partition(".")[0])
        return Terminal(
            f"kind {self.kind} of {self._origin}: {method} failed{where}: {type(error).__name__}: {error}",
            code="APO-PLUGIN-010",
            hint="report this to the author of the kind",
            reason="ControllerError",
        )

    def identity(self, spec: Spec, env: Env) -> Identity | None:
        found: Identity | None = self._call("identity", spec, env)
        return found

    def references(self, spec: Spec) -> Iterable[Ref]:
        found: Iterable[Ref] = self._call("references", spec)
        return found

    def provides(self, spec: Spec) -> Iterable[str]:
        found: Iterable[str] = self._call("provides", spec)
        return found

    def requires(self, spec: Spec) -> Iterable[str]:
        found: Iterable[str] = self._call("requires", spec)
        return found

    def check(self, want: Resource[Spec]) -> Iterable[Problem]:
        found: Iterable[Problem] = self._call("check", want)
        return found

    def check_beside(self, want: Resource[Spec], beside: Mapping[Key, Resource[Any]]) -> Iterable[Problem]:
        found: Iterable[Problem] = self._call("check_beside", want, beside)
        return found

    def diff(self, want: Resource[Spec] | None, seen: Any) -> Sequence[Step]:
        found: Sequence[Step] = self._call("diff", want, seen)
        return found

    def diff_group(self, members: _Members) -> Sequence[Step]:
        found: Sequence[Step] = self._call("diff_group", members)
        return found

    def conflicts(self, members: _Members) -> Mapping[Key, Denied]:
        found: Mapping[Key, Denied] = self._call("conflicts", members)
        return found

    def outputs(self, seen: Any) -> Mapping[str, str]:
        found: Mapping[str, str] = self._call("outputs", seen)
        return found

    def lasting(self, seen: Any, steps: Sequence[Step]) -> Mapping[str, str]:
        found: Mapping[str, str] = self._call("lasting", seen, steps)
        return found

    def owner(self, seen: Any) -> str | None:
        found: str | None = self._call("owner", seen)
        return found

    def settled(self, want: Resource[Spec], seen: Any) -> Wait | None:
        found: Wait | None = self._call("settled", want, seen)
        return found

    def health(self, want: Resource[Spec], seen: Any) -> Health:
        found: Health = self._call("health", want, seen)
        return found

    def rejected(self, want: Resource[Spec], seen: Any) -> str | None:
        found: str | None = self._call("rejected", want, seen)
        return found

    def ignored(self, want: Resource[Spec], seen: Any) -> Sequence[Ignored]:
        found: Sequence[Ignored] = self._call("ignored", want, seen)
        return found

    def forecast(self, want: Resource[Spec] | None, seen: Any, steps: Sequence[Step]) -> Forecast | None:
        found: Forecast | None = self._call("forecast", want, seen, steps)
        return found

    def group(self, spec: Spec, env: Env) -> str | None:
        found: str | None = self._call("group", spec, env)
        return found

    def acted(self, ctx: Context, step: Step, answer: Mapping[str, Any]) -> Any:
        return self._call("acted", self._lent(ctx), step, answer)

    # ── with AWS ─────────────────────────────────────────────────────────────────────────────────────────

    def _lent(self, ctx: Context) -> Lent:
        return Lent(ctx, asyncio.get_running_loop(), self._cell, self._asked)

    async def _run(self, method: str, *arguments: Any) -> Any:
        async def work() -> Any:
            return checked(self._origin, self.kind, method, await getattr(self.inner, method)(*arguments))

        return await self._guard(method, work)

    async def _list(self, method: str, *arguments: Any) -> list[Any]:
        async def work() -> list[Any]:
            return [one async for one in getattr(self.inner, method)(*arguments)]

        found: list[Any] = await self._guard(method, work)
        return found

    async def _guard(self, method: str, work: Any) -> Any:
        try:
            return await self._cell.run(f"{method} of {self.kind}", work)
        except (ApolloError, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise self._fault(method, error) from None

    async def observe(self, ctx: Context, at: Identity | None, want: Resource[Spec] | None) -> Any:
        return await self._run("observe", self._lent(ctx), at, want)

    async def durations(self, ctx: Context, at: Identity) -> Sequence[float]:
        found: Sequence[float] = await self._run("durations", self._lent(ctx), at)
        return found

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._run("act", self._lent(ctx), step)
        return found

    async def owned(self, ctx: Context, want: Collection[Resource[Spec]]) -> AsyncIterator[Owned]:
        found = await self._list("owned", self._lent(ctx), want)
        for one in checked_owned(self._origin, self.kind, found):
            yield one

    async def verify(
        self, ctx: Context, want: Resource[Spec], seen: Any, around: Around
    ) -> AsyncIterator[Problem]:
        found = await self._list("verify", self._lent(ctx), want, seen, around)
        for one in checked(self._origin, self.kind, "verify", found):
            yield one

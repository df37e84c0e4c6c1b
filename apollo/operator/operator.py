"""The operator: puts the rooms together for as many environments as the settings name."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import anyio.abc
from attrs import frozen

from apollo import telemetry
from apollo.api import Call, Controller, Env, Gate, Identity, Key, Snapshot
from apollo.aws import Aws, CallRecord, Timeouts
from apollo.clock import Clock, SystemClock
from apollo.engine.apply import Result, apply
from apollo.engine.engine import Engine
from apollo.engine.events import Event
from apollo.engine.forecast import timed
from apollo.engine.last import Leaving
from apollo.engine.loop import Loop
from apollo.engine.plan import Plan
from apollo.engine.status import EnvironmentStatus
from apollo.engine.verify import Preflight, verify
from apollo.errors import ApolloError, ConfigError, Problem
from apollo.operator.beside import running_beside
from apollo.operator.delivery import Delivery
from apollo.operator.handlers import Handlers
from apollo.operator.home import Home, find_home
from apollo.operator.memory import StoreMemory
from apollo.operator.notifying import Notifier
from apollo.operator.reading import Reading
from apollo.operator.serve import Served
from apollo.operator.telling import log
from apollo.operator.tracing import NoTracer, Tracer
from apollo.operator.watch import Measure, Watch, trace_call
from apollo.plugins import Registry, discover_gates
from apollo.settings import Environment, Settings
from apollo.store import Store, open_store

__all__ = ["Operator", "Progress", "RunReport"]

T = TypeVar("T")

_log = logging.getLogger("apollo.operator")
# Where nobody asked for a log, as in a single apply, Python would print the lines of it bare.
logging.getLogger("apollo").addHandler(logging.NullHandler())


@frozen
class Progress:
    """One line of what an apply is doing. ``phase``: ``acting``, ``acted``, ``progress``."""

    key: Key | None
    phase: str
    message: str
    call: str = ""


@frozen
class RunReport:
    """How ``run(once=True)`` went, per environment."""

    results: Mapping[str, Result]
    errors: Mapping[str, ApolloError]

    @property
    def exit_code(self) -> int:
        codes = {result.exit_code for result in self.results.values()} | ({1} if self.errors else set())
        return next((code for code in (130, 1, 5, 4, 3) if code in codes), 0)


class Operator:
    """Plans, applies, and runs, for the environments of one configuration. An async context manager.

    Everything it starts belongs to the task group it is run in; it cancels nothing else, and several can
    live in one process.

    :param controllers: further kinds, beside or instead of the installed ones of equal name.
    :param gates: instead of the installed ones.
    :param store: instead of the one that the settings name.
    :param environments: the ones to serve; default all.
    :param listen: told of every `Event`, afterwards, in the event loop; must not block.
    :param services: what runs beside the environments for as long as `run` does, such as `apollo.web.serve`:
        each is called with the operator, and cancelled once the last call of an environment was answered.
    :param tracer: takes spans of commits, reconciles and AWS calls.
    :param handlers: functions that hear of events, run at intervals, or may refuse a change; ``handlers`` of
        the operator itself is one more to hang functions on.
    :param share: of AWS's published rates, what looking around may draw; see `apollo.aws.Aws`.
    :raises ConfigError: when an environment is asked for that the settings do not hold.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        controllers: Sequence[Controller[Any, Any]] | None = None,
        gates: Sequence[Gate] | None = None,
        clock: Clock | None = None,
        store: Store | None = None,
        environments: Collection[str] | None = None,
        profile: str | None = None,
        region: str | None = None,
        listen: Callable[[Event], None] | None = None,
        handlers: Sequence[Handlers] = (),
        services: Sequence[Callable[[Operator], Awaitable[None]]] = (),
        tracer: Tracer | None = None,
        share: float = 0.5,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.base = Path(settings.directory)
        plugins = settings.installation.spec.plugins
        self.registry = Registry.of(plugins, controllers or ())
        self.gates = tuple(gates) if gates is not None else discover_gates(allow=plugins.allow)
        self.store: Store = store or open_store(settings.installation.spec.store, self.base, self.clock)
        # A call in flight is waited for at the end, and the end may take 25 seconds.
        limits = Timeouts(connect=5.0, read=18.0)
        self.aws = Aws(
            settings.installation.name,
            clock=self.clock,
            share=share,
            profile=profile,
            region=region,
            timeouts=limits,
            on_call=self._called,
        )
        self._reading = Reading(settings.installation, self.registry, self.clock, self.base, self.aws.secret)
        self.tracer: Tracer = tracer or NoTracer()
        self.home: Home | None = None
        self._leaving = Leaving()
        self._services = tuple(services)
        self._call_listeners: list[Callable[[CallRecord], None]] = []
        self._measure_listeners: list[Callable[[Measure], None]] = []
        self._listeners: list[Callable[[Event], None]] = [listen] if listen else []
        self.handlers = Handlers()
        self._delivery = Delivery(self, (self.handlers, *handlers), self.clock)
        self._engines: dict[tuple[str, str], Engine] = {}
        self._served: dict[str, Served] = {}
        self._stopping = anyio.Event()
        self.environments: dict[str, Environment] = {one.name: one for one in settings.environments}
        if environments is not None:
            self.environments = {name: self.environment(name) for name in environments}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.aws.aclose()
            await self.store.aclose()
            self.registry.close()

    def environment(self, name: str) -> Environment:
        """The environment of that name.

        :raises ConfigError: with a suggestion.
        """
        found = next((one for one in self.settings.environments if one.name == name), None)
        if found is None:
            import difflib

            names = [one.name for one in self.settings.environments]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(names) or 'none'}"
            raise ConfigError([Problem("APO-CONF-011", f"there is no environment {name!r}", hint=hint)])
        return found

    # ── one plan, one apply ──────────────────────────────────────────────────────────────────────────────

    async def plan(
        self,
        environment: str,
        *,
        paths: Sequence[Path] = (),
        rev: str | None = None,
        prune: bool | None = None,
    ) -> Plan:
        """What would be done to make AWS equal to git now. Reads only.

        :param paths: files or folders instead of the environment's source, as they lie there.
        :param rev: a revision of the source instead of its branch.
        :param prune: instead of the environment's ``sync.prune``.
        :raises ApolloError: when git, the configuration or AWS cannot be read at all. What is wrong with one
            resource stands in the plan.
        """
        chosen = self.environment(environment)
        engine = await self._engine(chosen, manual=True, prune=prune)
        engine.take(await self._snapshot(engine, chosen, paths, rev))
        plan = await engine.plan()
        self._engines[environment, plan.digest] = engine
        return plan

    async def verify(self, plan: Plan) -> Preflight:
        """Whether what a plan of this operator names is there in AWS. Reads only."""
        engine = self._engines[plan.environment, plan.digest]
        return await verify(engine.looker, engine.members)

    async def timed(self, plan: Plan) -> Plan:
        """A plan that this operator made, with how long the last rollouts of its services took."""
        return await timed(self._engines[plan.environment, plan.digest].looker, plan)

    async def apply(
        self,
        plan: Plan,
        *,
        wait: bool = True,
        timeout: float | None = None,
        exact: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> Result:
        """Carry out a plan that this operator made.

        :param wait: follow rollouts to their end. :param timeout: seconds; default ``progressDeadline``.
        :param exact: send nothing but the planned calls: what moved meanwhile fails instead.
        """
        engine = self._engines[plan.environment, plan.digest]
        memory = engine.memory
        listener = partial(_report, progress=progress) if progress is not None else None
        if listener is not None:
            self._listeners.append(listener)
        try:
            async with self._delivery.working(whole=False):
                return await apply(engine, plan, wait=wait, timeout=timeout, exact=exact)
        finally:
            if listener is not None:
                self._listeners.remove(listener)
            if isinstance(memory, StoreMemory):
                with anyio.CancelScope(shield=True):
                    await memory.flush()

    async def status(self, environment: str, *, paths: Sequence[Path] = ()) -> EnvironmentStatus:
        """How everything of an environment fares now, read live from git and AWS."""
        chosen = self.environment(environment)
        engine = await self._engine(chosen)
        try:
            engine.take(await self._snapshot(engine, chosen, paths))
        except ApolloError as error:
            more = error.hint and error.hint not in error.message
            said = f"{error.message} ({error.hint})" if more else error.message
            return engine.status((), said)
        plan = await engine.plan()
        memory = engine.memory
        since = memory.since if isinstance(memory, StoreMemory) else None
        status = engine.status(plan, since=since)
        if isinstance(memory, StoreMemory):
            await memory.flush()
        return status

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────

    async def run(
        self,
        *,
        once: bool = False,
        dry_run: bool = False,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> RunReport:
        """Keep every environment equal to git until `stop` or cancellation.

        ``task_status`` is told when each environment has its first snapshot.

        :param once: one pass that follows its rollouts to their end. :param dry_run: send nothing.
        :raises ApolloError: at the start, when an account cannot be used: credentials, the wrong account.
        """
        self.home = await find_home()
        if self.home is not None:
            _log.info("running in ECS: service %s of cluster %s", self.home.service or "-", self.home.cluster)
        if once:
            await self._open()
            async with Notifier(self).working(), self._delivery.working(whole=True):
                return await self._once(dry_run)
        async with (
            running_beside(self, self._services),
            Notifier(self).working(),
            self._delivery.working(whole=True),
        ):
            await self._open()
            async with anyio.create_task_group() as tasks:
                for environment in self.environments.values():
                    self._served[environment.name] = await self._serve(environment, dry_run)
                async with anyio.create_task_group() as waiting:
                    waiting.start_soon(self._give_up, waiting.cancel_scope)
                    # A git that hangs holds up its own environment only.
                    async with anyio.create_task_group() as starting:
                        for served in self._served.values():
                            starting.start_soon(tasks.start, served.run)
                    waiting.cancel_scope.cancel()
                task_status.started()
                await self._stopping.wait()
                for served in self._served.values():
                    served.stop()
        return RunReport({}, {})

    async def _give_up(self, scope: anyio.CancelScope) -> None:
        """An environment whose git has not answered yet has no call in flight: nothing is waited for."""
        await self._stopping.wait()
        scope.cancel()

    async def _open(self) -> None:
        for environment in self.environments.values():
            await self.aws.open(environment)

    def stop(self) -> None:
        """Finish the calls in flight, start none. `run` returns when they are answered."""
        self._stopping.set()
        for engine in self._engines.values():
            engine.stop()

    def look(self, environment: str | None = None) -> None:
        """Look at git and at everything now (a running operator)."""
        for name, served in self._served.items():
            if environment in (None, name):
                served.look()

    def subscribe(
        self,
        *,
        events: Callable[[Event], None] | None = None,
        calls: Callable[[CallRecord], None] | None = None,
        measures: Callable[[Measure], None] | None = None,
    ) -> None:
        """Hear of every event, every request to AWS and everything that is measured, afterwards, in the event
        loop. A listener must not block; what it raises is logged."""
        self._listeners += [events] if events else []
        self._call_listeners += [calls] if calls else []
        self._measure_listeners += [measures] if measures else []

    async def send(self, environment: str, call: Call) -> Mapping[str, Any]:
        """One call to AWS as an environment, such as a message to a topic; sent once.

        :raises AwsError: classified by operation, code and message.
        """
        chosen = self.environment(environment)
        account = await self.aws.open(chosen)
        env = Env(environment, self.settings.installation.name, account.region, account.account_id)
        return await self.aws.context(env, chosen, lane="sweep", writable=True).write(call)

    def watched(self) -> Mapping[str, Watch]:
        """What is measured of each environment that runs."""
        return {name: served.watch for name, served in self._served.items()}

    def live(self) -> Mapping[str, EnvironmentStatus]:
        """How a running operator last saw each environment."""
        return {name: served.loop.status() for name, served in self._served.items()}

    async def _once(self, dry_run: bool) -> RunReport:
        results: dict[str, Result] = {}
        errors: dict[str, ApolloError] = {}

        async def one(environment: Environment) -> None:
            try:
                engine = await self._engine(environment)
                engine.take(await self._reading.snapshot(environment))
                plan = await engine.plan()
                self._engines[environment.name, plan.digest] = engine
                if dry_run or self._stopping.is_set():
                    results[environment.name] = Result(plan, ())
                else:
                    results[environment.name] = await self.apply(plan)
            except ApolloError as error:
                errors[environment.name] = error

        async with anyio.create_task_group() as tasks:
            for environment in self.environments.values():
                tasks.start_soon(one, environment)
        return RunReport(results, errors)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────

    async def _serve(self, environment: Environment, dry_run: bool) -> Served:
        engine = await self._engine(environment)
        memory = engine.memory
        assert isinstance(memory, StoreMemory)
        loop = Loop(engine, dry_run=dry_run, transition=memory.since, process=self._leaving)
        watch = Watch(loop, self.clock, self._measured, self.tracer)
        return Served(self._reading.desired(environment), loop, memory, self.clock, watch)

    async def _snapshot(
        self, engine: Engine, environment: Environment, paths: Sequence[Path], rev: str | None = None
    ) -> Snapshot:
        """The desired state; meanwhile AWS is asked what is ours, for the look that follows."""
        raised: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.ahead)
            try:
                snapshot = await self._reading.snapshot(environment, paths, rev)
            except Exception as error:  # the group would wrap it
                raised = error
                tasks.cancel_scope.cancel()
        if raised is not None:
            raise raised
        return snapshot

    def _called(self, record: CallRecord) -> None:
        if record.mutating or record.code:
            telemetry.answered(record.request_id)
        trace_call(self.tracer, record)
        served = self._served.get(record.env)
        if served is not None:
            served.watch.called(record)
        _tell(self._call_listeners, record)

    def _measured(self, measure: Measure) -> None:
        _tell(self._measure_listeners, measure)

    async def _engine(
        self, environment: Environment, *, manual: bool = False, prune: bool | None = None
    ) -> Engine:
        account = await self.aws.open(environment)
        env = Env(
            name=environment.name,
            installation=self.settings.installation.name,
            region=account.region,
            account=account.account_id,
            cluster=environment.spec.cluster,
        )
        digest = environment.digest()
        settings = environment
        if prune is not None:
            sync = environment.spec.sync.model_copy(update={"prune": prune})
            settings = environment.model_copy(
                update={"spec": environment.spec.model_copy(update={"sync": sync})}
            )
        memory = StoreMemory(environment.name, digest, self.store, self.clock)
        await memory.load()

        def contexts(lane: Any, *, writable: bool = False, commit: str = "") -> Any:
            return self.aws.context(
                env, environment, lane=lane, commit=commit, config_digest=digest, writable=writable
            )

        def emit(event: Event) -> None:
            log(event)
            memory.note(event)
            self._delivery.put(event)
            _tell(self._listeners, event)

        gates: tuple[Gate, ...] = (*self.gates, *self._delivery.gates)
        home = self.home

        def own(identity: Identity) -> bool:
            return home is not None and home.is_part_of(identity, env.region, env.account)

        return Engine(
            env,
            settings,
            self.registry,
            gates,
            contexts,
            memory,
            self.clock,
            emit,
            manual=manual,
            own=own if home is not None else None,
        )


def _tell(listeners: Iterable[Callable[[T], None]], what: T) -> None:
    for listener in listeners:
        try:
            listener(what)
        except Exception:  # a listener hears of things; it stops nothing
            _log.exception("a listener failed")


def _report(event: Event, progress: Callable[[Progress], None]) -> None:
    if event.type in ("Acting", "Acted", "Progress"):
        progress(Progress(event.key, event.type.lower(), event.message, event.call))

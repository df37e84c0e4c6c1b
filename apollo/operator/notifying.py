"""Notifications of a running operator: its events become notices, and its statuses the state of a commit."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
from anyio import to_thread
from attrs import define, evolve, field

from apollo import telemetry
from apollo.api import Call
from apollo.engine.events import Event
from apollo.engine.status import EnvironmentStatus
from apollo.errors import ApolloError
from apollo.notify import (
    CommitState,
    CommitStatus,
    EventBridge,
    Filter,
    Github,
    Gitlab,
    Notice,
    Outbox,
    Rejected,
    Slack,
    Sns,
    Target,
    Transitions,
    Unsent,
    Webhook,
    repository_of,
)
from apollo.notify.http import StdHttp
from apollo.settings import Notification, NotificationSpec, SourceAuth

if TYPE_CHECKING:
    from apollo.operator.operator import Operator

__all__ = ["Notifier"]

_log = logging.getLogger("apollo.notify")

_LAST = 5.0
"""Seconds for what is not sent yet at the end."""
_SETTLE = 1.0
"""Seconds between an event and a look at what it means for the commit."""

_TOLD: Mapping[str, str] = {
    "RolloutStarted": "RolloutStarted",
    "RolloutFinished": "RolloutFinished",
    "RolloutFailed": "RolloutFailed",
    "RolledBack": "RolloutFailed",
    "Degraded": "Degraded",
    "Failed": "Failed",
    "Held": "Held",
    "Drifted": "Drifted",
    "Deleted": "Deleted",
    "SourceFailed": "SourceFailed",
    "SourceRecovered": "Recovered",
    "Synced": "Synced",
}
"""Event → what is told; ``Synced`` only ends something bad."""


@define
class _Receiver:
    """One notification for people or systems."""

    notification: Notification
    transitions: Transitions
    outbox: Outbox[Notice]

    def put(self, notice: Notice) -> None:
        news = self.transitions.news(notice)
        if news is not None:
            self.outbox.put(news)


@define
class _Statuses:
    """One notification that shows the state of commits."""

    notification: Notification
    known: dict[str, str]
    outboxes: dict[str, Outbox[CommitStatus]]


C = TypeVar("C")


@define
class _Lazy(Generic[C]):
    """A target that is made when there is something to send: a secret that cannot be read stops nothing."""

    make: Callable[[], Awaitable[Target[C]]]
    made: Target[C] | None = None

    async def send(self, message: C) -> None:
        if self.made is None:
            self.made = await self.make()
        try:
            await self.made.send(message)
        except (Unsent, Rejected):
            self.made = None  # the secret may have been exchanged
            raise


@define
class Notifier:
    """Every Notification of the settings, while an operator runs."""

    operator: Operator
    _receivers: list[_Receiver] = field(factory=list, init=False)
    _statuses: list[_Statuses] = field(factory=list, init=False)
    _moved: set[str] = field(factory=set, init=False)
    _wake: anyio.Event = field(factory=anyio.Event, init=False)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Notify inside; what waits at the end is sent for some seconds."""
        if not self.operator.settings.notifications:
            yield
            return
        raised: Exception | None = None
        await self._load()
        await self._try_secrets()
        self.operator.subscribe(events=self._hear)
        async with anyio.create_task_group() as tasks:
            boxes: list[Outbox[Any]] = [one.outbox for one in self._receivers]
            boxes += [box for one in self._statuses for box in one.outboxes.values()]
            for box in boxes:
                tasks.start_soon(box.run)
            tasks.start_soon(self._follow)
            try:
                yield
            except Exception as error:  # the group would wrap it
                raised = error
            with anyio.move_on_after(_LAST):
                await self._look()
                for box in boxes:
                    await box.empty()
            tasks.cancel_scope.cancel()
        if raised is not None:
            raise raised

    async def _load(self) -> None:
        store, clock = self.operator.store, self.operator.clock
        for notification in self.operator.settings.notifications:
            name, spec = notification.name, notification.spec
            known = await store.told(name)
            if spec.github is not None or spec.gitlab is not None:
                self._statuses.append(self._status(notification, dict(known)))
                continue
            filter_ = Filter(frozenset(spec.events), *map(_set, (spec.environments, spec.apps, spec.kinds)))
            transitions = Transitions.load(filter_, known)

            async def done(notice: Notice, name: str = name, its: Transitions = transitions) -> None:
                its.keep(notice)
                await store.record_told(name, notice.subject, notice.state)

            target: _Lazy[Notice] = _Lazy(partial(self._target, notification))
            self._receivers.append(_Receiver(notification, transitions, Outbox(name, target, clock, done)))

    # ── what happened ────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, event: Event) -> None:
        self._moved.add(event.environment)
        self._wake.set()
        told = _TOLD.get(event.type)
        if told is None:
            return
        notice = Notice(
            told,
            event.environment,
            self.operator.clock.now(),
            kind=event.key.kind if event.key else "",
            name=event.key.name if event.key else "",
            app=event.app,
            reason=event.reason,
            message="" if told in ("Recovered", "Synced") else event.message,
            commit=event.commit,
            generation=event.generation,
            seconds=event.seconds,
        )
        for receiver in self._receivers:
            receiver.put(notice)

    async def _follow(self) -> None:
        while True:
            await self._wake.wait()
            await anyio.sleep(_SETTLE)
            self._wake = anyio.Event()
            await self._look()

    async def _look(self) -> None:
        """What the environments that moved mean for the state of their commits."""
        moved, self._moved = self._moved, set()
        live = self.operator.live()
        for name in sorted(moved & live.keys()):
            status = _commit_status(live[name])
            if status is None:
                continue
            for one in self._statuses:
                outbox = one.outboxes.get(name)
                state = f"{status.commit} {status.state} {status.description}"
                if outbox is not None and one.known.get(name) != state:
                    one.known[name] = state
                    outbox.put(status)

    # ── whom it is told ──────────────────────────────────────────────────────────────────────────────────

    async def _target(self, notification: Notification) -> Target[Notice]:
        spec, http = notification.spec, StdHttp()
        if spec.slack is not None:
            return Slack(http, await self._secret(spec.slack.webhook), spec.template)
        if spec.webhook is not None:
            hook = spec.webhook
            url = hook.url if hook.urlFrom is None else await self._secret(hook.urlFrom)
            secret = await self._secret(hook.secret) if hook.secret is not None else ""
            return Webhook(http, url or "", self.operator.clock.now, secret, spec.template)
        if spec.sns is not None:
            return Sns(self._write, spec.sns.topicArn, spec.template)
        assert spec.eventBridge is not None  # the loader sees to it that there is one
        return EventBridge(self._write, spec.eventBridge.bus, spec.template)

    def _status(self, notification: Notification, known: dict[str, str]) -> _Statuses:
        spec = notification.spec
        names = [
            name
            for name in self.operator.environments
            if spec.environments is None or name in spec.environments
        ]
        outboxes = {}
        for name in names:

            async def done(status: CommitStatus, name: str = name) -> None:
                state = f"{status.commit} {status.state} {status.description}"
                await self.operator.store.record_told(notification.name, name, state)

            target: _Lazy[CommitStatus] = _Lazy(partial(self._host, notification, name))
            outboxes[name] = Outbox(f"{notification.name} ({name})", target, self.operator.clock, done)
        return _Statuses(notification, known, outboxes)

    async def _host(self, notification: Notification, environment: str) -> Target[CommitStatus]:
        spec = notification.spec
        source = self.operator.environment(environment).spec.source
        own = repository_of(source.repo) if source is not None else None
        if spec.github is not None:
            repository = spec.github.repo or own
            if repository is None:
                raise Rejected(f"source.repo of {environment} is no repository of GitHub: set github.repo")
            token = await self._secret(spec.github.token)
            return Github(StdHttp(), spec.github.api, repository, token)
        assert spec.gitlab is not None
        project = spec.gitlab.project or own
        if project is None:
            raise Rejected(f"source.repo of {environment} is no project of GitLab: set gitlab.project")
        return Gitlab(StdHttp(), spec.gitlab.api, project, await self._secret(spec.gitlab.token))

    async def _secret(self, auth: SourceAuth) -> str:
        """A secret; no log line shows it from then on.

        :raises Unsent: it cannot be read now.
        """
        try:
            if auth.env is not None:
                text, where = os.environ.get(auth.env, ""), f"the environment variable {auth.env}"
            elif auth.file is not None:
                path, where = self.operator.base / auth.file, auth.file
                text = await to_thread.run_sync(path.read_text, "utf-8")
            else:
                assert auth.secretsManager is not None
                where = auth.secretsManager
                environment = next(iter(self.operator.environments.values()))
                text = await self.operator.aws.secret(environment, where)
        except ApolloError as error:
            raise Unsent(error.message) from None
        except (OSError, ValueError) as error:
            raise Unsent(f"{auth.file} cannot be read: {type(error).__name__}") from None
        text = text.strip()
        if not text:
            raise Unsent(f"{where} is empty")
        telemetry.hide(text)
        return text

    async def _try_secrets(self) -> None:
        """Say at the start what would else show only when there is something to tell: a secret of this
        machine that is not there. It may come, so it stops nothing."""
        for notification in self.operator.settings.notifications:
            for auth in _secrets(notification.spec):
                if auth.secretsManager is not None:
                    continue
                try:
                    await self._secret(auth)
                except Unsent as error:
                    said = "notification %s: %s: it can tell nobody until that is mended"
                    _log.warning(said, notification.name, error)

    async def _write(self, environment: str, call: Call) -> Mapping[str, Any]:
        return await self.operator.send(environment, call)


def _secrets(spec: NotificationSpec) -> list[SourceAuth]:
    found = [
        spec.slack.webhook if spec.slack is not None else None,
        *((spec.webhook.urlFrom, spec.webhook.secret) if spec.webhook is not None else ()),
        spec.github.token if spec.github is not None else None,
        spec.gitlab.token if spec.gitlab is not None else None,
    ]
    return [one for one in found if one is not None]


def _set(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _commit_status(status: EnvironmentStatus) -> CommitStatus | None:
    """How an environment stands at its newest commit; None before anything was looked at."""
    if not status.commit or any(row.reason == "NotLooked" for row in status.resources):
        return None
    errors = [problem for app in status.apps for problem in app.errors if problem.severity == "error"]
    bad = [row for row in status.resources if row.health.status == "Degraded" or row.sync == "Unknown"]
    waiting = [row for row in status.resources if (row.sync, row.health.status) != ("Synced", "Healthy")]
    state: CommitState = "success"
    said = f"{len(status.resources)} resources in sync and healthy"
    if status.message or errors:
        text = status.message or str(evolve(errors[0], excerpt="", hint=""))
        state, said = "failure", text
    elif bad:
        row = bad[0]
        state, said = "failure", f"{row.key}: {row.reason or row.health.reason}: {row.message}".rstrip(": ")
    elif waiting:
        row = waiting[0]
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        state = "pending"
        said = f"{row.key}{more}: {row.reason or row.health.reason or row.sync}"
    return CommitStatus(status.name, status.commit, state, telemetry.redact(said))

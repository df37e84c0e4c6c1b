"""One environment: its graph, what looks and acts for it, and a plan of all of it. Carrying a plan out once
(`apollo.engine.apply`) and the operator's loop stand on the same looks and acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import anyio
from attrs import define, evolve, field

from apollo.api import AppState, Env, Gate, Identity, Key, Kinds, Snapshot
from apollo.clock import Clock
from apollo.engine.act import Actor
from apollo.engine.ahead import read_ahead
from apollo.engine.events import Event
from apollo.engine.graph import Graph
from apollo.engine.guard import Guard
from apollo.engine.look import Contexts, Looker
from apollo.engine.memory import Memory
from apollo.engine.orphans import Sweep, find, group_of, leaving, sweep
from apollo.engine.plan import Plan, ResourcePlan
from apollo.engine.seen import Member
from apollo.engine.status import (
    EnvironmentStatus,
    environment_status,
    resource_status,
)
from apollo.settings import Environment

__all__ = ["Engine", "apps_of", "is_applied"]


@define
class Engine:
    """Plans for one environment.

    :ivar manual: a person asked, so what only automation must not do is allowed.
    :ivar own: whether Apollo itself runs on an object; None where it runs on nothing that is in AWS.
    """

    env: Env
    settings: Environment
    kinds: Kinds
    gates: Sequence[Gate]
    contexts: Contexts
    memory: Memory
    clock: Clock
    emit: Callable[[Event], None] = lambda event: None
    manual: bool = False
    own: Callable[[Identity], bool] | None = None
    snapshot: Snapshot = field(init=False)
    graph: Graph = field(init=False)
    looker: Looker = field(init=False)
    actor: Actor = field(init=False)
    last_app: dict[Key, str] = field(factory=dict, init=False)
    members: Mapping[Key, Member] = field(factory=dict, init=False)
    """What the last plan saw of everything that git holds, in its order."""
    _swept: Sweep = field(factory=Sweep, init=False)
    _ahead: Mapping[str, Any] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.snapshot = Snapshot(self.env.name, "", "", {}, {})
        self.graph = Graph(self.kinds)
        self.looker = Looker(
            self.env,
            self.settings,
            self.kinds,
            self.gates,
            self.contexts,
            self.memory,
            self.clock,
            self.graph,
            manual=self.manual,
            guard=Guard(),
        )
        self.looker.judge.own = self.own
        self.actor = Actor(self.looker, self.emit)

    def take(self, snapshot: Snapshot) -> frozenset[Key]:
        """Make a snapshot the desired state. Returns every key whose generation or existence changed."""
        for key in snapshot.changed:
            gone = self.snapshot.resources.get(key)
            if gone is not None:
                self.last_app[key] = gone.app
        self.snapshot = snapshot
        self.looker.commit = snapshot.commit
        self.looker.commits = {name: app.commit for name, app in snapshot.apps.items()}
        affected = self.graph.update(snapshot.resources, snapshot.changed)
        for key in affected:
            self.looker.guard.forget(key)
            if key not in self.graph.resources:
                self.looker.known.pop(key, None)
        self._leave()
        if self.own is not None:
            self.graph.last = frozenset(key for key in self.graph.resources if self._is_own(key))
        return affected

    def _is_own(self, key: Key) -> bool:
        identity = self.place(key)
        return self.own is not None and identity is not None and key.kind == "Service" and self.own(identity)

    async def ahead(self, lane: str = "changed") -> None:
        """Begin to list what is ours while git is still being read. To be followed at once by a look: it
        takes what was read for what is there now."""
        self._ahead = await read_ahead(self.kinds, partial(self.contexts, lane))

    async def sweep(self, lane: str = "sweep") -> Sweep:
        """List everything of ours. What has left git since then is known from now on."""
        ahead, self._ahead = self._ahead, {}
        swept = self._swept = await sweep(self.looker, lane, ahead)
        self._leave()
        self._swept = swept.bare()  # until the next sweep nobody relies on what was seen in this one
        return swept

    def _leave(self) -> None:
        self.looker.leaving = leaving(self.looker, self._swept, self.snapshot, self.last_app)

    def stop(self) -> None:
        """Finish the call in flight, start none."""
        self.actor.stopping = True

    # ── plan ─────────────────────────────────────────────────────────────────────────────────────────────

    async def plan(self, lane: str = "changed") -> Plan:
        """Look at everything. Reads only.

        Where a person approved the plan as a whole, by its digest, what gates held of it is let through.
        """
        plan = await self.look(lane)
        if plan.stopped and plan.digest in self.memory.approved():
            self.looker.judge.approved |= {item.digest for item in plan if item.findings}
            plan = await self.look(lane)
        return plan

    async def look(self, lane: str = "changed") -> Plan:
        """As `plan`, with what gates hold of it held."""
        members: dict[Key, Member] = {}
        going: dict[str, list[ResourcePlan]] = {}
        swept = await self.sweep(lane)
        told = {(owned.key, owned.identity): owned.seen for owned in swept.owned if owned.complete}

        def pending(key: Key) -> bool:
            member = members.get(key)
            return member is not None and _will_be(member.plan)

        async def one(name: str) -> None:
            keys = sorted(self.graph.groups.get(name, ()))  # git may move meanwhile, and take a group with it
            # What listing our objects told of them anyway need not be read again, unless it differs.
            places = {key: (key, self.place(key)) for key in keys}
            known = {key: told[place] for key, place in places.items() if place in told}
            found = await self.looker.group(keys, lane, pending=pending, told=known)
            if known and not all(is_applied(member.plan) for member in found):
                found = await self.looker.group(keys, lane, pending=pending)
            for member in found:
                if member.absent:
                    going.setdefault(name, []).append(member.plan)
                else:
                    members[member.key] = member

        order = self.graph.group_order()
        for level in order:
            async with anyio.create_task_group() as group:
                for name in level:
                    group.start_soon(one, name)
        items = []
        for name in (name for level in order for name in level):
            items += [members[key].plan for key in sorted(self.graph.groups.get(name, ())) if key in members]
            items += going.get(name, ())
        self.members = {item.key: members[item.key] for item in items if item.key in members}
        together = {(item.key, name) for name, left in going.items() for item in left}
        for orphan in find(self.looker, swept, self.snapshot, self.last_app):
            owned = orphan.owned
            if (owned.key, group_of(owned)) not in together:
                items.append((await self.looker.orphan(owned, orphan.scope, lane)).plan)
        return self._as_plan(items)

    def place(self, key: Key) -> Identity | None:
        """Where a resource lives, as far as it is known, and its kind can tell."""
        try:
            return self.looker.identity(key)
        except Exception:  # the look at it will say what is wrong
            return None

    def _as_plan(self, items: Iterable[ResourcePlan]) -> Plan:
        problems = (
            *self.snapshot.problems,
            *(problem for app in self.snapshot.apps.values() for problem in app.problems),
        )
        return Plan(self.env.name, self.snapshot.commit, self.snapshot.config_digest, tuple(items), problems)

    # ── status ───────────────────────────────────────────────────────────────────────────────────────────

    def status(
        self,
        items: Iterable[ResourcePlan],
        message: str = "",
        since: Callable[[Key, tuple[str, ...]], datetime] | None = None,
    ) -> EnvironmentStatus:
        """The roll-up of resources as they were seen last."""
        rows = [resource_status(item) for item in items]
        if since is not None:
            rows = [
                evolve(row, since=since(row.key, (row.sync, row.health.status, row.reason))) for row in rows
            ]
        return environment_status(
            self.env.name,
            self.snapshot.commit,
            self.snapshot.config_digest,
            rows,
            apps_of(self.snapshot.apps),
            self.snapshot.problems,
            message,
        )


def apps_of(apps: Mapping[str, AppState]) -> dict[str, tuple[str, tuple[Any, ...]]]:
    return {name: (app.commit, app.problems) for name, app in apps.items()}


def is_applied(item: ResourcePlan) -> bool:
    """Whether AWS equals git and has settled."""
    return (
        not item.absent
        and item.failure is None
        and not item.settling
        and not item.blocked_by
        and item.wait is None
        and item.rejected is None
    )


def _will_be(item: ResourcePlan) -> bool:
    """Whether carrying out the plan brings this resource about."""
    if item.failure is not None or item.findings or item.blocked_by:
        return False
    return bool(item.settling) or item.wait is not None or item.health.status == "Progressing"

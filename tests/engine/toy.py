"""A cloud small enough to be obviously right, and two kinds that live in it: for the engine's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    Call,
    Change,
    Context,
    Controller,
    Env,
    Gate,
    Health,
    Identity,
    Key,
    Lifecycle,
    Owned,
    Ref,
    Resource,
    Snapshot,
    Spec,
    Step,
    Wait,
    refs_in,
)
from apollo.compare import digest
from apollo.engine.engine import Engine
from apollo.engine.events import Event
from apollo.engine.memory import Forgetful
from apollo.errors import Terminal, Transient
from apollo.settings import Environment, EnvironmentSpec, Sync
from tests.virtual import VirtualClock

ENV = Env("stage", "acme", "eu-west-1", "123456789012", "green")


@define
class Cloud:
    """Objects by kind and name; a log of calls; switches for what can go wrong."""

    objects: dict[str, dict[str, Any]] = field(factory=dict)
    calls: list[tuple[str, str]] = field(factory=list)
    fail: dict[str, Exception] = field(factory=dict)
    settle_after: int = 0
    serial: int = 0

    @property
    def mutations(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "Read"]


@define(slots=False)
class ToyContext:
    cloud: Cloud
    env: Env
    writable: bool

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.cloud.calls.append((operation, params["Id"]))
        if params["Id"] in self.cloud.fail:
            raise self.cloud.fail[params["Id"]]
        return self.cloud.objects.get(params["Id"], {})

    async def load(self, loader: Any, key: Any, /) -> Any:
        raise NotImplementedError

    thorough = True

    def remember(self, loader: Any, key: Any, value: Any, /) -> None:
        raise NotImplementedError

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        assert self.writable, "nothing may be written while looking"
        ident = call.params["Id"]
        self.cloud.calls.append((call.operation, ident))
        if f"{call.operation} {ident}" in self.cloud.fail:
            raise self.cloud.fail[f"{call.operation} {ident}"]
        if call.operation == "Delete":
            self.cloud.objects.pop(ident, None)
        else:
            old = self.cloud.objects.get(ident, {})
            self.cloud.serial += 1
            arn = old.get("arn") or f"arn:{ident}:{self.cloud.serial}"
            if call.operation == "Register":
                arn = f"arn:{ident}:{self.cloud.serial}"
            self.cloud.objects[ident] = {**old, **call.params, "arn": arn, "age": 0}
        return {}


class BoxSpec(Spec):
    size: int = 1
    needs: str | None = None
    place: str | None = None


class Box(Controller[BoxSpec, dict[str, Any]]):
    """Updated in place; its ``arn`` is stable. Converges after ``settle_after`` looks."""

    kind = "Box"
    spec_type = BoxSpec
    stable_outputs = frozenset({"arn"})
    output_names = frozenset({"arn"})
    operation = "Put"
    rank = 10

    def identity(self, spec: BoxSpec, env: Env) -> Identity | None:
        return Identity(f"toy:{self.kind}", spec.place or "")

    async def observe(
        self, ctx: Context, at: Identity | None, want: Resource[BoxSpec] | None
    ) -> dict[str, Any] | None:
        assert at is not None
        found = await ctx.read("toy", "Read", Id=f"{self.kind}/{at.id}")
        if not found:
            return None
        assert isinstance(ctx, ToyContext)
        found["age"] += 1
        return {**found, "settle": ctx.cloud.settle_after}

    def diff(self, want: Resource[BoxSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        if want is None:
            assert seen is not None
            key = ENV.key_of(seen["tags"][OWNER_TAG])
            assert key is not None
            return [Step("delete", key, Call("toy", "Delete", {"Id": seen["Id"]}), disruptive=True)]
        desired = {"size": want.spec.size, "needs": want.spec.needs}
        changes = tuple(
            Change(f"/{name}", seen.get(name) if seen else None, value)
            for name, value in desired.items()
            if (seen or {}).get(name) != value
        )
        tags = {OWNER_TAG: want.owner}
        if seen is not None and not changes and seen["tags"] == tags:
            return []
        params = {"Id": f"{self.kind}/{want.spec.place}", **desired, "tags": tags}
        verb = "create" if seen is None else "update"
        return [Step(verb, want.key, Call("toy", self.operation, params), changes, bool(changes), "differs")]

    def outputs(self, seen: dict[str, Any]) -> Mapping[str, str]:
        return {"arn": seen["arn"]}

    def settled(self, want: Resource[BoxSpec], seen: dict[str, Any] | None) -> Wait | None:
        if seen is not None and seen["age"] <= seen["settle"]:
            return Wait("RollingOut", f"look {seen['age']}", after=5.0)
        return None

    def health(self, want: Resource[BoxSpec], seen: dict[str, Any] | None) -> Health:
        if seen is None:
            return Health("Missing")
        if seen.get("broken"):
            return Health("Degraded", "RolledBack", "it broke")
        return Health("Progressing" if self.settled(want, seen) else "Healthy")

    def rejected(self, want: Resource[BoxSpec], seen: dict[str, Any] | None) -> str | None:
        return "it broke" if seen is not None and seen.get("broken") == want.spec.size else None

    async def owned(self, ctx: Context, want: Collection[Resource[BoxSpec]]) -> AsyncIterator[Owned]:
        assert isinstance(ctx, ToyContext)
        if f"list {self.kind}" in ctx.cloud.fail:
            raise ctx.cloud.fail[f"list {self.kind}"]
        for ident, found in list(ctx.cloud.objects.items()):
            key = ctx.env.key_of(found.get("tags", {}).get(OWNER_TAG, ""))
            if key is not None and key.kind == self.kind:
                seen = {**found, "settle": ctx.cloud.settle_after}
                place = Identity(f"toy:{self.kind}", ident.split("/")[1])
                yield Owned(key, place, seen, complete=True, prune=found["tags"].get(PRUNE_TAG, "auto"))


class Base(Box):
    """Like a task definition: every change gives another ``arn``."""

    kind = "Base"
    operation = "Register"
    stable_outputs = frozenset()
    rank = 90

    async def owned(self, ctx: Context, want: Collection[Resource[BoxSpec]]) -> AsyncIterator[Owned]:
        nothing: tuple[Owned, ...] = ()
        for one in nothing:
            yield one


@frozen
class ToyKinds:
    controllers: tuple[Controller[Any, Any], ...] = (Base(), Box())

    def names(self) -> Collection[str]:
        return [controller.kind for controller in self.controllers]

    def get(self, kind: str) -> Controller[Any, Any]:
        for controller in self.controllers:
            if controller.kind == kind:
                return controller
        raise Terminal(f"no kind {kind}", reason="NoController")


def box(
    name: str,
    size: int = 1,
    *,
    needs: str | None = None,
    kind: str = "Box",
    app: str = "app",
    place: str | None = None,
    depends_on: tuple[Ref, ...] = (),
    lifecycle: Lifecycle | None = None,
) -> Resource[BoxSpec]:
    spec = BoxSpec(size=size, needs=needs, place=place or name)
    return Resource(
        Key(kind, "stage", name),
        app,
        spec,
        ENV,
        commit="c0ffee",
        digest=digest(spec.declared()),
        lifecycle=lifecycle or Lifecycle(depends_on=depends_on),
        references=tuple(refs_in(spec)),
    )


def snapshot(*resources: Resource[Any], commit: str = "c0ffee", before: Snapshot | None = None) -> Snapshot:
    """A snapshot whose ``changed`` is right against the one before."""
    now = {one.key: one for one in resources}
    old = before.resources if before else {}
    changed = {key for key in {*now, *old} if now.get(key) != old.get(key)}
    from apollo.api import AppState

    apps = {one.app: AppState(commit) for one in resources}
    return Snapshot("stage", commit, "cfg", now, apps, frozenset(changed))


@define
class World:
    """An engine over a toy cloud."""

    cloud: Cloud = field(factory=Cloud)
    clock: VirtualClock = field(factory=lambda: VirtualClock(auto=True))
    gates: Sequence[Gate] = ()
    kinds: ToyKinds = field(factory=ToyKinds)
    sync: Sync = field(factory=Sync)
    memory: Forgetful = field(factory=Forgetful)
    events: list[Event] = field(factory=list)

    def engine(self, *, manual: bool = True) -> Engine:
        """A fresh process: only the cloud (and the memory, if kept) is shared."""
        return Engine(
            ENV,
            Environment(name="stage", spec=EnvironmentSpec(sync=self.sync)),
            self.kinds,
            self.gates,
            lambda lane, *, writable=False, commit="": ToyContext(self.cloud, ENV, writable),
            self.memory,
            self.clock,
            self.events.append,
            manual=manual,
        )


__all__ = [
    "ENV",
    "Base",
    "Box",
    "BoxSpec",
    "Cloud",
    "Terminal",
    "ToyContext",
    "ToyKinds",
    "Transient",
    "World",
    "box",
    "snapshot",
]

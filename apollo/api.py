"""The contract between Apollo and a kind of resource; all that a plugin needs to import.

A controller says how one kind is observed in AWS, how it differs from what git asks for, and which single
calls would make it equal. The engine does the rest: order, retries, gates, ownership, status.
"""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from attrs import evolve, field, frozen
from pydantic import BaseModel

from apollo.errors import AwsError, Problem, Terminal, Transient
from apollo.settings import Allow, Sync
from apollo.spec import Spec

__all__ = [
    "API_VERSION",
    "HASH_TAG",
    "OWNER_TAG",
    "PRUNE_TAG",
    "Allowed",
    "AppState",
    "AwsError",
    "Call",
    "Change",
    "Context",
    "Controller",
    "Denied",
    "Env",
    "Gate",
    "Health",
    "HealthStatus",
    "Held",
    "Identity",
    "Ignored",
    "Key",
    "Kinds",
    "Lifecycle",
    "Loader",
    "Origin",
    "Owned",
    "Problem",
    "Proposal",
    "PruneScope",
    "Ref",
    "Resource",
    "Snapshot",
    "Spec",
    "Step",
    "Terminal",
    "Transient",
    "Verb",
    "Verdict",
    "Wait",
    "evolve",
    "is_unknown",
    "marker",
    "refs_in",
    "substitute",
]

API_VERSION: Final = 1
"""Raised when a published plugin would have to change."""

OWNER_TAG: Final = "apollo:owner"
HASH_TAG: Final = "apollo:hash"
PRUNE_TAG: Final = "apollo:prune"

S = TypeVar("S", bound=Spec)
O = TypeVar("O")  # noqa: E741
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────


@frozen(order=True)
class Key:
    """What a resource is called in git; equal keys are never reconciled at once."""

    kind: str
    environment: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@frozen(order=True)
class Identity:
    """Where an object lives in AWS, within its account and region: ``Identity("ecs:service", "green/web")``.

    Two resources with one identity are both refused before any call.
    """

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@frozen
class Env:
    """What a controller may know of its environment."""

    name: str
    installation: str = "apollo"
    region: str = ""
    account: str | None = None
    cluster: str | None = None

    def owner(self, key: Key) -> str:
        """The value of the ownership tag: ``<installation>/<environment>/<Kind>/<name>``."""
        return f"{self.installation}/{key.environment}/{key.kind}/{key.name}"

    def key_of(self, owner: str) -> Key | None:
        """The key an ownership tag names, or None when it is of another environment."""
        parts = owner.split("/", 3)
        if len(parts) != 4 or parts[0] != self.installation or parts[1] != self.name:
            return None
        return Key(parts[2], parts[1], parts[3])


# ── references: an output of another resource inside a spec ──────────────────────────────────────────────

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters; the loader refuses them in user text
_MARKER = re.compile(f"{_OPEN}([^/{_OPEN}{_CLOSE}]+)/([^{_CLOSE}]+?)\\.([A-Za-z][A-Za-z0-9]*){_CLOSE}")


@frozen(order=True)
class Ref:
    """A reference to another resource of the same environment.

    ``output`` is the name of the value wanted; empty when only the order matters.
    """

    kind: str
    name: str
    output: str = ""

    def key(self, environment: str) -> Key:
        return Key(self.kind, environment, self.name)


def marker(kind: str, name: str, output: str) -> str:
    """The text that stands for an output that is not known yet.

    It is part of an ordinary string, so it passes through specs and call parameters. It equals nothing but
    itself: a diff against anything AWS returned shows a change.
    """
    return f"{_OPEN}{kind}/{name}.{output}{_CLOSE}"


def is_unknown(value: object) -> bool:
    """Whether a value (text, or anything nested that holds text) waits for an output."""
    if isinstance(value, str):
        return _OPEN in value
    if isinstance(value, Mapping):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(is_unknown(item) for item in value)
    return False


def refs_in(value: object) -> Iterable[Ref]:
    """Every reference that a value (text, mapping, list, spec) holds."""
    if isinstance(value, str):
        if _OPEN in value:
            for kind, name, output in _MARKER.findall(value):
                yield Ref(kind, name, output)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from refs_in(item)
    elif isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield from refs_in(getattr(value, name))


def substitute(value: Any, outputs: Mapping[Ref, str]) -> Any:
    """``value`` with every known output in its place; unknown ones stay markers. Works on text, mappings,
    lists and specs; returns the same object when nothing changed."""
    if isinstance(value, str):
        if _OPEN not in value:
            return value
        return _MARKER.sub(lambda found: outputs.get(Ref(*found.groups()), found.group(0)), value)
    if isinstance(value, Mapping):
        new = {name: substitute(item, outputs) for name, item in value.items()}
        return new if any(new[name] is not value[name] for name in new) else value
    if isinstance(value, list | tuple):
        items = [substitute(item, outputs) for item in value]
        return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, BaseModel):
        update = {}
        for name in value.model_fields_set:
            before = getattr(value, name)
            after = substitute(before, outputs)
            if after is not before:
                update[name] = after
        return value.model_copy(update=update) if update else value
    return value


# ── desired state ────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Origin:
    """Where in git a resource is written. ``line`` counts from 1."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@frozen
class Lifecycle:
    """What a manifest says beside its spec about how it may be treated."""

    prune: Literal["auto", "confirm", "never"] = "auto"
    adopt: bool | str = False
    """True: take an unowned object. A string: take it from exactly that owner."""
    replace: Literal["deny", "allow"] = "deny"
    suspend: bool = False
    ignore: tuple[str, ...] = ()
    """JSON pointers into the spec, members of named lists by name; neither compared nor changed."""
    depends_on: tuple[Ref, ...] = ()


@frozen
class Resource(Generic[S]):
    """One desired object.

    :ivar digest: of the resource's own completed spec.
    :ivar generation: Merkle digest: ``digest`` with each reference replaced by the generation of what it
        names. Backoff, quarantine and Terminal are remembered per (key, generation).
    """

    key: Key
    app: str
    spec: S
    env: Env
    commit: str = ""
    digest: str = ""
    generation: str = ""
    lifecycle: Lifecycle = Lifecycle()
    origin: Origin = Origin()
    labels: Mapping[str, str] = field(factory=dict)
    references: tuple[Ref, ...] = ()
    users: tuple[Resource[Any], ...] = ()
    """What refers to this resource, filled in by the engine before `Controller.observe` and `diff`: the
    scaling of a service, for example. Not part of the generation."""
    peers: frozenset[Key] = frozenset()
    """The other resources of its group that git holds, filled in like ``users``: also those that are held or
    have failed, and that `Controller.diff_group` is therefore not told of."""

    @property
    def owner(self) -> str:
        """Our value of the ownership tag."""
        return self.env.owner(self.key)

    @property
    def intent(self) -> str:
        """Names all that git asks for: the generation, and what `lifecycle` says beside it."""
        if self.lifecycle == Lifecycle():
            return self.generation
        text = f"{self.generation} {self.lifecycle!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def tags(self) -> dict[str, str]:
        """The tags every object of ours carries (without the content hash, which the controller adds)."""
        tags = {OWNER_TAG: self.owner}
        if self.lifecycle.prune != "auto":
            tags[PRUNE_TAG] = self.lifecycle.prune
        return tags


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────

Verb = Literal["create", "update", "replace", "adopt", "delete"]


@frozen
class Call:
    """One AWS request: boto3's service name (``ecs``), the operation (``UpdateService``), its parameters."""

    service: str
    operation: str
    params: Mapping[str, Any]


@frozen
class Change:
    """One difference of one field. ``path`` is a JSON pointer into the spec, members of named lists by name.

    Values may be secret; whoever prints them redacts by path and name first.
    """

    path: str
    before: Any = None
    after: Any = None


@frozen
class Ignored:
    """A difference that was seen and left alone, and why."""

    path: str
    why: str


@frozen
class Step:
    """Exactly one mutating call. The steps of a diff, in order, are the plan.

    :ivar changes: the differences this call settles.
    :ivar disruptive: whether running tasks are replaced or stopped.
    :ivar why: one sentence for the reader of the plan.
    """

    verb: Verb
    target: Key
    call: Call
    changes: tuple[Change, ...] = ()
    disruptive: bool = False
    why: str = ""
    also: tuple[Key, ...] = ()
    """Other resources of the group that the same call settles, e.g. the second rule of a priority swap."""
    also_changes: tuple[tuple[Key, Change], ...] = ()
    """What the call changes of those."""
    prunes: bool = False
    """Whether it deletes a part that git does not hold, such as a policy of a scalable target. Such a step
    waits for the permission to prune; the other steps of the resource do not wait for it."""

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.target, *self.also)


@frozen
class Wait:
    """AWS is still converging. Not an error.

    :ivar reason: CamelCase, e.g. ``Draining``. :ivar after: seconds until it is worth looking again.
    :ivar blocking: whether the next step must not be sent before this is over (a name that is still being
        freed). A rollout does not block: a newer generation supersedes it.
    """

    reason: str
    message: str = ""
    after: float = 5.0
    blocking: bool = False


HealthStatus = Literal["Healthy", "Progressing", "Suspended", "Missing", "Degraded", "Unknown"]


@frozen
class Health:
    """How an object fares. ``reason`` is CamelCase, e.g. ``RolledBack``; ``message`` is for people."""

    status: HealthStatus
    reason: str = ""
    message: str = ""


@frozen
class Owned:
    """An object in AWS that carries our ownership tag.

    :ivar complete: whether ``seen`` is all that `Controller.observe` would return of an object that equals
        git and has settled; of another one the engine looks closer.
    """

    key: Key
    identity: Identity
    seen: Any = None
    complete: bool = False
    prune: str = "auto"
    app: str = ""
    part_of: tuple[Identity, ...] = ()
    """What this object goes with, such as the service of a scaling target: it does not count as a deletion of
    its own where that goes, too."""
    group: str | None = None
    """The group that the object stands in, as `Controller.group` names it: it goes once nothing of that group
    is left to be done."""
    order: int = 0
    """Among objects of one kind that go, from low to high."""


# ── the world, as a controller sees it ───────────────────────────────────────────────────────────────────


class Loader(Protocol[K, V]):
    """Reads many objects in one call. Subclass it; instances are shared and hold no state."""

    name: str
    """Loads of equal name and scope share a batch."""
    batch: int
    """The most keys AWS takes in one call."""

    def scope(self, key: K) -> Hashable:
        """Keys of equal scope may share a call, e.g. the cluster. Default: all may."""
        return None

    def immutable(self, key: K, value: V) -> bool:
        """Whether the value may be remembered for the life of the process. Default: no."""
        return False

    @abstractmethod
    async def fetch(self, ctx: Context, keys: Sequence[K]) -> Mapping[K, V]:
        """The values found; a key that is absent from the answer does not exist."""
        ...


class Context(Protocol):
    """Lent to a controller for one reconcile; its only way to reach AWS."""

    @property
    def env(self) -> Env: ...

    @property
    def thorough(self) -> bool:
        """Whether something is about to be written on the strength of this look. If not, an index that AWS
        keeps (and that may lag) is good enough to find that there is nothing to do."""
        ...

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """One reading call. Throttling and passing faults are retried below this.

        :raises AwsError: classified by operation, code and message.
        """
        ...

    async def load(self, loader: Loader[K, V], key: K, /) -> V | None:
        """One object through a batch; None when AWS says that it does not exist."""
        ...

    def remember(self, loader: Loader[K, V], key: K, value: V, /) -> None:
        """Hand an immutable value that came by another way (the answer of a create) to a loader's memory."""
        ...

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        """One mutating call, sent exactly once. Forbidden while observing.

        :raises AwsError: with category ``lost-answer`` when it may have been done.
        """
        ...


class Controller(Generic[S, O]):
    """One kind. Subclass it; only `identity`, `observe` and `diff` must be written.

    Every method but `observe`, `owned` and `act` is pure. Objects are shared between tasks: keep no state.
    """

    kind: str
    """The name in manifests; a kind of a plugin is namespaced: ``acme.Queue``."""
    spec_type: type[S]
    permissions: frozenset[str] = frozenset()
    """IAM actions that observing and acting need, e.g. ``ecs:DescribeServices``."""
    write_permissions: frozenset[str] = frozenset()
    """The part of `permissions` that only acting needs."""
    stable_outputs: frozenset[str] = frozenset()
    """Outputs that an update does not change, such as a service's ARN; they stay known while planning."""
    output_names: frozenset[str] = frozenset()
    """Every output that `outputs` may return; a reference to another is an error at validation."""
    immutable: bool = False
    """Whether an object that was seen equal to git stays so; then sweeps look at it only now and then."""
    rank: int = 50
    """Deletions of objects that have no spec any more run from low to high: policy < service < rule < task
    definition."""

    @abstractmethod
    def identity(self, spec: S, env: Env) -> Identity | None:
        """Where the object lives in AWS; None when AWS assigns it and the owner tag finds it."""
        raise NotImplementedError

    @abstractmethod
    async def observe(self, ctx: Context, at: Identity | None, want: Resource[S] | None) -> O | None:
        """What is there now, or None. Reads only.

        :raises Transient, AwsError: when it cannot be known; never answer None instead.
        """
        raise NotImplementedError

    @abstractmethod
    def diff(self, want: Resource[S] | None, seen: O | None) -> Sequence[Step]:
        """The calls that make AWS equal to ``want`` (None: must not exist), in order; empty when it is."""
        raise NotImplementedError

    # Optional: defaults below, so that adding one breaks no published plugin.

    def references(self, spec: S) -> Iterable[Ref]:
        """References beyond the ``${{ … }}`` ones, e.g. an edge that only orders."""
        return ()

    def provides(self, spec: S) -> Iterable[str]:
        """Names of what this resource brings about in AWS beside itself, such as the association of a target
        group with a load balancer. What `requires` one of them is created after it."""
        return ()

    def requires(self, spec: S) -> Iterable[str]:
        """Names of what must be there before this resource is created; see `provides`. It orders, and never
        blocks: perhaps somebody else provides it."""
        return ()

    def check(self, want: Resource[S]) -> Iterable[Problem]:
        """What is wrong with a spec beyond its types, found without AWS. ``Problem.path`` points into the
        spec; the loader adds file, line and column."""
        return ()

    def outputs(self, seen: O) -> Mapping[str, str]:
        """What other resources may refer to, e.g. ``{"arn": …}``."""
        return {}

    def lasting(self, seen: O, steps: Sequence[Step]) -> Mapping[str, str]:
        """The outputs that are known now and still hold once ``steps``, the diff of ``seen``, are done.
        Default: all when there are none, else the stable ones."""
        found = self.outputs(seen)
        return {name: found[name] for name in found if not steps or name in self.stable_outputs}

    def owner(self, seen: O) -> str | None:
        """The live value of the ownership tag; None when the object is nobody's."""
        tags = getattr(seen, "tags", None) or {}
        owner = tags.get(OWNER_TAG)
        return owner if isinstance(owner, str) else None

    def settled(self, want: Resource[S], seen: O | None) -> Wait | None:
        """Whether AWS is still converging on ``want``."""
        return None

    def health(self, want: Resource[S], seen: O | None) -> Health:
        """How the object fares; asked when it differs from git, too."""
        return Health("Missing") if seen is None else Health("Healthy")

    def rejected(self, want: Resource[S], seen: O | None) -> str | None:
        """Why AWS itself has refused exactly this desired state before (a rolled-back deployment), or None.
        Such a generation is quarantined: not tried again until git or configuration moves."""
        return None

    def ignored(self, want: Resource[S], seen: O | None) -> Sequence[Ignored]:
        """Differences that `diff` saw and left alone."""
        return ()

    def group(self, spec: S, env: Env) -> str | None:
        """Resources of one group are worked on by one worker, never at once. None: alone."""
        return None

    def diff_group(self, members: Sequence[tuple[Resource[S] | None, O | None]]) -> Sequence[Step]:
        """The steps of a whole group, in the order in which they are sent. Default: each member's `diff`, one
        after the other."""
        return [step for want, seen in members for step in self.diff(want, seen)]

    def conflicts(self, members: Sequence[tuple[Resource[S] | None, O | None]]) -> Mapping[Key, Denied]:
        """Members of a group that cannot have what they ask for, since somebody else has it (the priority of
        a listener rule). They are denied; the others are compared again without them. Pure."""
        return {}

    async def owned(self, ctx: Context, want: Collection[Resource[S]]) -> AsyncIterator[Owned]:
        """Every object of this kind in the environment's account and region that carries our tag.

        ``want`` is what git asks for now: it says where to look (its clusters, its listeners).

        :raises Exception: when the list would be incomplete; nothing is pruned then.
        """
        nothing: tuple[Owned, ...] = ()
        for one in nothing:
            yield one

    async def act(self, ctx: Context, step: Step) -> Mapping[str, Any]:
        """Send the step. An override must send exactly the announced call."""
        return await ctx.write(step.call)

    def acted(self, ctx: Context, step: Step, answer: Mapping[str, Any]) -> O | None:
        """What is there now, where the answer of a step tells all of it; None: observe again. May also
        `Context.remember` what the answer tells."""
        return None


class Kinds(Protocol):
    """The kinds that are known here; loads a controller when it is first asked for."""

    def names(self) -> Collection[str]:
        """Every kind, loaded or not, broken or not."""
        ...

    def get(self, kind: str) -> Controller[Any, Any]:
        """The controller.

        :raises Terminal: reason ``NoController`` when the kind is unknown or its plugin is broken.
        """
        ...


# ── gates ────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class PruneScope:
    """How much a sync would delete in one app. Counts services, and objects that belong to none."""

    deleting: int
    existing: int
    complete: bool
    """Whether every list behind these numbers was read to its end, and every file of the app was loaded."""
    why_incomplete: str = ""


@frozen
class Proposal:
    """What the engine is about to do to one resource; a gate may only look."""

    key: Key
    app: str
    env: Env
    sync: Sync
    allow: Allow
    steps: tuple[Step, ...]
    want: Resource[Any] | None
    seen: Any
    identity: Identity | None = None
    owner: str | None = None
    """The live ownership tag."""
    rejected: str | None = None
    prune: PruneScope | None = None
    live_prune: str = "auto"
    """The live ``apollo:prune`` tag, for what git does not hold any more."""
    drifted: bool = False
    """True when this generation was applied before, and AWS was changed since."""
    approved: bool = False
    """Somebody let exactly this plan through."""
    manual: bool = False
    """A person typed the command, and prunes or not by ``sync.prune``."""
    digest: str = ""
    """The plan's digest, for messages that say how to let it through; empty when it is not known yet."""
    suspended: str = ""
    """Why a person suspended this with ``apollo suspend`` (who, reason, until); empty when nobody did."""


@frozen
class Allowed:
    """Go on."""


@frozen
class Held:
    """Not now. ``until`` names what lets it pass; ``quiet`` holds are by configuration and no failure.

    ``parts``: only the steps that prune a part of the resource (`Step.prunes`) are held: they are left out of
    the plan, and their changes are told as ignored.
    """

    reason: str
    message: str
    until: str = ""
    quiet: bool = False
    parts: bool = False


@frozen
class Denied:
    """Not at all: git or the configuration has to change."""

    reason: str
    message: str
    hint: str = ""


Verdict = Allowed | Held | Denied


@frozen
class AppState:
    """One app of a snapshot: the commit its resources come from, and what is wrong with a newer one."""

    commit: str
    problems: tuple[Problem, ...] = ()


@frozen
class Snapshot:
    """The desired state of one environment at one commit.

    :ivar commit: the newest commit seen. An app whose files are broken there stays at an older one.
    :ivar changed: keys added, changed or removed since the snapshot before; all keys in the first.
    :ivar problems: what belongs to no app (the repository, the folder); nothing is pruned while there is any.
    :ivar partial: why it is known to hold a part of the environment only; nothing is pruned then, either.
    """

    environment: str
    commit: str
    config_digest: str
    resources: Mapping[Key, Resource[Any]]
    apps: Mapping[str, AppState]
    changed: frozenset[Key] = frozenset()
    problems: tuple[Problem, ...] = ()
    partial: str = ""


class Gate(Protocol):
    """May stop a plan; has no way to act. Registered in the entry-point group ``apollo.gates``."""

    name: str

    def check(self, proposal: Proposal) -> Verdict: ...

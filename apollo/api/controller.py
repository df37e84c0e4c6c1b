"""What a kind must say about itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from apollo.api.desired import Around, Resource
from apollo.api.gates import Denied
from apollo.api.names import OWNER_TAG, Env, Identity, Key
from apollo.api.plan import Forecast, Health, Ignored, Owned, Step, Wait
from apollo.api.refs import Ref
from apollo.api.world import Context
from apollo.errors import Problem
from apollo.spec import Spec

__all__ = ["Controller", "Kinds"]

S = TypeVar("S", bound=Spec)
O = TypeVar("O")  # noqa: E741


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
    verify_permissions: frozenset[str] = frozenset()
    """IAM actions that only `verify` needs; without one of them, what needs it is not checked."""
    stable_outputs: frozenset[str] = frozenset()
    """Outputs that an update does not change, such as a service's ARN; they stay known while planning."""
    output_names: frozenset[str] = frozenset()
    """Every output that `outputs` may return; a reference to another is an error at validation."""
    codes: Mapping[str, tuple[str, str]] = MappingProxyType({})
    """What the error codes of this kind mean, for ``apollo explain CODE``: the code, such as
    ``ACME-QUEUE-001``, → what is wrong, and what to do about it."""
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

    async def verify(
        self, ctx: Context, want: Resource[S], seen: O | None, around: Around
    ) -> AsyncIterator[Problem]:
        """What in AWS would make ``want`` fail although the plan looks good: an image, a role, a subnet that
        is not there. Asked by ``apollo plan --verify`` only, for all resources at once, so that what goes
        through `Context.load` shares calls. Reads only, and never a secret's value.

        ``Problem.severity`` says what a finding is; ``unchecked`` is one that could not be looked up, such as
        for a missing permission. Values that wait for an output (`is_unknown`) are skipped.
        """
        nothing: tuple[Problem, ...] = ()
        for one in nothing:
            yield one

    def check_beside(self, want: Resource[S], beside: Mapping[Key, Resource[Any]]) -> Iterable[Problem]:
        """What is wrong with a spec beside those that it refers to, found without AWS: a container's name
        that its task definition does not have. ``beside`` holds every resource of git that ``want`` refers to
        and that exists. ``Problem.path`` points into the spec of ``want``."""
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

    def forecast(self, want: Resource[S] | None, seen: O | None, steps: Sequence[Step]) -> Forecast | None:
        """What carrying out ``steps``, the diff of ``want`` and ``seen``, does to running tasks; None when
        there is nothing to say. Shown beside a plan, and nothing depends on it."""
        return None

    async def durations(self, ctx: Context, at: Identity) -> Sequence[float]:
        """Seconds that the last rollouts of an object took, newest first. Reads only; asked only where a plan
        is shown whose `forecast` names a rollout."""
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

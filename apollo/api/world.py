"""The world as a controller sees it: batched reads, and the one way to write."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from apollo.api.names import Env
from apollo.api.plan import Call

__all__ = ["Context", "Loader"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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
    def env(self) -> Env:
        """The environment; its account and region are known here, for ARNs that have to be built."""
        ...

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

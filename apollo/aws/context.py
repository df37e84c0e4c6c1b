"""A controller's way to AWS, for one reconcile."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from attrs import evolve, field, frozen

from apollo.api import Call, Env, Loader, is_unknown
from apollo.aws.buckets import Lane
from apollo.aws.classify import error
from apollo.aws.hooks import Asked
from apollo.aws.operations import is_mutating
from apollo.errors import AwsError
from apollo.settings import Environment

if TYPE_CHECKING:
    from apollo.aws.room import Aws

__all__ = ["AwsContext"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@frozen(eq=False)
class AwsContext:
    """`apollo.api.Context` over boto3.

    Every call first makes sure that the credentials are of the environment's account; that is looked up once.
    """

    env: Env
    _aws: Aws
    _environment: Environment
    _asked: Asked
    _lane: Lane
    _writable: bool
    _reserved: dict[tuple[str, str], float] = field(factory=dict, init=False)
    """By service and operation: seconds that were waited for a call yet to be made."""

    @property
    def thorough(self) -> bool:
        """Looks in the lane of acts are."""
        return self._lane == "act"

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """One reading call; throttling, server errors and lost connections are retried a few times."""
        if is_mutating(service, operation):
            _misused(f"{service}:{operation} changes AWS and cannot be read", service, operation)
        try:
            return await self._send(service, operation, params)
        except AwsError as failure:
            if failure.category != "credentials" or failure.code != "APO-AWS-012":
                raise
        # They expired under way; by now they have been forgotten, and are read again.
        return await self._send(service, operation, params)

    async def load(self, loader: Loader[K, V], key: K, /) -> V | None:
        """One object through a batch. Values of immutable objects are shared: never change them."""
        batches = await self._aws.batches(self._environment)
        return await batches.load(self._lent, self._lane, loader, key)

    def remember(self, loader: Loader[K, V], key: K, value: V, /) -> None:
        """Keep an immutable value that came by another way. Before the first call of this environment there
        is nothing to come from, and nothing is kept."""
        memory = self._aws.memory(self._environment)
        if memory is not None:
            memory.put(loader, key, value)

    async def reserve(self, call: Call, /) -> None:
        """Wait until AWS's rate allows a call; the `write` of such a call that follows does not wait any
        more. So what it is written on the strength of can be looked at in between."""
        name = call.service, call.operation
        if name not in self._reserved:
            self._reserved[name] = await self._aws.reserve(self._environment, *name)

    async def give_back(self) -> None:
        """Let others have what was reserved and not used."""
        while self._reserved:
            name, _ = self._reserved.popitem()
            await self._aws.give_back(self._environment, *name)

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        """One changing call, sent once."""
        if not self._writable:
            _misused(
                f"{call.service}:{call.operation} was asked for while only looking",
                call.service,
                call.operation,
            )
        if is_unknown(call.params):
            _misused(
                f"{call.service}:{call.operation} still waits for an output of another resource",
                call.service,
                call.operation,
            )
        waited = self._reserved.pop((call.service, call.operation), None)
        return await self._aws.send(
            self._environment,
            self._asked,
            "act",
            call.service,
            call.operation,
            call.params,
            once=True,
            waited=waited,
        )

    async def _send(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return await self._aws.send(self._environment, self._asked, self._lane, service, operation, params)

    def _lent(self, lane: Lane) -> AwsContext:
        return evolve(self, lane=lane, writable=False)


def _misused(text: str, service: str, operation: str) -> NoReturn:
    raise error(
        text, service=service, operation=operation, category="invalid", code="APO-AWS-036", lasting=True
    )

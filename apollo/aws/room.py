"""The room as one object, which the operator composes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

import anyio
from attrs import define, field

from apollo.api import Context, Env
from apollo.aws.batches import Batches, Memory
from apollo.aws.buckets import BucketState, Lane
from apollo.aws.calls import Calls, Place, region_of
from apollo.aws.classify import error
from apollo.aws.context import AwsContext
from apollo.aws.faults import translate
from apollo.aws.hooks import Asked
from apollo.aws.operations import Limit
from apollo.aws.records import Account, CallRecord
from apollo.aws.sessions import Login, Sessions, Timeouts
from apollo.clock import Clock
from apollo.errors import AwsError
from apollo.settings import Environment

__all__ = ["Aws"]

_REMEMBERED_FAILURE = 2.0  # seconds for which all who ask get the same answer when credentials are bad


@define(eq=False)
class _Identity:
    """Who one login is, found out once."""

    lock: anyio.Lock = field(factory=anyio.Lock)
    account: str = ""
    arn: str = ""
    failure: AwsError | None = None
    failed_at: float = 0.0


class Aws:
    """AWS, for every environment of one installation.

    :param installation: named in the User-Agent and in AssumeRole session names.
    :param threads: how many requests may be under way at once.
    :param share: of AWS's published rates, what looking around in the background may draw. The rest is left
        to urgent calls and to the other clients of the account.
    :param profile, region: the flags ``--profile`` and ``--region``; they win over everything else.
    :param on_call: told of every request once it is answered. Called in the event loop; must not block.
    :param memory: how many immutable objects are kept per account and region.
    :param limits: rate buckets that differ from AWS's published ones, by the name that `budget` shows.
    """

    def __init__(
        self,
        installation: str,
        *,
        clock: Clock,
        threads: int = 12,
        share: float = 0.5,
        profile: str | None = None,
        region: str | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        timeouts: Timeouts | None = None,
        memory: int = 12_000,
        limits: Mapping[str, Limit] | None = None,
    ) -> None:
        if not 0 < share <= 1:
            raise ValueError("share lies above 0 and is at most 1")
        self._installation = installation
        self._clock = clock
        self._memory_size = memory
        self._sessions = Sessions(profile, region, timeouts or Timeouts(), threads)
        self._calls = Calls(
            self._sessions, clock, threads=threads, share=share, limits=limits or {}, on_call=on_call
        )
        self._regions: dict[tuple[Login, str | None], str] = {}
        self._identities: dict[Login, _Identity] = {}
        self._memories: dict[tuple[str, str], Memory] = {}
        self._batches: dict[Place, Batches] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; the object must not be used afterwards."""
        with anyio.CancelScope(shield=True):
            await self._calls.in_thread(self._sessions.close)

    async def open(self, environment: Environment) -> Account:
        """The account and region of an environment, looked up once with sts:GetCallerIdentity.

        :raises AwsError: no, expired or refused credentials, no region, an endpoint that does not answer, a
            role that cannot be assumed, or (``APO-AWS-014``) the account is not the environment's.
        """
        place, identity = await self._place(environment)
        return Account(place.account, place.region, identity.arn)

    def context(
        self,
        env: Env,
        environment: Environment,
        *,
        lane: Lane,
        commit: str = "",
        config_digest: str = "",
        writable: bool = False,
    ) -> Context:
        """What a controller gets for one reconcile. Only a ``writable`` one lets `Context.write` through.

        :param lane: the urgency of its reads; writes are always urgent.
        :param commit, config_digest: the desired state that asks; named in the User-Agent of each request.
        """
        asked = Asked(self._installation, environment.name, commit, config_digest)
        return AwsContext(env, self, environment, asked, lane, writable)

    async def secret(self, environment: Environment, arn: str) -> str:
        """The text of a secret in Secrets Manager, read with the environment's credentials.

        :param arn: the secret's ARN (its region is used) or its name.
        :raises AwsError: also when the secret is not text.
        """
        place, _ = await self._place(environment)
        region = region_of(arn) or place.region
        answer = await self._calls.send(
            Place(place.login, place.account, region),
            Asked(self._installation, environment.name),
            "act",
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": arn},
        )
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise error(
                f"the secret {arn} is not text",
                service="secretsmanager",
                operation="GetSecretValue",
                category="invalid",
                code="APO-AWS-037",
                lasting=True,
            )
        return text

    def budget(self) -> tuple[BucketState, ...]:
        """Every rate bucket in use, by account, region and name."""
        return self._calls.budget()

    # For the contexts.

    async def send(
        self,
        environment: Environment,
        asked: Asked,
        lane: Lane,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        once: bool = False,
        waited: float | None = None,
    ) -> dict[str, Any]:
        """One call of an environment, after its account was checked.

        :param waited: what `reserve` returned for it.
        """
        place, identity = await self._place(environment)
        try:
            return await self._calls.send(
                place, asked, lane, service, operation, params, once=once, waited=waited
            )
        except AwsError as failure:
            await self._doubt(place.login, identity, failure)
            raise

    async def reserve(self, environment: Environment, service: str, operation: str) -> float:
        """Wait until the rate of an urgent call allows it, and keep that for it. Returns the seconds it
        took."""
        place, _ = await self._place(environment)
        return await self._calls.reserve(place, "act", service, operation)

    async def give_back(self, environment: Environment, service: str, operation: str) -> None:
        """What was reserved is not needed."""
        place, _ = await self._place(environment)
        self._calls.give_back(place, "act", service, operation)

    async def batches(self, environment: Environment) -> Batches:
        """The batches that an environment's loads join."""
        place, _ = await self._place(environment)
        found = self._batches.get(place)
        if found is None:
            memory = self._memories.setdefault((place.account, place.region), Memory(self._memory_size))
            found = self._batches[place] = Batches(memory)
        return found

    def memory(self, environment: Environment) -> Memory | None:
        """What is remembered of an environment's account and region; None before its first call."""
        login = Login.of(environment, self._installation)
        region = self._regions.get((login, environment.spec.aws.region))
        identity = self._identities.get(login)
        if region is None or identity is None or not identity.account:
            return None
        return self._memories.setdefault((identity.account, region), Memory(self._memory_size))

    async def _place(self, environment: Environment) -> tuple[Place, _Identity]:
        login = Login.of(environment, self._installation)
        wanted = environment.spec.aws.region
        region = self._regions.get((login, wanted))
        identity = self._identities.get(login)
        if region is None or identity is None or not identity.account:
            if region is None:
                region = self._regions[login, wanted] = await self._region(environment)
            identity = await self._identify(login, region, environment)
        self._check_account(environment, identity)
        return Place(login, identity.account, region), identity

    async def _region(self, environment: Environment) -> str:
        try:
            return str(await self._calls.in_thread(partial(self._sessions.region, environment)))
        except Exception as raised:
            failure = translate(raised, "sts", "GetCallerIdentity")
        raise failure

    async def _identify(self, login: Login, region: str, environment: Environment) -> _Identity:
        identity = self._identities.setdefault(login, _Identity())
        async with identity.lock:
            if identity.account:
                return identity
            recent = self._clock.monotonic() - identity.failed_at < _REMEMBERED_FAILURE
            if identity.failure is not None and recent:
                raise identity.failure.with_traceback(None)
            try:
                answer = await self._calls.send(
                    Place(login, "", region),
                    Asked(self._installation, environment.name),
                    "act",
                    "sts",
                    "GetCallerIdentity",
                    {},
                )
            except AwsError as failure:
                identity.failure, identity.failed_at = failure, self._clock.monotonic()
                if failure.category == "credentials":
                    await self._calls.in_thread(partial(self._sessions.forget, login))
                raise
            identity.account, identity.arn = str(answer["Account"]), str(answer["Arn"])
            identity.failure = None
        return identity

    def _check_account(self, environment: Environment, identity: _Identity) -> None:
        wanted = environment.spec.aws.accountId
        if wanted is None or wanted == identity.account:
            return
        raise error(
            f"environment {environment.name} belongs to account {wanted}, but these credentials are of "
            f"account {identity.account} ({identity.arn})",
            service="sts",
            operation="GetCallerIdentity",
            category="credentials",
            code="APO-AWS-014",
            lasting=True,
        )

    async def _doubt(self, login: Login, identity: _Identity, failure: AwsError) -> None:
        """Credentials that AWS refuses are read anew at the next call, and their account checked again."""
        if failure.category == "credentials" and self._identities.get(login) is identity:
            del self._identities[login]
            await self._calls.in_thread(partial(self._sessions.forget, login))

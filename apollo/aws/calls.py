"""Sending one call: wait for AWS's rate, borrow a thread, translate what comes back, try a read again."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
from attrs import evolve, frozen

from apollo.aws.buckets import Bucket, BucketState, Lane
from apollo.aws.classify import error
from apollo.aws.faults import translate
from apollo.aws.hooks import Asked, asking
from apollo.aws.operations import Limit, bucket_of, is_mutating, limit_of
from apollo.aws.records import CallRecord
from apollo.aws.sessions import Login, Sessions
from apollo.clock import Clock
from apollo.errors import AwsError

__all__ = ["Calls", "Place"]

_log = logging.getLogger("apollo.aws")

_ATTEMPTS: Final = 4
_ATTEMPTS_TO_CONNECT: Final = 2  # a wrong endpoint stays wrong, and somebody is waiting for the message
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0
_QUOTA: Final = 50  # retries in hand per account and region; each success gives one back


@frozen
class Place:
    """An account and region, seen with one set of credentials."""

    login: Login
    account: str
    region: str


class Calls:
    """The way of every request of the process.

    :param threads: how many requests may be under way at once; one account and region gets two thirds of
        them, so that a slow one does not block the others.
    :param limits: AWS's buckets where they differ from the published table, by name.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        *,
        threads: int,
        share: float,
        limits: Mapping[str, Limit],
        on_call: Callable[[CallRecord], None] | None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._share = share
        self._limits = limits
        self._on_call = on_call
        self._threads = anyio.CapacityLimiter(threads)
        self._each = max(1, threads * 2 // 3)
        self._bulkheads: dict[tuple[str, str], anyio.CapacityLimiter] = {}
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._quotas: dict[tuple[str, str], int] = {}
        self._random = random.Random()

    async def send(
        self,
        place: Place,
        asked: Asked,
        lane: Lane,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        once: bool = False,
        waited: float | None = None,
    ) -> dict[str, Any]:
        """The answer, without botocore's metadata.

        :param once: never send it a second time, whatever comes back.
        :param waited: seconds that `reserve` took for it; None when nothing was reserved.
        :raises AwsError: classified.
        """
        bucket = self._bucket(place, service, operation)
        mutating = is_mutating(service, operation)
        where = (place.account, place.region)
        attempt = 0
        while True:
            attempt += 1
            asked_at = self._clock.monotonic()
            if waited is None:
                await bucket.take(lane)
            started = self._clock.monotonic()
            answer, request_id, failure = await self._in_thread(
                place, asked, service, operation, params, mutating
            )
            record = CallRecord(
                service=service,
                operation=operation,
                mutating=mutating,
                account=place.account,
                region=place.region,
                lane=lane,
                duration=self._clock.monotonic() - started,
                code=(failure.aws_code or failure.code) if failure else "",
                request_id=request_id,
                attempt=attempt,
                commit=asked.commit,
                env=asked.environment,
                category=failure.category if failure else "",
                waited=started - asked_at if waited is None else waited,
            )
            waited = None
            self._tell(record)
            if failure is None:
                self._quotas[where] = min(_QUOTA, self._quotas.get(where, _QUOTA) + 1)
                return answer
            if failure.category == "throttled":
                bucket.throttled()
            if once or mutating or not self._again(failure, attempt, where):
                raise failure
            ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (attempt - 1))
            await self._clock.sleep(self._random.uniform(ceiling / 2, ceiling))

    async def reserve(self, place: Place, lane: Lane, service: str, operation: str) -> float:
        """Wait until AWS's rate allows one call, and keep that for it. Returns the seconds it took."""
        asked_at = self._clock.monotonic()
        await self._bucket(place, service, operation).take(lane)
        return self._clock.monotonic() - asked_at

    def give_back(self, place: Place, lane: Lane, service: str, operation: str) -> None:
        """Undo a `reserve`: the call is not made."""
        self._bucket(place, service, operation).give_back(lane)

    def budget(self) -> tuple[BucketState, ...]:
        return tuple(bucket.state(*key) for key, bucket in sorted(self._buckets.items()))

    async def in_thread(self, function: Callable[[], Any]) -> Any:
        """Other blocking work of this room, under the same limit."""
        return await anyio.to_thread.run_sync(function, limiter=self._threads, abandon_on_cancel=True)

    def _bucket(self, place: Place, service: str, operation: str) -> Bucket:
        name = bucket_of(service, operation)
        key = (place.account, place.region, name)
        found = self._buckets.get(key)
        if found is None:
            limit = self._limits.get(name) or limit_of(name)
            found = self._buckets[key] = Bucket(limit, self._clock, share=self._share)
        return found

    async def _in_thread(
        self,
        place: Place,
        asked: Asked,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        mutating: bool,
    ) -> tuple[dict[str, Any], str, AwsError | None]:
        work = partial(
            self._request,
            place.login,
            evolve(asked, region=place.region),
            service,
            operation,
            dict(params),
        )
        where = (place.account, place.region)
        bulkhead = self._bulkheads.setdefault(where, anyio.CapacityLimiter(self._each))
        async with bulkhead:
            try:
                # A changing call is waited for even when its task is cancelled: a half-known write is worse
                # than a late exit.
                answer = await anyio.to_thread.run_sync(
                    work, limiter=self._threads, abandon_on_cancel=not mutating
                )
            except Exception as raised:
                # Raised by the caller outside of this block, so that the original, whose text may hold
                # anything, is not chained to it.
                failure = translate(raised, service, operation, params)
                return {}, failure.request_id, failure
        request_id = str(answer.pop("ResponseMetadata", {}).get("RequestId", ""))
        return answer, request_id, None

    def _request(
        self, login: Login, asked: Asked, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        asking.set(asked)  # in the thread's own copy of the context
        client = self._sessions.client(login, service, asked.region)
        if operation not in client.meta.service_model.operation_names:
            raise error(
                f"boto3 knows no operation {operation} of {service}",
                service=service,
                operation=operation,
                category="invalid",
                code="APO-AWS-035",
                lasting=True,
            )
        from botocore import xform_name

        answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
        return answer

    def _again(self, failure: AwsError, attempt: int, where: tuple[str, str]) -> bool:
        if failure.category not in ("throttled", "unavailable") or failure.code == "APO-AWS-006":
            return False
        if attempt >= (_ATTEMPTS_TO_CONNECT if failure.code == "APO-AWS-005" else _ATTEMPTS):
            return False
        left = self._quotas.get(where, _QUOTA)
        if left < 1:
            return False
        self._quotas[where] = left - 1
        return True

    def _tell(self, record: CallRecord) -> None:
        if self._on_call is None:
            return
        try:
            self._on_call(record)
        except Exception as raised:  # a listener's fault is not the call's
            _log.warning("a listener to AWS calls raised %s", type(raised).__name__)


def region_of(arn: str) -> str:
    """The region an ARN names, or an empty string."""
    found = re.match(r"arn:[\w-]+:[\w-]+:([\w-]*):", arn)
    return found[1] if found else ""

"""What every look for something has in common: found, absent, or not to be known."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from attrs import frozen

from apollo.api import AwsError, Context, Loader, Problem
from apollo.reads import together

__all__ = ["POLICY_HINT", "Arn", "Check", "Existing", "Unknown", "arn", "elsewhere", "find", "pages", "run"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Check = Callable[[], Awaitable[Iterable[Problem]]]
"""One check: what it found, in the order in which it is told."""

POLICY_HINT: Final = "apollo iam-policy --mode read --verify prints what the checks read"

_ARN = re.compile(r"arn:([\w-]+):([\w-]+):([\w-]*):(\d*|aws):(.+)", re.DOTALL)


@frozen
class Arn:
    """The parts of an ARN. ``resource`` is all that follows the account."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def arn(text: str) -> Arn | None:
    """``text`` as an ARN; None when it is none."""
    found = _ARN.fullmatch(text)
    return Arn(*found.groups()) if found else None


@frozen
class Unknown:
    """It could not be looked up."""

    why: str
    code: str = "APO-PRE-002"
    hint: str = ""

    def told(self, what: str, path: str) -> Problem:
        """``what``: the plural of what was not checked. The text is the same wherever the reason is, so that
        it is shown once."""
        return Problem(
            self.code, f"{what} are not checked: {self.why}", path=path, hint=self.hint, severity="unchecked"
        )


class Existing(Loader[K, V | Unknown]):
    """A loader of what a manifest may name; a key without a value is not there."""

    action: str
    """The IAM action that it needs, e.g. ``iam:GetRole``."""
    each: bool = False
    """Whether IAM can deny it for one key and allow it for another. If not, one denial is that of all."""

    @abstractmethod
    async def look(self, ctx: Context, keys: Sequence[K]) -> Mapping[K, V]:
        """The values found.

        :raises AwsError: what AWS refuses for one key's sake is found by asking for fewer.
        """
        ...

    async def fetch(self, ctx: Context, keys: Sequence[K]) -> Mapping[K, V | Unknown]:
        try:
            return dict(await self.look(ctx, keys))
        except AwsError as error:
            if error.category != "access-denied" or self.each:
                raise
            return dict.fromkeys(keys, _denied(self.action))


def _denied(action: str) -> Unknown:
    return Unknown(f"the credentials lack {action}", "APO-PRE-001", POLICY_HINT)


async def find(ctx: Context, loader: Existing[K, V], key: K) -> V | Unknown | None:
    """What AWS has under ``key``; None when it says that there is nothing."""
    try:
        return await ctx.load(loader, key)
    except AwsError as error:
        if error.category == "not-found":
            return None
        if error.category == "access-denied":
            return _denied(loader.action)
        return Unknown(error.message)


def elsewhere(ctx: Context, named: Arn, *, accounts: bool = True) -> Unknown | None:
    """Why something cannot be looked at from this environment: it is in another region or account.

    :param accounts: whether another account's is out of reach, too.
    """
    env = ctx.env
    if named.region and env.region and named.region != env.region:
        return Unknown(f"{named.region} is not the region of this environment", "APO-PRE-003")
    if accounts and named.account and env.account and named.account != env.account:
        return Unknown(f"account {named.account} is not that of this environment", "APO-PRE-003")
    return None


async def pages(
    ctx: Context, service: str, operation: str, token: str = "NextToken", sent: str = "", **params: Any
) -> AsyncIterator[Mapping[str, Any]]:
    """Every page of a list.

    :param token: the answer's name of what to ask for next. :param sent: the request's name of it, where it
        differs.
    """
    more: dict[str, str] = {}
    while True:
        page = await ctx.read(service, operation, **params, **more)
        yield page
        following = page.get(token)
        if not following or following == more.get(sent or token):
            return
        more = {sent or token: str(following)}


async def run(checks: Iterable[Check]) -> list[Problem]:
    """All checks at once, so that what they load shares calls; the findings in the order of the checks."""
    found = await together(lambda check: check(), checks)
    return [problem for problems in found for problem in problems]

"""Faults put in the way of calls: errors, throttling, delay, lost connections, answers that are wrong."""

import random
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from apollo.testing.buckets import Buckets
from apollo.testing.errors import ApiError
from apollo.testing.history import History
from apollo.testing.log import is_mutating

Kind = Literal[
    "error",
    "error_after",
    "throttle",
    "latency",
    "reset_before",
    "reset_after",
    "access_denied",
    "expired_token",
    "stale",
    "lost_page",
    "partial",
    "malformed",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))
_READS = frozenset({"stale", "lost_page", "partial"})
"""Kinds that only reads can have. stale: the answer of `seconds` ago, at the earliest of when the rule was
added. lost_page: it looks like the last page. partial: one of the resources found is in `failures` instead.

Every operation can be malformed: it takes effect, and its answer ends in the middle."""


@dataclass(slots=True, eq=False)
class Fault:
    """One rule. It fires for calls whose `service:Operation` matches, until it has fired `times` times."""

    action: str
    kind: Kind
    times: int | None = None
    """How often it fires; None is for ever."""
    probability: float = 1.0
    skip: int = 0
    """Let the first matching calls through."""
    code: str | None = None
    """Of an error; of partial, the reason, which is MISSING by default."""
    message: str | None = None
    status: int | None = None
    seconds: float = 1.0
    """Of latency, in real seconds: it is the client's own timeout that is being tried. Of stale, virtual."""
    account: str | None = None
    region: str | None = None
    hits: int = 0
    seen: int = field(default=0, repr=False)

    def matches(self, action: str, account: str, region: str) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if self.account not in (None, account) or self.region not in (None, region):
            return False
        if fnmatchcase(action, self.action):
            return True
        try:
            return re.fullmatch(self.action, action) is not None
        except re.error:
            return False


@dataclass(slots=True)
class Verdict:
    """What the faults decided about one call."""

    delay: float = 0.0
    error: ApiError | None = None
    error_applied: bool = False
    """The operation takes effect all the same, and its answer is replaced by `error`."""
    reset: Literal["before", "after"] | None = None
    stale: float | None = None
    """Answer as so many seconds ago."""
    spoiled: list[str] = field(default_factory=list)
    """The kinds that change the answer."""
    reason: str = "MISSING"
    """Of the failure in a partial answer."""


NO_FAULT = Verdict()


class Faults:
    """The rules in force, tried in the order in which they were added; each firing rule adds its effect."""

    def __init__(self, seed: int, history: History) -> None:
        self._seed = seed
        self._history = history
        self._buckets: Buckets | None = None
        self._random = random.Random(f"faults:{seed}")
        self.rules: list[Fault] = []

    def add(
        self,
        action: str,
        kind: Kind,
        *,
        times: int | None = None,
        probability: float = 1.0,
        skip: int = 0,
        code: str | None = None,
        message: str | None = None,
        status: int | None = None,
        seconds: float = 1.0,
        account: str | None = None,
        region: str | None = None,
    ) -> Fault:
        """Add a rule. `action` is a glob or a regular expression over `service:Operation`."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; one of {', '.join(sorted(KINDS))}")
        rule = Fault(action, kind, times, probability, skip, code, message, status, seconds, account, region)
        if kind == "stale":
            self._history.begin(seconds)
        self.rules.append(rule)
        return rule

    def throttle_like_aws(self, on: bool = True) -> None:
        """Refuse calls beyond the rates that AWS documents, per account and region, in virtual time."""
        self._buckets = Buckets() if on else None

    def remove(self, rule: Fault) -> None:
        self.rules.remove(rule)

    def clear(self) -> None:
        """Remove every rule, throttle no more, and begin the random sequence again."""
        self.rules.clear()
        self._buckets = None
        self._history.end()
        self._random = random.Random(f"faults:{self._seed}")

    def judge(
        self, service: str, operation: str, account: str, region: str, caller: str, now: float
    ) -> Verdict:
        if not self.rules and self._buckets is None:
            return NO_FAULT
        verdict = Verdict()
        if self._buckets is not None and not self._buckets.take(service, operation, account, region, now):
            verdict.error = _error(Fault("*", "throttle"), service, operation, caller)
            return verdict
        action = f"{service}:{operation}"
        for rule in self.rules:
            if not rule.matches(action, account, region):
                continue
            if rule.kind in _READS and is_mutating(service, operation):
                continue
            rule.seen += 1
            if rule.seen <= rule.skip:
                continue
            if rule.probability < 1 and self._random.random() >= rule.probability:
                continue
            rule.hits += 1
            if rule.kind == "latency":
                verdict.delay += rule.seconds
                continue
            if rule.kind in _READS or rule.kind == "malformed":
                verdict.spoiled.append(rule.kind)
                if rule.kind == "stale":
                    verdict.stale = rule.seconds
                elif rule.kind == "partial":
                    verdict.reason = rule.code or verdict.reason
                continue
            if rule.kind == "reset_before":
                verdict.reset = "before"
            elif rule.kind == "reset_after":
                verdict.reset = "after"
            else:
                verdict.error = _error(rule, service, operation, caller)
                verdict.error_applied = rule.kind == "error_after"
            break
        return verdict


_THROTTLED = {
    "autoscaling": ("Throttling", 400),
    "cloudformation": ("Throttling", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "elbv2": ("Throttling", 400),
    "iam": ("Throttling", 400),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
    "route53": ("Throttling", 400),
    "s3": ("SlowDown", 503),
    "sns": ("Throttling", 400),
    "sts": ("Throttling", 400),
}
"""Throttling is a 400 in JSON services; others have names of their own for it.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
_DENIED = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
_XML = frozenset(_THROTTLED) - {"resourcegroupstaggingapi"}
"""Services that answer in XML: their common errors have other names, and 403 where JSON has 400.
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"""


def _error(rule: Fault, service: str, operation: str, caller: str) -> ApiError:
    query = service in _XML
    throttled, throttled_status = _THROTTLED.get(service, ("ThrottlingException", 400))
    defaults: dict[str, tuple[str, str, int]] = {
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
        "throttle": (throttled, "Rate exceeded", throttled_status),
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
        "access_denied": (
            _DENIED.get(service, "AccessDenied") if query else "AccessDeniedException",
            (
                f"User: {caller} is not authorized to perform: {service}:{operation} on resource: * because "
                f"no identity-based policy allows the {service}:{operation} action"
            ),
            403 if query else 400,
        ),
        "expired_token": (
            "ExpiredToken" if query else "ExpiredTokenException",
            "The security token included in the request is expired",
            403 if query else 400,
        ),
    }
    code, message, status = defaults.get(
        rule.kind,
        ("InternalFailure" if query else "ServerException", "Service Unavailable. Please try again.", 500),
    )
    return ApiError(rule.code or code, rule.message or message, rule.status or status)


def as_dict(rule: Fault) -> dict[str, Any]:
    """A rule as the control API shows it."""
    return {name: getattr(rule, name) for name in Fault.__dataclass_fields__ if name != "seen"}

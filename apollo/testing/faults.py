"""Faults put in the way of calls: errors, throttling, delay, lost connections, refused credentials."""

import random
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from apollo.testing.errors import ApiError

Kind = Literal[
    "error",
    "error_after",
    "throttle",
    "latency",
    "reset_before",
    "reset_after",
    "access_denied",
    "expired_token",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))


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
    message: str | None = None
    status: int | None = None
    seconds: float = 1.0
    """Of latency, in real seconds: it is the client's own timeout that is being tried."""
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


NO_FAULT = Verdict()


class Faults:
    """The rules in force, tried in the order in which they were added; each firing rule adds its effect."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
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
        self.rules.append(rule)
        return rule

    def remove(self, rule: Fault) -> None:
        self.rules.remove(rule)

    def clear(self) -> None:
        """Remove every rule and begin the random sequence again."""
        self.rules.clear()
        self._random = random.Random(f"faults:{self._seed}")

    def judge(self, service: str, operation: str, account: str, region: str, caller: str) -> Verdict:
        if not self.rules:
            return NO_FAULT
        verdict = Verdict()
        action = f"{service}:{operation}"
        for rule in self.rules:
            if not rule.matches(action, account, region):
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
            if rule.kind == "reset_before":
                verdict.reset = "before"
            elif rule.kind == "reset_after":
                verdict.reset = "after"
            else:
                verdict.error = _error(rule, service, operation, caller)
                verdict.error_applied = rule.kind == "error_after"
            break
        return verdict


def _error(rule: Fault, service: str, operation: str, caller: str) -> ApiError:
    query = service in ("sts", "elbv2")
    defaults: dict[str, tuple[str, str, int]] = {
        # Throttling is a 400 in JSON services; query services call it Throttling.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
        "throttle": ("Throttling" if query else "ThrottlingException", "Rate exceeded", 400),
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
        "access_denied": (
            "AccessDenied" if query else "AccessDeniedException",
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

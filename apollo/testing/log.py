"""What was asked of the local AWS, call by call."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

_READ_PREFIXES = (
    *(
        "Describe",
        "List",
        "Get",
        "BatchGet",
        "Discover",
        "Lookup",
        "Search",
        "Query",
        "Scan",
        "Head",
        "Filter",
    ),
    *("Simulate", "Test", "Check", "BatchCheck", "TransactGet", "Select"),
)
_READ_SERVICES = frozenset({"sts"})


def is_mutating(service: str, operation: str) -> bool:
    """Whether an operation can change state, by AWS's naming of operations."""
    return service not in _READ_SERVICES and not operation.startswith(_READ_PREFIXES)


@dataclass(slots=True)
class Request:
    """One call: who asked what, when, and how it ended."""

    seq: int
    time: float
    service: str
    operation: str
    mutating: bool
    account: str
    region: str
    params: dict[str, Any]
    user_agent: str
    outcome: str = "OK"
    """"OK", the AWS error code, or the name of the fault that swallowed the answer."""
    applied: bool = True
    """Whether the operation took effect; an answer lost after the effect has applied=True."""

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class RequestLog:
    """The last `limit` calls, and a count of all of them."""

    def __init__(self, limit: int = 200_000) -> None:
        self._entries: deque[Request] = deque(maxlen=limit)
        self._counts: Counter[str] = Counter()
        self._seq = 0

    def add(
        self,
        time: float,
        service: str,
        operation: str,
        account: str,
        region: str,
        params: dict[str, Any],
        user_agent: str,
    ) -> Request:
        self._seq += 1
        entry = Request(
            self._seq,
            time,
            service,
            operation,
            is_mutating(service, operation),
            account,
            region,
            params,
            user_agent,
        )
        self._entries.append(entry)
        self._counts[entry.action] += 1
        return entry

    def __iter__(self) -> Iterator[Request]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def counts(self) -> dict[str, int]:
        """How often each action was called since the last clear."""
        return dict(self._counts)

    def clear(self) -> None:
        """Forget the calls; the sequence goes on."""
        self._entries.clear()
        self._counts.clear()

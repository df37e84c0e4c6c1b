"""One HTTP request and its answer, as the rooms behind the server see them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class HttpRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class Reply:
    """An answer, or the lack of one."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    """Drop the connection instead of answering."""
    length: int | None = None
    """The content-length that is told when it is not the body's: in the answer to HEAD."""
    again: "Callable[[], Reply] | None" = None
    """Do not answer yet: call this a little later for a newer answer. It may say so once more."""

"""Where spans go: commit → reconcile → AWS call. Nothing is traced unless somebody hands in a tracer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

__all__ = ["NoTracer", "Span", "Tracer", "current", "inside"]


class Span(Protocol):
    """Something that takes time."""

    def end(self, error: str = "") -> None:
        """It is over. ``error`` is a code or a reason, never a text that may hold what a user wrote."""
        ...


class Tracer(Protocol):
    """Takes spans. Called in the event loop: it must neither block nor raise."""

    def begin(self, name: str, attributes: Mapping[str, str], parent: Span | None) -> Span:
        """A span begins now."""
        ...

    def done(
        self, name: str, seconds: float, attributes: Mapping[str, str], parent: Span | None, error: str = ""
    ) -> None:
        """A span of so many seconds is over now."""
        ...


class _NoSpan:
    def end(self, error: str = "") -> None:
        pass


class NoTracer:
    """Traces nothing."""

    _span = _NoSpan()

    def begin(self, name: str, attributes: Mapping[str, str], parent: Span | None) -> Span:
        return self._span

    def done(
        self, name: str, seconds: float, attributes: Mapping[str, str], parent: Span | None, error: str = ""
    ) -> None:
        pass


_current: ContextVar[Span | None] = ContextVar("apollo_span", default=None)


def current() -> Span | None:
    """The span that this task works in."""
    return _current.get()


@contextmanager
def inside(span: Span) -> Iterator[None]:
    """What this task starts inside belongs to the span."""
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)

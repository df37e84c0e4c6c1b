"""Spans to OpenTelemetry. Needs the extra ``otel``; imported only where traces are wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from attrs import frozen
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from apollo import __version__
from apollo.operator.tracing import Span, Tracer

__all__ = ["OtelTracer", "exporting"]

_LAST: Final = 3.0
"""Seconds for the last spans at the end; a collector that hangs must not hold up the process."""


@frozen(eq=False)
class _Span:
    span: trace.Span

    def end(self, error: str = "") -> None:
        if error:
            self.span.set_status(trace.StatusCode.ERROR, error)
        self.span.end()


class OtelTracer:
    """A `Tracer` over a tracer provider: the program's own, or the one of `exporting`."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._tracer = provider.get_tracer("apollo", __version__)

    def begin(self, name: str, attributes: Mapping[str, str], parent: Span | None) -> Span:
        return _Span(self._start(name, attributes, parent, None))

    def done(
        self, name: str, seconds: float, attributes: Mapping[str, str], parent: Span | None, error: str = ""
    ) -> None:
        now = time.time_ns()
        span = self._start(name, attributes, parent, now - int(seconds * 1e9))
        if error:
            span.set_status(trace.StatusCode.ERROR, error)
        span.end(end_time=now)

    def _start(
        self, name: str, attributes: Mapping[str, str], parent: Span | None, began: int | None
    ) -> trace.Span:
        # Without a parent of ours there is none: the span that happens to be current is the host program's.
        above = parent.span if isinstance(parent, _Span) else trace.INVALID_SPAN
        context = trace.set_span_in_context(above)
        given = {key: value for key, value in attributes.items() if value}
        return self._tracer.start_span(name, context, attributes=given, start_time=began)


@contextmanager
def exporting() -> Iterator[Tracer]:
    """A tracer that sends to the endpoint, with the sampling and under the name that the standard ``OTEL_…``
    variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    resource = Resource.create({"service.version": __version__})
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "apollo"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=2)))
    try:
        yield OtelTracer(provider)
    finally:
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(_LAST)

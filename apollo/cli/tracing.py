"""OpenTelemetry for ``apollo run``: only where somebody takes the spans and the extra is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apollo.operator.tracing import Tracer

__all__ = ["otel"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


@contextmanager
def otel() -> Iterator[Tracer | None]:
    """A tracer, where the standard variables name an endpoint.

    :raises ApolloError: ``APO-WEB-003`` when the packages for it are missing.
    """
    wanted = any(os.environ.get(name) for name in _ENDPOINTS)
    if not wanted or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield None
        return
    try:
        from apollo.operator.otel import exporting
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        missing = error.name
    else:
        with exporting() as tracer:
            yield tracer
        return
    from apollo.errors import ApolloError

    raise ApolloError(
        f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and {missing} is not installed",
        code="APO-WEB-003",
        hint='pip install "apollo-ecs[otel]", or take the variable away',
    )

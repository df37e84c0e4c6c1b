"""Spans: a commit, the reconciles it brings about, and their calls to AWS."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from apollo.operator.otel import OtelTracer
from tests.integration.world import World
from tests.web.conftest import healthy, serving, until
from tests.web.test_metrics import CANARY, files

pytestmark = pytest.mark.anyio


async def test_a_commit_a_reconcile_and_a_call_hang_together(world: World) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sha = world.write(files())

    def spans(name: str) -> list[ReadableSpan]:
        return [span for span in exporter.get_finished_spans() if span.name == name]

    async with serving(world, tracer=OtelTracer(provider)) as site:
        await until(lambda: healthy(site.operator) and spans("commit"))
    (commit,) = spans("commit")
    assert commit.attributes is not None
    assert commit.attributes["apollo.commit"] == sha
    assert commit.status.is_ok or commit.status.is_unset
    (call,) = spans("ecs:CreateService")
    by_id = {span.context.span_id: span for span in exporter.get_finished_spans()}
    assert call.parent is not None
    reconcile = by_id[call.parent.span_id]
    assert reconcile.name == "reconcile"
    assert reconcile.attributes is not None
    assert reconcile.attributes["apollo.group"] == "Service/web"
    assert reconcile.parent is not None
    assert by_id[reconcile.parent.span_id] is commit
    assert call.context.trace_id == commit.context.trace_id
    assert call.attributes is not None
    assert call.attributes["aws.request_id"]
    assert CANARY not in "".join(span.to_json() for span in exporter.get_finished_spans())


async def test_what_aws_refuses_is_an_error_with_its_code_and_no_text(world: World) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    world.aws.faults.add("ecs:CreateService", "access_denied")
    world.write(files())
    async with serving(world, tracer=OtelTracer(provider)):
        await until(lambda: any(one.name == "ecs:CreateService" for one in exporter.get_finished_spans()))
    call = next(one for one in exporter.get_finished_spans() if one.name == "ecs:CreateService")
    assert call.status.status_code.name == "ERROR"
    assert call.status.description == "AccessDeniedException"


@pytest.mark.parametrize(
    "extra", [{}, {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}]
)
def test_unasked_it_is_not_even_imported(extra: dict[str, str]) -> None:
    program = (
        "import sys\nfrom apollo.cli.tracing import otel\nimport apollo.operator\n"
        "with otel() as tracer: print(tracer, [m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=extra, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None []"


def test_asked_for_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from apollo.cli.tracing import otel
    from apollo.errors import ApolloError

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.delitem(sys.modules, "apollo.operator.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ApolloError) as caught, otel():
        pass
    assert caught.value.code == "APO-WEB-003"

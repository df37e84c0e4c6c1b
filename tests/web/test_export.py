"""Spans leave the process as OTLP over HTTP; a collector that hangs holds up nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import Checkout
from tests.web.test_process import aws, checkout, operator, until

__all__ = ["aws", "checkout"]


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


def test_the_spans_of_a_rollout_arrive(
    checkout: Checkout, aws: LocalAws, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    url, received = collector
    with operator(checkout, {**aws.env(), "OTEL_EXPORTER_OTLP_ENDPOINT": url}) as running:
        until(lambda: any("synced Service/web" in line["msg"] for line in running.lines()))
        assert running.end() == 0
    assert {path for path, _ in received} == {"/v1/traces"}
    bodies = b"".join(body for _, body in received)
    for word in (b"apollo", b"reconcile", b"ecs:CreateService", checkout.git("rev-parse", "HEAD").encode()):
        assert word in bodies
    assert b"stage.example.com" not in bodies  # a value of the manifest


def test_a_collector_that_hangs_holds_up_nothing(checkout: Checkout, aws: LocalAws) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with operator(checkout, {**aws.env(), "OTEL_EXPORTER_OTLP_ENDPOINT": url}) as running:
            until(lambda: any("synced Service/web" in line["msg"] for line in running.lines()))
            assert running.end() == 0

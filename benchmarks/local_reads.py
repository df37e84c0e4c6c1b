"""The local AWS against moto's server: DescribeServices of ten services on one connection, and the start.

Each in a process of its own, asked in turns by one client that does nothing else. moto is installed into a
folder of temporary files the first time.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Row

__all__ = ["run"]

_SERVE = "import sys; from apollo.testing import serve; serve(int(sys.argv[1]))"
_SCOPE = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/ecs/aws4_request"
_NAMES = [f"s{number}" for number in range(10)]
_TICK = os.sysconf("SC_CLK_TCK")


def run(tiny: bool) -> Iterator[Row]:
    calls, rounds = (5, 1) if tiny else (200, 7)
    starts = []
    for _ in range(1 if tiny else 5):
        begin = time.perf_counter()
        with _ours() as (port, _):
            _Client(port).call("ListClusters")
            starts.append(time.perf_counter() - begin)
    yield Row("local", "start to the first answer", statistics.median(starts), "s", ("<=", 1.0))
    # In small, ours is held against itself: nothing is installed for that.
    with _ours() as ours, _ours() if tiny else _moto() as theirs:
        subjects = [(_Client(port), pid) for port, pid in (ours, theirs)]
        for client, _ in subjects:
            _stage(client)
            _many(client, 5)
        taken: list[list[tuple[float, float]]] = [[], []]
        for _ in range(rounds):
            for found, (client, pid) in zip(taken, subjects, strict=True):
                begin, used = time.perf_counter(), _cpu(pid)
                _many(client, calls)
                found.append((time.perf_counter() - begin, _cpu(pid) - used))
    rate = statistics.median(their / our for (our, _), (their, _) in zip(*taken, strict=True))
    ours_each, moto_each = (sum(cpu for _, cpu in found) / rounds / calls * 1e3 for found in taken)
    fastest = calls / min(wall for wall, _ in taken[0])
    yield Row("local", "DescribeServices of 10: rate ÷ moto's", rate, "x", (">=", 4.0), f"{fastest:,.0f} /s")
    note = f"{ours_each:.2f} ms and {moto_each:.2f} ms a call"
    share = ours_each / max(moto_each, 1e-9)
    yield Row("local", "DescribeServices of 10: server's CPU ÷ moto's", share, "x", ("<=", 0.2), note)


class _Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, operation: str, **given: Any) -> Any:
        headers = {
            "x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}",
            "content-type": "application/x-amz-json-1.1",
            "authorization": f"{_SCOPE}, SignedHeaders=host, Signature=0",
        }
        self._connection.request("POST", "/", json.dumps(given), headers)
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{operation}: {reply.status} {body[:300]!r}")
        return json.loads(body)


def _stage(client: _Client) -> None:
    client.call("CreateCluster", clusterName="green")
    containers = [{"name": "app", "image": "web:1", "memory": 128, "portMappings": [{"containerPort": 80}]}]
    client.call("RegisterTaskDefinition", family="web", containerDefinitions=containers)
    for name in _NAMES:
        client.call(
            "CreateService", cluster="green", serviceName=name, taskDefinition="web", desiredCount=0,
            launchType="EC2",
        )  # fmt: skip


def _many(client: _Client, calls: int) -> None:
    for _ in range(calls):
        answer = client.call("DescribeServices", cluster="green", services=_NAMES)
        if len(answer["services"]) != len(_NAMES):
            raise RuntimeError(f"not all were found: {answer['failures']}")


def _cpu(pid: int) -> float:
    """Seconds of user and system time that a process has used, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def _ours() -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(port)], cwd=ROOT)
    try:
        _until(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def _until(works: Callable[[], None]) -> None:
    for _ in range(1000):
        try:
            return works()
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server did not start")


@contextmanager
def _moto() -> Iterator[tuple[int, int]]:
    from tests.conformance import environments

    program = environments.moto()
    try:
        endpoint = program.start()
        assert program.pid is not None
        yield int(endpoint.rpartition(":")[2]), program.pid
    finally:
        program.stop()

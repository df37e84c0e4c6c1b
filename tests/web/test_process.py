"""The operator as a process: asked for its health, told to end while somebody holds on, left with orphans."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import Checkout, checkout

__all__ = ["checkout"]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(speed=120) as local:
        local.client("ecs").create_cluster(clusterName="green")
        local.clear()
        yield local


class Running:
    """An operator and what it logs."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    def lines(self) -> list[dict[str, str]]:
        text = self.log.read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]

    @property
    def address(self) -> str:
        until(lambda: "answering on" in self.log.read_text())
        (line,) = [one["msg"] for one in self.lines() if "answering on" in one["msg"]]
        return line.removeprefix("answering on http://")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=25)


@contextmanager
def operator(
    checkout: Checkout, environment: Mapping[str, str], *prefix: str, listen: str = "127.0.0.1:0"
) -> Iterator[Running]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    log = checkout.folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*(prefix or (sys.executable, "-m", "apollo")), "run", "--listen", listen],
            cwd=checkout.folder,
            env={**kept, **environment},
            stdout=subprocess.DEVNULL,
            stderr=stream,
            text=True,
        )
        try:
            yield Running(process, log)
        finally:
            process.kill()
            process.wait()


def until(done: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ask(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "apollo", "healthcheck", *words],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_asked_how_it_is(checkout: Checkout, aws: LocalAws) -> None:
    with operator(checkout, aws.env()) as running:
        address = running.address
        assert ask(APOLLO_LISTEN=address).returncode == 0
        until(lambda: ask("--ready", APOLLO_LISTEN=address).returncode == 0)
        everywhere = "0.0.0.0:" + address.partition(":")[2]
        assert ask(APOLLO_LISTEN=everywhere).returncode == 0
        assert json.loads(ask("--url", f"http://{address}").stdout)["ok"] is True
        assert running.end() == 0
    gone = ask(APOLLO_LISTEN=address)
    assert gone.returncode == 1
    assert "nobody answers at" in gone.stderr


def test_asking_needs_the_standard_library_only() -> None:
    program = (
        "import sys\nsys.argv = ['apollo', 'healthcheck', '--url', 'http://127.0.0.1:9', '--timeout', '1']\n"
        "from apollo.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code, sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, modules = done.stdout.split(" ", 1)
    assert code == "1"
    for heavy in ("click", "attrs", "anyio", "asyncio", "pydantic", "yaml", "importlib.metadata"):
        assert f"'{heavy}'" not in modules


def test_an_odd_question_is_explained() -> None:
    assert "http://127.0.0.1:8080" in ask("--url", "nonsense").stderr
    assert ask("--wrong").returncode == 1
    assert "apollo healthcheck" in ask("--help").stdout


def test_it_ends_in_time_whoever_holds_on(checkout: Checkout, aws: LocalAws) -> None:
    """An idle connection that is kept alive, half of a request, and a client that asks and never reads."""
    with operator(checkout, aws.env()) as running:
        host, port = running.address.split(":")
        held = [socket.create_connection((host, int(port))) for _ in range(3)]
        held[0].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held[0].recv(1000).startswith(b"HTTP/1.1 200")
        held[1].sendall(b"GET /metrics HTTP/1.1\r\nHo")
        held[2].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        held[2].sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        assert running.end() == 0
        for one in held:
            one.close()
        assert "Traceback" not in running.log.read_text()
        assert "exception" not in running.log.read_text().lower()


def test_a_line_names_its_reconcile_and_the_request(checkout: Checkout, aws: LocalAws) -> None:
    with operator(checkout, aws.env()) as running:
        until(lambda: any("CreateService" in line["msg"] for line in running.lines()))
        lines = running.lines()
        assert running.end() == 0
    acted = next(line for line in lines if "CreateService" in line["msg"])
    sent = next(request for request in aws.requests if request.operation == "CreateService")
    assert acted["request_id"].startswith(f"{sent.seq:08x}-")
    assert acted["commit"] == checkout.git("rev-parse", "HEAD")
    assert (acted["environment"], acted["app"], acted["key"]) == ("stage", "web", "Service/web")
    begun = [line for line in lines if line.get("reconcile") == acted["reconcile"]]
    assert {line["key"] for line in begun} == {"Service/web"}
    assert len({line["reconcile"] for line in lines if "reconcile" in line}) >= 2


def test_a_taken_address_is_said_before_anything_begins(checkout: Checkout, aws: LocalAws) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with operator(checkout, aws.env(), listen=f"127.0.0.1:{port}") as running:
            assert running.process.wait(timeout=40) == 1
            assert "APO-WEB-002" in running.log.read_text()
    assert not aws.mutations()


_ADOPTING = """
import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
subprocess.run(['sh', '-c', 'sleep 3 & echo $! > orphan'])  # the shell ends at once, and leaves a sleeper
import apollo.cli.reaper as reaper
reaper.reap_forever.__defaults__ = (0.2,)
from apollo.__main__ import main
sys.argv[0] = 'apollo'
main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans are adopted on Linux only")
def test_what_its_children_leave_behind_is_reaped(checkout: Checkout, aws: LocalAws) -> None:
    """As process 1 of a container would: an orphan ends, and does not stay in the table of processes."""
    adopting = (sys.executable, "-c", _ADOPTING)
    with operator(checkout, aws.env(), *adopting) as running:
        until(
            lambda: (checkout.folder / "orphan").exists() and (checkout.folder / "orphan").read_text() != ""
        )
        orphan = int((checkout.folder / "orphan").read_text())
        stat = Path(f"/proc/{orphan}/stat")
        assert stat.read_text().rpartition(")")[2].split()[1] == str(running.process.pid)
        until(lambda: not stat.exists())
        until(lambda: any("synced Service/web" in line["msg"] for line in running.lines()))
        assert running.end() == 0  # its own children were left to who waits for them

"""The operator as a process: it starts, it deploys, and it ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import Checkout


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(speed=120) as local:
        local.client("ecs").create_cluster(clusterName="green")
        local.clear()
        yield local


@contextmanager
def operator(
    checkout: Checkout, aws: LocalAws, *args: str, log: IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "apollo", "run", *args],
        cwd=checkout.folder,
        env=kept | aws.env(),
        stdout=subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(done: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def called(aws: LocalAws, operation: str) -> bool:
    return any(one.operation == operation for one in aws.requests)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_merge_is_deployed_and_a_signal_drains(
    checkout: Checkout, aws: LocalAws, number: signal.Signals, code: int
) -> None:
    with operator(checkout, aws) as process:
        until(lambda: called(aws, "CreateService"))
        checkout.commit("desiredCount: 2", "desiredCount: 3")
        until(lambda: called(aws, "UpdateService"))
        process.send_signal(number)
        _, err = process.communicate(timeout=25)
    assert process.returncode == code, err
    assert "Traceback" not in err


def test_a_call_in_flight_is_finished_and_no_other_is_started(checkout: Checkout, aws: LocalAws) -> None:
    aws.faults.add("ecs:RegisterTaskDefinition", "latency", seconds=1.5)
    with operator(checkout, aws) as process:
        until(lambda: called(aws, "RegisterTaskDefinition"))  # it has arrived, and is not answered yet
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=25)
    assert process.returncode == 0, err
    assert not called(aws, "CreateService")


def test_a_second_signal_ends_at_once(checkout: Checkout, aws: LocalAws) -> None:
    aws.faults.add("ecs:DescribeServices", "latency", seconds=30)
    aws.faults.add("ecs:ListServices", "latency", seconds=30)
    with operator(checkout, aws) as process:
        assert process.stderr is not None
        until(lambda: "serving stage" in process.stderr.readline())
        until(lambda: bool(aws.requests))
        process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in process.stderr.readline())
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert time.monotonic() - begin < 5
    assert process.returncode == 130


def test_sighup_takes_the_configuration_over_and_every_line_is_one_event(
    checkout: Checkout, aws: LocalAws
) -> None:
    config = checkout.folder / "apollo.yaml"
    good = config.read_text()
    log = checkout.folder / "log"
    with log.open("w") as stream, operator(checkout, aws, "--listen", "127.0.0.1:0", log=stream) as process:
        until(lambda: "synced Service/web" in log.read_text())
        config.write_text(good.replace("subnet-b", "subnet-c").replace("cluster:", "clutser:"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the configuration cannot be read, the one in force stays" in log.read_text())
        config.write_text(good.replace("123456789012", "999999999999"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "cannot be served, the one before it is" in log.read_text())
        assert not called(aws, "UpdateService")
        config.write_text(good.replace("subnet-b", "subnet-c"))
        process.send_signal(signal.SIGHUP)
        until(lambda: called(aws, "UpdateService"))
        config.write_text(good)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=25) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"ts", "level", "msg"} <= line.keys() and "trace" not in line for line in lines)
    asked = {line["msg"] for line in lines if line["msg"].startswith("answering on")}
    assert len(asked) == 1  # who asks for its health asks at the same place
    refused = [line["msg"] for line in lines if line["level"] == "error"]
    assert "did you mean 'cluster'?" in refused[0]
    assert "999999999999" in refused[1]


def test_a_thread_that_a_plugin_began_does_not_keep_a_command_from_ending() -> None:
    program = (
        "import sys, threading\nthreading.Thread(target=threading.Event().wait).start()\n"
        "sys.argv = ['apollo', 'explain', 'APO-NONE-001']\nfrom apollo.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "there is no error code" in done.stderr


def test_what_is_wrong_at_the_start_ends_it(checkout: Checkout, aws: LocalAws) -> None:
    config = checkout.folder / "apollo.yaml"
    config.write_text(config.read_text().replace("123456789012", "999999999999"))
    with operator(checkout, aws) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "999999999999" in err
    assert "Traceback" not in err
    with operator(checkout, aws, "-e", "nope") as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "there is no environment 'nope'" in err

"""The operator as a process: it starts, it deploys, and it ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
def operator(checkout: Checkout, aws: LocalAws, *args: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "apollo", "run", *args],
        cwd=checkout.folder,
        env=kept | aws.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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

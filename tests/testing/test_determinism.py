"""One seed, one course of things: two runs of the whole in two processes have equal logs and equal states."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apollo.testing import LocalAws

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def play(folder: Path, port: int, seed: int) -> dict[str, Any]:
    folder.mkdir()
    when = "2026-01-01T00:00:00Z"
    done = subprocess.run(
        [sys.executable, "-m", "tests.testing.deterministic", str(folder), str(seed)],
        cwd=ROOT,
        env={
            **os.environ,
            "PORT": str(port),
            "PYTHONHASHSEED": "0",  # the client starts what is in a set in the order of the set
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_two_runs_with_one_seed_are_equal(tmp_path: Path) -> None:
    """Requests with their times and parameters, ids, moto's part and the events in a queue."""
    pytest.importorskip("moto")
    port = free_port()  # it is part of SQS's addresses
    first = play(tmp_path / "1", port, 5)
    second = play(tmp_path / "2", port, 5)
    assert len(first["log"]) > 80 and len(first["heard"]) == 10
    assert any(request["outcome"] == "ThrottlingException" for request in first["log"])
    assert first["log"] == second["log"]
    assert first["state"] == second["state"]
    assert first["heard"] == second["heard"]


def test_the_state_is_all_there_is() -> None:
    """Identifiers of another seed are others; what no one has touched is not there."""
    states = []
    for seed in (1, 2):
        with LocalAws(seed=seed) as aws:
            assert aws.state()["aws"] == {} and aws.state()["moto"] == {}
            ecs = aws.client("ecs")
            ecs.create_cluster(clusterName="green")
            ecs.register_task_definition(
                family="web", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64}]
            )
            ecs.run_task(cluster="green", taskDefinition="web", launchType="EXTERNAL")
            states.append(aws.state()["aws"]["123456789012/eu-west-1/ecs"])
            json.dumps(states[-1])
    assert states[0]["clusters"] == states[1]["clusters"]
    assert states[0]["families"].keys() == states[1]["families"].keys()

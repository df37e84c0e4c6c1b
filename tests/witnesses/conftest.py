"""Running the programs of the witnesses' environment."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from apollo.testing import LocalAws

Json = dict[str, Any]
PROGRAMS = Path(os.environ.get("WITNESSES", Path(__file__).parents[2] / ".venv-witnesses")) / "bin"
NETWORK: Json = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}}


class Shell:
    """A terminal of somebody whose AWS is the local one."""

    def __init__(self, aws: LocalAws, home: Path) -> None:
        self.aws = aws
        self._home = home
        self.covered: set[tuple[str, str]] = set()

    def run(self, program: str, *arguments: str, fails: bool = False) -> str:
        """Both streams. It ends well, unless it has to fail."""
        path = PROGRAMS / program
        if not path.exists():
            pytest.fail(f"there is no {path}; `make witnesses` installs it", pytrace=False)
        done = subprocess.run(
            [str(path), *arguments],
            env={"PATH": f"{self._home}:{PROGRAMS}:/usr/bin:/bin", "HOME": str(self._home), **self.aws.env()},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, f"{program} {' '.join(arguments)}: {done.returncode}\n{said}"
        return done.stdout if not fails else said

    def call(self, service: str, operation: str, given: Mapping[str, Any] | None = None) -> Json:
        """One operation through the aws CLI; its answer."""
        from botocore import xform_name

        self.covered.add((service, operation))
        name = xform_name(operation, "-")
        extra = ["--cli-input-json", json.dumps(given)] if given else []
        out = self.run("aws", service, name, "--output", "json", *extra)
        return dict(json.loads(out)) if out.strip() else {}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Time runs by itself, twenty times as fast as a clock."""
    plugin = tmp_path / "session-manager-plugin"  # `aws ecs execute-command` hands the session to it
    plugin.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    plugin.chmod(0o755)
    with LocalAws(seed=7, speed=20) as aws:
        yield Shell(aws, tmp_path)


@pytest.fixture
def stage(shell: Shell) -> Shell:
    """A cluster `green` with a task definition `web` and its service of two tasks, which are running."""
    ecs = shell.aws.client("ecs")
    ecs.create_cluster(clusterName="green")
    ecs.register_task_definition(**definition("web"))
    ecs.create_service(**service("web"))
    shell.aws.settle()
    return shell


def definition(family: str) -> Json:
    """What RegisterTaskDefinition takes for a Fargate task of one container `app`."""
    return {
        "family": family,
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {"name": "app", "image": f"{family}:1", "portMappings": [{"containerPort": 80}]}
        ],
    }


def service(name: str, **extra: Any) -> Json:
    return {
        "cluster": "green",
        "serviceName": name,
        "taskDefinition": name,
        "desiredCount": 2,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    } | extra

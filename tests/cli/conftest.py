"""A repository, a local AWS whose time passes whenever Apollo waits, and a shell that points at both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio.lowlevel
import pytest

from apollo.testing import LocalAws

MANIFEST = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  cpu: 256
  memory: 512
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
  executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecution
  containerDefinitions:
    - name: app   # the web server
      image: repo/web:1
      environment: [{name: DOMAIN, value: "${{ var.domain }}"}]
---
apiVersion: apollo/v1
kind: Service
metadata: {name: web}
spec:
  launchType: FARGATE
  desiredCount: 2
  networkConfiguration: {awsvpcConfiguration: {subnets: "${{ var.subnets }}", securityGroups: [sg-a]}}
"""

CONFIG = """\
apiVersion: apollo/v1
kind: Installation
metadata: {name: acme}
spec: {store: "sqlite:.apollo/state.db"}
---
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  source: {repo: ., branch: main, path: apps}
  aws: {region: eu-west-1, accountId: "123456789012"}
  cluster: green
  variables: {domain: stage.example.com, subnets: [subnet-a, subnet-b]}
  defaults:
    Service: {deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}}
"""


class Passing:
    """The machine's clock, but a sleep takes no time here and all of it in the local AWS."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        self.aws.advance(seconds)
        await anyio.lowlevel.checkpoint()


class Checkout:
    """A repository on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "apps/web/web.yaml"

    def git(self, *args: str) -> str:
        answer = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *args],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return answer.stdout.strip()

    def commit(self, old: str, new: str) -> str:
        """Replace some text of the manifest and commit it."""
        self.manifest.write_text(self.manifest.read_text().replace(old, new))
        self.git("commit", "-qam", f"{old} -> {new}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The working directory: ``apollo.yaml`` and one app below ``apps``."""
    made = Checkout(tmp_path)
    made.manifest.parent.mkdir(parents=True)
    made.manifest.write_text(MANIFEST)
    (tmp_path / "apollo.yaml").write_text(CONFIG)
    (tmp_path / ".gitignore").write_text(".apollo/\n")
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-qm", "first")
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    with LocalAws() as local:
        for name, value in local.env().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        local.client("ecs").create_cluster(clusterName="green")
        local.clear()
        clock = Passing(local)
        monkeypatch.setattr("apollo.operator.operator.SystemClock", lambda: clock)
        yield local

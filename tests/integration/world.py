"""The whole of Apollo against the local AWS: real git, real files, boto3 over real HTTP, virtual time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from apollo.engine.apply import Result
from apollo.engine.plan import Plan
from apollo.manifest import load_settings
from apollo.operator import Operator
from apollo.testing import LocalAws

__all__ = ["ACCOUNT", "SimClock", "World", "git", "service", "task_definition"]

ACCOUNT = "123456789012"


def git(folder: Path, *argv: str) -> str:
    """Run git as a person would, with nothing of this machine's configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Green",
        "GIT_AUTHOR_EMAIL": "green@example.com",
        "GIT_COMMITTER_NAME": "Green",
        "GIT_COMMITTER_EMAIL": "green@example.com",
    }
    done = subprocess.run(
        ["git", *argv], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class SimClock:
    """The local AWS's clock as Apollo's: sleeping lets the virtual time pass."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws

    def monotonic(self) -> float:
        return self.aws.clock.now()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.aws.clock.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        self.aws.advance(max(0.0, seconds))
        await anyio.lowlevel.checkpoint()


def task_definition(name: str = "web", image: str = "web:1", **more: Any) -> str:
    extra = "".join(f"  {key}: {value}\n" for key, value in more.items())
    return f"""
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {{name: {name}}}
spec:
  cpu: 256
  memory: 512
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
{extra}  containerDefinitions:
    - name: app
      image: {image}
      portMappings: [{{containerPort: 8080}}]
      environment: [{{name: B, value: "2"}}, {{name: A, value: "1"}}]
"""


def service(name: str = "web", count: int = 2, lifecycle: str = "", **more: Any) -> str:
    extra = "".join(f"  {key}: {value}\n" for key, value in more.items())
    return f"""
apiVersion: apollo/v1
kind: Service
metadata: {{name: {name}}}
{lifecycle}
spec:
  launchType: FARGATE
  desiredCount: {count}
  deploymentConfiguration: {{deploymentCircuitBreaker: {{enable: true, rollback: true}}}}
  networkConfiguration: {{awsvpcConfiguration: {{subnets: [subnet-a, subnet-b], securityGroups: [sg-a]}}}}
{extra}"""


class World:
    """A git repository, a configuration, a local AWS."""

    def __init__(self, folder: Path, aws: LocalAws) -> None:
        self.folder = folder
        self.aws = aws
        self.repo = folder / "config"
        self.repo.mkdir(exist_ok=True)
        git(self.repo, "init", "--quiet", "--initial-branch=stage")
        self.configure()
        aws.client("ecs").create_cluster(clusterName="green")
        aws.clear()

    def configure(self, sync: str = "{}", environments: tuple[str, ...] = ("stage",), more: str = "") -> None:
        documents = [
            f"""
apiVersion: apollo/v1
kind: Environment
metadata: {{name: {name}}}
spec:
  source: {{repo: config, branch: {name}, path: apps}}
  aws: {{region: eu-west-1, accountId: "{ACCOUNT}"}}
  cluster: green
  sync: {sync}
{more}"""
            for name in environments
        ]
        (self.folder / "apollo.yaml").write_text("---".join(documents))

    def write(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Commit files (None = remove) below ``apps``."""
        for name, text in files.items():
            path = self.repo / "apps" / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        git(self.repo, "add", "--all")
        git(self.repo, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.repo, "rev-parse", "HEAD")

    def operator(self, **options: Any) -> Operator:
        """A fresh process, as far as Apollo can tell."""
        options.setdefault("clock", SimClock(self.aws))
        return Operator(load_settings(self.folder / "apollo.yaml"), **options)

    async def plan(self, environment: str = "stage", **options: Any) -> Plan:
        async with self.operator() as operator:
            return await operator.plan(environment, **options)

    async def apply(
        self,
        environment: str = "stage",
        *,
        prepare: Callable[[Operator], None] = lambda operator: None,
        prune: bool | None = None,
        **options: Any,
    ) -> Result:
        """Plan and apply in a fresh process."""
        async with self.operator() as operator:
            prepare(operator)
            plan = await operator.plan(environment, prune=prune)
            return await operator.apply(plan, **options)

    def forget(self) -> None:
        """Delete the store: nothing may depend on it."""
        for path in (self.folder / ".apollo").glob("state.db*"):
            path.unlink()

    def calls(self) -> list[str]:
        """The mutating calls since the last `clear`."""
        return [request.operation for request in self.aws.mutations()]

    def services(self, account: str = ACCOUNT) -> dict[str, Any]:
        ecs = self.aws.client("ecs", account=account)
        arns = ecs.list_services(cluster="green", maxResults=100)["serviceArns"]
        if not arns:
            return {}
        found = ecs.describe_services(cluster="green", services=arns, include=["TAGS"])["services"]
        return {one["serviceName"]: one for one in found}


@contextmanager
def local_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[World]:
    """A world in a folder, its endpoint in the environment of this process."""
    with LocalAws(**options) as aws:
        for name, value in aws.env(account=ACCOUNT).items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        yield World(folder, aws)

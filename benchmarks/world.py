"""What benchmarks work on: repositories of any size, and a configuration that points at them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["ACCOUNT", "Repo", "configuration", "manifest", "until"]

ACCOUNT = "123456789012"
_WHO = "Green <green@example.com> 1767225600 +0000"


def manifest(name: str, image: str = "web:1") -> bytes:
    """A TaskDefinition and the Service that runs it, as people write them."""
    return f"""\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {{name: {name}, labels: {{team: green}}}}
spec:
  cpu: 256
  memory: 512
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
  executionRoleArn: arn:aws:iam::{ACCOUNT}:role/ecsTaskExecution
  containerDefinitions:
    - name: app
      image: {image}
      portMappings: [{{containerPort: 8080}}]
      environment:
        - {{name: LOG_LEVEL, value: info}}
        - {{name: DOMAIN, value: "${{{{ env.name }}}}.example.com"}}
      secrets:
        - {{name: PASSWORD, valueFrom: "arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/{name}/password"}}
      logConfiguration:
        logDriver: awslogs
        options: {{awslogs-group: /apps/{name}, awslogs-region: eu-west-1, awslogs-stream-prefix: app}}
---
apiVersion: apollo/v1
kind: Service
metadata: {{name: {name}}}
spec:
  cluster: green
  launchType: FARGATE
  desiredCount: 2
  deploymentConfiguration:
    deploymentCircuitBreaker: {{enable: true, rollback: true}}
    minimumHealthyPercent: 100
    maximumPercent: 200
  networkConfiguration:
    awsvpcConfiguration: {{subnets: [subnet-a, subnet-b], securityGroups: [sg-a], assignPublicIp: DISABLED}}
""".encode()


class Repo:
    """A bare repository that is written with ``git fast-import``: thousands of files in a moment."""

    def __init__(self, path: Path, branch: str = "stage") -> None:
        self.path = path
        self.branch = branch
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={branch}", ".")

    def git(self, *argv: str, stdin: bytes = b"") -> str:
        """Run git with nothing of this machine's configuration.

        :raises subprocess.CalledProcessError: git failed.
        """
        environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *argv], cwd=self.path, input=stdin, env=environment, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: Iterable[tuple[str, bytes]], *, root: bool = False) -> str:
        """A commit on top of the branch; with ``root`` the first one. The branch moves there.

        :returns: its id. The last process that ran is the one that moved the ref.
        """
        ref = f"refs/heads/{self.branch}"
        lines = [b"commit refs/heads/.new\n", f"committer {_WHO}\n".encode(), b"data 6\nchange\n"]
        if not root:
            lines.append(f"from {ref}^0\n".encode())
        for name, content in files:
            lines += [b"M 100644 inline %s\ndata %d\n" % (name.encode(), len(content)), content, b"\n"]
        text = b"".join(lines).replace(b"refs/heads/.new", b"refs/bench/new")
        self.git("fast-import", "--quiet", "--force", stdin=text)
        sha = self.git("rev-parse", "refs/bench/new")
        self.git("update-ref", ref, sha)
        return sha


def fill(repo: Repo, count: int, text: Callable[[int], bytes], folder: str = "apps") -> None:
    """``count`` files in folders of 20: ``apps/app-0001/m-00023.yaml``."""
    repo.commit(((place(at, folder), text(at)) for at in range(count)), root=True)


def place(at: int, folder: str = "apps") -> str:
    """Where the file of that number lies."""
    return f"{folder}/app-{at // 20:04d}/m-{at:05d}.yaml"


def configuration(folder: Path, repo: str = "config.git") -> Path:
    """An ``apollo.yaml`` for one environment, in a folder."""
    path = folder / "apollo.yaml"
    path.write_text(f"""\
apiVersion: apollo/v1
kind: Environment
metadata: {{name: stage}}
spec:
  source: {{repo: {repo}, branch: stage, path: apps}}
  aws: {{region: eu-west-1, accountId: "{ACCOUNT}"}}
  cluster: green
""")
    return path


def until(condition: Callable[[], bool], seconds: float = 60.0, nap: float = 0.01) -> None:
    """Wait, in real time.

    :raises TimeoutError: it did not come.
    """
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"{condition.__qualname__} did not come within {seconds:g} s")
        time.sleep(nap)


def log(text: str) -> None:
    """Say on stderr what is under way."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()

"""Where the commands of a page run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from apollo.testing import LocalAws
from tests.docs.blocks import ROOT
from tests.docs.own_python import own_python
from tests.docs.shell import Shell

__all__ = ["STAGES", "stage"]

SPEED = 100.0
"""How much faster than time rollouts run for the pages. Not more: what a command sees right after a call is
to be the beginning of the rollout on a busy machine, too."""

HASTE = 2.5
"""How much faster than time the clock of ``apollo`` runs. Beside `SPEED` it is slow: a rollout is over when
it looks for the second time, so that it prints the same each time."""

STAGES: Mapping[str, str] = {
    "folder": "An empty folder; no AWS.",
    "aws": "An empty folder; a local AWS with the clusters of the example.",
    "clone": "A folder with examples/ in it, whose owner's home is empty; no AWS.",
    "shop": "examples/shop, with its repository, and a local AWS where nothing is deployed yet.",
    "deployed": "As shop, with the environment stage deployed.",
    "whole": "examples/whole, with its kinds installed, and a local AWS where nothing is.",
    "self": "examples/self, and a local AWS where nothing is.",
    "plugin": "An empty folder, a Python of its own to install into, and an empty local AWS.",
    "checkout": "This project.",
}


@contextmanager
def stage(name: str, scratch: Path) -> Iterator[Shell]:
    """The shell of a page.

    :param scratch: an empty folder.
    """
    assert name in STAGES, f"there is no stage {name!r}: {', '.join(STAGES)}"
    folder, state = scratch / "here", scratch / "state"
    folder.mkdir()
    state.mkdir()
    with ExitStack() as stack:
        environment: dict[str, str] = {"AWS_EC2_METADATA_DISABLED": "true"}
        if name not in ("folder", "clone", "checkout"):
            aws = stack.enter_context(LocalAws(speed=SPEED))
            environment = aws.env()
        if name in ("aws", "shop", "deployed"):
            for region in ("eu-west-1", "us-east-1"):
                aws.client("ecs", region=region).create_cluster(clusterName="shop")
        if name in ("shop", "deployed"):
            shutil.copytree(ROOT / "examples/shop", folder, dirs_exist_ok=True)
            _repository(folder / "config")
        if name == "clone":
            shutil.copytree(ROOT / "examples", folder / "examples")
        if name == "whole":
            shutil.copytree(ROOT / "examples/whole", folder, dirs_exist_ok=True)
            environment |= {"PYTHONPATH": _companions(scratch / "site")}
        if name == "self":
            shutil.copytree(ROOT / "examples/self", folder, dirs_exist_ok=True)
        if name == "plugin":
            environment |= own_python(scratch / "python")
        if name == "checkout":
            folder = ROOT
        shell = Shell(folder, state, environment)
        commands = ROOT / "tests/docs"
        shell.command("apollo", [sys.executable, "-P", str(commands / "apollo_command.py"), str(HASTE)])
        shell.command("aws", [sys.executable, str(commands / "aws_command.py")])
        stack.callback(shell.close)
        if name == "deployed":
            printed = shell.run("apollo apply -e stage --yes")
            assert shell.code == 0, printed
        yield shell


def _companions(site: Path) -> str:
    """The path on which Python finds the projects of plugins/ as if they were installed."""
    from tests.companions.conftest import lay_out, projects

    site.mkdir()
    for project in projects():
        lay_out(project, site)
    return os.pathsep.join([str(site), *(str(project / "src") for project in projects())])


def _repository(folder: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=You", "-c", "user.email=you@example.com", *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    git("init", "--quiet", "--initial-branch=stage")
    git("add", "--all")
    git("commit", "--quiet", "--message=Begin")
    git("branch", "prod")

"""Cluster against a local AWS: real HTTP, real git, no account."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import apollo
from apollo.testing import LocalAws

CONFIG = """
apiVersion: apollo/v1
kind: Installation
metadata: {name: test}
spec: {store: none}
---
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  source: {repo: config, branch: main}
  aws: {region: eu-west-1}
  sync: {prune: true, maxPrune: 100%}
"""


class World:
    """A repository of manifests, and a local AWS."""

    def __init__(self, folder: Path, aws: LocalAws) -> None:
        self.folder, self.aws = folder, aws
        self.repo = folder / "config"
        self.repo.mkdir()
        (folder / "apollo.yaml").write_text(CONFIG)
        self._git("init", "--quiet", "--initial-branch=main")

    def _git(self, *words: str) -> None:
        who = ["-c", "user.name=Green", "-c", "user.email=green@example.com"]
        subprocess.run(["git", *who, *words], cwd=self.repo, check=True)

    def commit(self, **clusters: dict[str, Any] | None) -> None:
        """Write manifests, by name and fields; None removes one."""
        for name, fields in clusters.items():
            path = self.repo / f"{name}.yaml"
            if fields is None:
                path.unlink()
                continue
            lines = "".join(f"  {field}: {value}\n" for field, value in fields.items())
            head = f"apiVersion: apollo/v1\nkind: Cluster\nmetadata: {{name: {name}}}\n"
            path.write_text(head + (f"spec:\n{lines}" if lines else "spec: {}\n"))
        (self.repo / "README").write_text("manifests")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", "change")

    def apply(self) -> apollo.Result:
        return apollo.apply(self.folder / "apollo.yaml")

    def calls(self) -> list[str]:
        """The changing calls since the last time."""
        made = [request.operation for request in self.aws.mutations()]
        self.aws.clear()
        return made

    def clusters(self) -> dict[str, Any]:
        """What there is, by name."""
        ecs = self.aws.client("ecs")
        arns = ecs.list_clusters()["clusterArns"]
        found = ecs.describe_clusters(clusters=arns, include=["SETTINGS", "TAGS"])["clusters"] if arns else []
        return {one["clusterName"]: one for one in found}


@pytest.fixture
def world(tmp_path: Path, local_aws: LocalAws) -> World:
    return World(tmp_path, local_aws)


INSIGHTS = "[{name: containerInsights, value: %s}]"


def insights(world: World) -> str:
    (setting,) = world.clusters()["blue"]["settings"]
    return str(setting["value"])


def test_one_is_made_and_a_second_pass_changes_nothing(world: World) -> None:
    world.commit(blue={"capacityProviders": "[FARGATE]"})
    assert world.apply().exit_code == 0
    assert world.clusters()["blue"]["capacityProviders"] == ["FARGATE"]
    assert world.calls() == ["CreateCluster"]
    assert world.apply().exit_code == 0
    assert world.calls() == []


def test_a_setting_is_changed_in_place_and_drift_is_mended(world: World) -> None:
    world.commit(blue={})
    world.apply()
    world.commit(blue={"settings": INSIGHTS % "enabled"})
    world.calls()
    world.apply()
    assert world.calls() == ["UpdateCluster"]
    off = [{"name": "containerInsights", "value": "disabled"}]
    world.aws.client("ecs").update_cluster_settings(cluster="blue", settings=off)
    world.apply()
    assert insights(world) == "enabled"


def test_one_of_somebody_else_is_left_alone(world: World) -> None:
    world.aws.client("ecs").create_cluster(clusterName="blue")
    world.commit(blue={"settings": INSIGHTS % "enabled"})
    assert world.apply().exit_code == 3
    assert insights(world) == "disabled"


def test_what_leaves_git_is_deleted(world: World) -> None:
    world.commit(blue={}, other={})
    world.apply()
    world.commit(blue=None)
    assert world.apply().exit_code == 0
    assert list(world.clusters()) == ["other"]


def test_a_mistake_is_told_with_its_line(world: World) -> None:
    world.commit(blue={"capacityProvider": "[FARGATE]"})
    (problem,) = apollo.plan(world.folder / "apollo.yaml").problems
    assert problem.line == 5 and "capacityProviders" in problem.hint


def test_an_answer_that_is_lost_does_no_harm(world: World) -> None:
    """The call had its effect, and nobody was told: the next pass finds out, and all ends well."""
    world.commit(blue={}, old={})
    world.apply()
    changed = {"settings": INSIGHTS % "enabled", "capacityProviders": "[FARGATE]"}
    world.commit(blue=changed | {"tags": "[{key: team, value: green}]"}, old=None, new={})
    world.aws.faults.add("ecs:CreateCluster", "reset_after", times=1)
    world.apply()
    assert world.apply().exit_code == 0
    assert sorted(world.clusters()) == ["blue", "new"] and insights(world) == "enabled"
    world.calls()
    world.apply()
    assert world.calls() == []

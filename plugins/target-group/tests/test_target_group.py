"""TargetGroup against a local AWS: real HTTP, real git, no account."""

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
BASE = {"protocol": "HTTP", "port": 8080, "vpcId": "vpc-1"}


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

    def commit(self, **groups: dict[str, Any] | None) -> None:
        """Write manifests, by name and fields; None removes one."""
        for name, fields in groups.items():
            path = self.repo / f"{name}.yaml"
            if fields is None:
                path.unlink()
                continue
            lines = "".join(f"  {field}: {value}\n" for field, value in (BASE | fields).items())
            head = f"apiVersion: apollo/v1\nkind: TargetGroup\nmetadata: {{name: {name}}}\n"
            path.write_text(f"{head}spec:\n{lines}")
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

    def groups(self) -> dict[str, Any]:
        """What there is, by name."""
        found = self.aws.client("elbv2").describe_target_groups()["TargetGroups"]
        return {one["TargetGroupName"]: one for one in found}


@pytest.fixture
def world(tmp_path: Path, local_aws: LocalAws) -> World:
    return World(tmp_path, local_aws)


def test_one_is_made_and_a_second_pass_changes_nothing(world: World) -> None:
    world.commit(web={"healthCheckPath": "/live"})
    assert world.apply().exit_code == 0
    web = world.groups()["web"]
    assert (web["TargetType"], web["HealthCheckPath"]) == ("ip", "/live")
    assert world.calls() == ["CreateTargetGroup"]
    assert world.apply().exit_code == 0
    assert world.calls() == []


def test_a_health_check_is_changed_in_place_and_drift_is_mended(world: World) -> None:
    world.commit(web={"healthCheckPath": "/live"})
    world.apply()
    world.commit(web={"healthCheckPath": "/ready"})
    world.calls()
    world.apply()
    assert world.calls() == ["ModifyTargetGroup"]
    arn = world.groups()["web"]["TargetGroupArn"]
    world.aws.client("elbv2").modify_target_group(TargetGroupArn=arn, HealthCheckPath="/x")
    world.apply()
    assert world.groups()["web"]["HealthCheckPath"] == "/ready"


def test_one_of_somebody_else_is_left_alone(world: World) -> None:
    world.aws.client("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=1, VpcId="vpc-2")
    world.commit(web={})
    assert world.apply().exit_code == 3
    assert world.groups()["web"]["Port"] == 1


def test_what_leaves_git_is_deleted(world: World) -> None:
    world.commit(web={}, other={})
    world.apply()
    world.commit(web=None)
    assert world.apply().exit_code == 0
    assert list(world.groups()) == ["other"]


def test_a_mistake_is_told_with_its_line(world: World) -> None:
    world.commit(web={"port": 99999})
    (problem,) = apollo.plan(world.folder / "apollo.yaml").problems
    assert problem.line == 6 and problem.path == "/spec/port"


def test_an_answer_that_is_lost_does_no_harm(world: World) -> None:
    """The call had its effect, and nobody was told: the next pass finds out, and all ends well."""
    world.commit(web={}, old={})
    world.apply()
    world.commit(web={"healthCheckPath": "/live", "tags": "[{key: team, value: green}]"}, old=None, new={})
    world.aws.faults.add("elbv2:CreateTargetGroup", "reset_after", times=1)
    world.apply()
    assert world.apply().exit_code == 0
    found = world.groups()
    assert sorted(found) == ["new", "web"] and found["web"]["HealthCheckPath"] == "/live"
    world.calls()
    world.apply()
    assert world.calls() == []

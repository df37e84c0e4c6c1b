"""LogGroup against a local AWS: real HTTP, real git, no account."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest
from apollo_ecs_log_group.controller import LogGroupController

import apollo
from apollo.api import AwsError, Call, Key, Step, Transient
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

    def commit(self, **groups: dict[str, Any] | None) -> None:
        """Write manifests, by name and fields; None removes one."""
        for name, fields in groups.items():
            path = self.repo / f"{name}.yaml"
            if fields is None:
                path.unlink()
                continue
            lines = "".join(f"\n  {field}: {value}" for field, value in fields.items()) or " {}"
            head = f"apiVersion: apollo/v1\nkind: LogGroup\nmetadata: {{name: {name}}}\n"
            path.write_text(f"{head}spec:{lines}\n")
        (self.repo / "README").write_text("manifests")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", "change")

    def apply(self) -> apollo.Result:
        return apollo.apply(self.folder / "apollo.yaml")

    def plan(self) -> apollo.Plan:
        return apollo.plan(self.folder / "apollo.yaml")

    def calls(self) -> list[str]:
        """The changing calls since the last time."""
        made = [request.operation for request in self.aws.mutations()]
        self.aws.clear()
        return made

    def groups(self) -> dict[str, int | None]:
        """For how many days each log group keeps its events, by name."""
        found = self.aws.client("logs").describe_log_groups()["logGroups"]
        return {one["logGroupName"]: one.get("retentionInDays") for one in found}


@pytest.fixture
def world(tmp_path: Path, local_aws: LocalAws) -> World:
    return World(tmp_path, local_aws)


def test_one_is_made_and_a_second_pass_changes_nothing(world: World) -> None:
    world.commit(web={"logGroupName": "/ecs/web", "retentionInDays": 30})
    assert world.apply().exit_code == 0
    assert world.groups() == {"/ecs/web": 30}
    assert world.calls() == ["CreateLogGroup", "PutRetentionPolicy"]
    assert world.apply().exit_code == 0
    assert world.calls() == []


def test_retention_is_changed_in_place_and_taken_away(world: World) -> None:
    world.commit(web={"retentionInDays": 30})
    world.apply()
    world.commit(web={"retentionInDays": 7})
    world.calls()
    world.apply()
    assert world.calls() == ["PutRetentionPolicy"] and world.groups() == {"web": 7}
    world.commit(web={})
    world.apply()
    assert world.calls() == ["DeleteRetentionPolicy"] and world.groups() == {"web": None}


def test_one_of_somebody_else_is_left_alone(world: World) -> None:
    world.aws.client("logs").create_log_group(logGroupName="web")
    world.commit(web={"retentionInDays": 1})
    assert world.apply().exit_code == 3
    assert world.groups() == {"web": None}


def test_what_leaves_git_is_deleted(world: World) -> None:
    world.commit(web={}, other={})
    world.apply()
    world.commit(web=None)
    assert world.apply().exit_code == 0
    assert list(world.groups()) == ["other"]


def test_a_mistake_is_told_with_its_line(world: World) -> None:
    world.commit(web={"retentionInDays": 10})
    (problem,) = world.plan().problems
    assert problem.line == 5 and problem.path == "/spec/retentionInDays"


@pytest.mark.parametrize("when", ["reset_before", "reset_after"])
@pytest.mark.parametrize("call", ["CreateLogGroup", "PutRetentionPolicy", "TagResource", "DeleteLogGroup"])
def test_an_answer_that_is_lost_does_no_harm(world: World, call: str, when: str) -> None:
    """Every changing call, not arrived or not answered: the next pass finds out, and all ends well."""
    world.commit(web={"retentionInDays": 30}, old={})
    world.apply()
    world.commit(web={"retentionInDays": 90, "tags": "{team: green}"}, old=None, new={"retentionInDays": 1})
    world.aws.faults.add(f"logs:{call}", when, times=1)
    world.apply()
    assert world.apply().exit_code == 0
    assert world.groups() == {"web": 90, "new": 1}
    world.calls()
    world.apply()
    assert world.calls() == []


def test_a_log_group_that_is_busy_is_tried_again() -> None:
    text = "busy"
    refusal = AwsError(
        text,
        service="logs",
        operation="PutRetentionPolicy",
        category="invalid",
        aws_code="OperationAbortedException",
    )

    class Refusing:
        async def write(self, call: Call) -> None:
            raise refusal

    step = Step("create", Key("LogGroup", "stage", "web"), Call("logs", "PutRetentionPolicy", {}))
    with pytest.raises(Transient, match=text):
        anyio.run(LogGroupController().act, Refusing(), step)

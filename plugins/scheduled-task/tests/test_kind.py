"""ScheduledTask against a local AWS: real HTTP, real git, no account."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest
from apollo_ecs_scheduled_task.controller import ScheduledTaskController

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


TASK = """apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: report}
spec:
  containerDefinitions: [{name: app, image: "report:1", memory: 64}]
"""
ROLE = "arn:aws:iam::123456789012:role/scheduler"
TARGET = f"{{roleArn: {ROLE}, taskDefinition: report, cluster: green}}"
BASE = {"scheduleExpression": "rate(1 hour)", "target": TARGET}


class World:
    """A repository of manifests, and a local AWS."""

    def __init__(self, folder: Path, aws: LocalAws) -> None:
        self.folder, self.aws = folder, aws
        self.repo = folder / "config"
        self.repo.mkdir()
        (folder / "apollo.yaml").write_text(CONFIG)
        (self.repo / "report.task.yaml").write_text(TASK)
        self._git("init", "--quiet", "--initial-branch=main")

    def _git(self, *words: str) -> None:
        who = ["-c", "user.name=Green", "-c", "user.email=green@example.com"]
        subprocess.run(["git", *who, *words], cwd=self.repo, check=True)

    def commit(self, **tasks: dict[str, Any] | None) -> None:
        """Write manifests, by name and fields; None removes one."""
        for name, fields in tasks.items():
            path = self.repo / f"{name}.yaml"
            if fields is None:
                path.unlink()
                continue
            lines = "".join(f"  {field}: {value}\n" for field, value in (BASE | fields).items())
            head = f"apiVersion: apollo/v1\nkind: ScheduledTask\nmetadata: {{name: {name}}}\n"
            path.write_text(f"{head}spec:\n{lines}")
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

    def schedules(self) -> dict[str, str]:
        """When what is started, by group and name."""
        client = self.aws.client("scheduler")
        found = client.list_schedules()["Schedules"]
        return {
            f"{one['GroupName']}/{one['Name']}": client.get_schedule(
                GroupName=one["GroupName"], Name=one["Name"]
            )["ScheduleExpression"]
            for one in found
        }


@pytest.fixture
def world(tmp_path: Path, local_aws: LocalAws) -> World:
    return World(tmp_path, local_aws)


def test_one_is_made_and_a_second_pass_changes_nothing(world: World) -> None:
    world.commit(nightly={})
    assert world.apply().exit_code == 0
    assert world.schedules() == {"test-stage-nightly/nightly": "rate(1 hour)"}
    assert world.calls() == ["RegisterTaskDefinition", "CreateScheduleGroup", "CreateSchedule"]
    assert world.apply().exit_code == 0
    assert world.calls() == []


def test_a_schedule_is_changed_in_place_and_drift_is_mended(world: World) -> None:
    world.commit(nightly={})
    world.apply()
    world.commit(nightly={"scheduleExpression": "rate(2 hours)"})
    world.calls()
    world.apply()
    assert world.calls() == ["UpdateSchedule"]
    assert world.schedules() == {"test-stage-nightly/nightly": "rate(2 hours)"}
    client = world.aws.client("scheduler")
    client.delete_schedule(GroupName="test-stage-nightly", Name="nightly")
    world.apply()
    assert world.schedules() == {"test-stage-nightly/nightly": "rate(2 hours)"}


def test_a_group_of_somebody_else_is_left_alone(world: World) -> None:
    world.aws.client("scheduler").create_schedule_group(Name="test-stage-nightly")
    world.commit(nightly={})
    assert world.apply().exit_code == 3
    assert world.schedules() == {}


def test_what_leaves_git_is_deleted(world: World) -> None:
    world.commit(nightly={}, other={})
    world.apply()
    world.commit(nightly=None)
    assert world.apply().exit_code == 0
    assert list(world.schedules()) == ["test-stage-other/other"]


def test_a_mistake_is_told_with_its_line(world: World) -> None:
    world.commit(nightly={"scheduleExpression": "hourly"})
    (problem,) = world.plan().problems
    assert problem.line == 5 and problem.path == "/spec/scheduleExpression"


@pytest.mark.parametrize("when", ["reset_before", "reset_after"])
@pytest.mark.parametrize(
    "call",
    [
        *("CreateScheduleGroup", "CreateSchedule", "UpdateSchedule", "TagResource"),
        *("DeleteSchedule", "DeleteScheduleGroup"),
    ],
)
def test_an_answer_that_is_lost_does_no_harm(world: World, call: str, when: str) -> None:
    """Every changing call, not arrived or not answered: the next pass finds out, and all ends well."""
    world.commit(nightly={}, old={})
    world.apply()
    world.commit(nightly={"state": "DISABLED", "tags": "{team: green}"}, old=None, new={})
    world.aws.faults.add(f"scheduler:{call}", when, times=1)
    world.apply()
    assert world.apply().exit_code == 0
    assert sorted(world.schedules()) == ["test-stage-new/new", "test-stage-nightly/nightly"]
    world.calls()
    world.apply()
    assert world.calls() == []


def test_a_role_that_was_made_just_now_is_waited_for() -> None:
    text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    refusal = AwsError(
        text,
        service="scheduler",
        operation="CreateSchedule",
        category="invalid",
        aws_code="ValidationException",
    )

    class Refusing:
        async def write(self, call: Call) -> None:
            raise refusal

    step = Step("create", Key("ScheduledTask", "stage", "web"), Call("scheduler", "CreateSchedule", {}))
    with pytest.raises(Transient, match=text):
        anyio.run(ScheduledTaskController().act, Refusing(), step)

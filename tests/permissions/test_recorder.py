"""The recorder tells what is used and not printed; and, of a whole run, what is printed and not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.permissions.known import NOT_ASKED_FOR, own
from tests.permissions.recorder import Recorder, _judge

ROOT = Path(__file__).resolve().parents[2]
HERE = {"tests/cli/test_live.py::test_apply"}


def test_a_call_that_the_policy_lacks_is_told_with_its_test() -> None:
    calls = {("ecs", "CreateCluster"): HERE, ("ecs", "DescribeServices"): HERE}
    (line,) = _judge(calls, whole=False)
    assert line.startswith("ecs:CreateCluster is used and not printed") and line.endswith(min(HERE))


def test_kinds_of_strangers_and_what_is_free_do_not_count() -> None:
    calls = {
        ("ecs", "CreateCluster"): {
            "tests/plugins/test_isolated.py::test_it",
            "tests/aws/test_aws_calls.py::test_it",
        },
        ("sqs", "CreateQueue"): {"tests/docs/test_pages.py::test_it[docs/how-to/write-a-plugin.md]"},
        ("logs", "CreateLogGroup"): {"tests/docs/test_pages.py::test_it[docs/tutorial/whole.md]"},
        ("sts", "GetCallerIdentity"): HERE,
        ("elbv2", "ModifyRule"): HERE,
        ("resourcegroupstaggingapi", "GetResources"): HERE,
    }
    assert list(_judge(calls, whole=False)) == []


def test_only_a_whole_run_can_tell_what_is_not_used() -> None:
    calls = {("ecs", "DescribeServices"): HERE}
    assert list(_judge(calls, whole=False)) == []
    lines = list(_judge(calls, whole=True))
    assert len(lines) == len(own() - set(NOT_ASKED_FOR) - {"ecs:DescribeServices"})
    assert all("no test uses it" in line for line in lines)
    assert len(list(_judge({}, whole=True))) == len(lines) + 1, "who notes nothing has not looked"


def test_workers_hand_over_and_one_that_does_not_is_told(pytestconfig: pytest.Config) -> None:
    recorder = Recorder.__new__(Recorder)
    recorder.calls, recorder._silent = {}, []
    sent = [("ecs", "DescribeServices", sorted(HERE))]
    recorder.pytest_testnodedown(SimpleNamespace(workeroutput={"apollo_calls": sent}), None)
    assert recorder.calls == {("ecs", "DescribeServices"): HERE} and not recorder._silent
    recorder.pytest_testnodedown(SimpleNamespace(gateway=SimpleNamespace(id="gw1")), "crashed")
    assert recorder._silent == ["gw1"]
    assert pytestconfig.pluginmanager.has_plugin("apollo-permissions")


CONFTEST = """
from tests.permissions import known
from tests.permissions.recorder import register as pytest_configure

known.own = lambda: frozenset({granted})
"""
TEST = """
from apollo.testing import LocalAws

def test_it():
    with LocalAws() as aws:
        aws.client("ecs", user_agent_extra="apollo/1.0/acme").describe_clusters(clusters=["green"])
"""


@pytest.mark.parametrize(
    ("granted", "code", "said"),
    [
        (["ecs:DescribeClusters"], 0, "permissions: every action that apollo iam-policy prints is used"),
        (
            ["ecs:DescribeClusters", "ecs:UpdateService"],
            1,
            "ecs:UpdateService is printed by apollo iam-policy, and no test uses it",
        ),
    ],
)
def test_a_whole_green_run_is_judged_beside_workers_too(
    tmp_path: Path, granted: list[str], code: int, said: str
) -> None:
    """A suite of one test, run as this one is."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    (tmp_path / "tests/cli").mkdir(parents=True)
    (tmp_path / "tests/conftest.py").write_text(CONFTEST.format(granted=granted))
    (tmp_path / "tests/cli/test_one.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "--dist", "worksteal", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout

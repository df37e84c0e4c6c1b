"""The recorder tells what is used and not printed; and, of a whole run, what is printed and not used."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.permissions.known import NOT_ASKED_FOR, own
from tests.permissions.recorder import Recorder, _judge

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
    assert list(_judge({}, whole=True)) == [], "nothing of Apollo ran at all"


def test_workers_hand_over_and_one_that_is_lost_makes_the_run_partial(pytestconfig: pytest.Config) -> None:
    recorder = Recorder.__new__(Recorder)
    recorder.calls, recorder._whole = {}, True
    sent = [("ecs", "DescribeServices", sorted(HERE))]
    recorder.pytest_testnodedown(SimpleNamespace(workeroutput={"apollo_calls": sent}), None)
    assert recorder.calls == {("ecs", "DescribeServices"): HERE} and recorder._whole
    recorder.pytest_testnodedown(SimpleNamespace(), "crashed")
    assert not recorder._whole
    assert pytestconfig.pluginmanager.has_plugin("apollo-permissions")

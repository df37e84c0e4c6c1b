"""Markdown of the other commands: tables in which no foreign text can format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import Health
from apollo.cli.sheets import problems_markdown, status_markdown
from apollo.engine.status import EnvironmentStatus, ResourceStatus
from apollo.errors import Problem
from apollo.testing import LocalAws
from tests.cli.conftest import Checkout
from tests.cli.plans import SHA, key
from tests.cli.running import apollo
from tests.cli.test_plan_markdown import HOSTILE, outside_of_code


def status(message: str, number: int = 1) -> str:
    rows = tuple(
        ResourceStatus(key(f"w{n}"), "web", "OutOfSync", Health("Degraded"), "Failed", message)
        for n in range(number)
    )
    return status_markdown([EnvironmentStatus("stage", SHA, "c", "OutOfSync", "Degraded", (), rows)])


@given(HOSTILE, HOSTILE)
def test_no_foreign_text_can_format(message: str, hint: str) -> None:
    assert outside_of_code(status(f"m{message}")) == outside_of_code(status("m"))
    problem = Problem("APO-LOAD-001", f"m{message}", "a.yaml", 1, hint=f"h{hint}")
    tame = Problem("APO-LOAD-001", "m", "a.yaml", 1, hint="h")
    assert outside_of_code(problems_markdown("1 error", [problem], False)) == outside_of_code(
        problems_markdown("1 error", [tame], False)
    )


@given(st.integers(1, 2000))
def test_a_comment_takes_all_of_it(number: int) -> None:
    assert len(status("m" * 200, number)) < 65_536


@pytest.fixture
def deployed(checkout: Checkout, aws: LocalAws) -> Checkout:
    assert apollo("apply", "--yes").exit_code == 0
    return checkout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("validate", "apps", "-f", "apollo.yaml"), "### Apollo validate: 2 resources, valid"),
        (("status",), "### Apollo status of `stage`: Synced, Healthy"),
        (("get", "Service"), "| `Service/web` | `web` | `Synced` | `Healthy` |"),
        (("history",), "| `stage` | `Applied` | `Service/web` |"),
        (("events",), "| time (UTC) |"),
        (("apply", "--yes"), "### Apollo apply to `stage`: Nothing to do: AWS equals git."),
    ],
)
def test_commands_print_it(deployed: Checkout, command: tuple[str, ...], said: str) -> None:
    answer = apollo(*command, "-o", "markdown")
    assert answer.exit_code == 0, answer.output
    assert said in answer.stdout


@pytest.mark.parametrize("what", ["Service/", "/web", "/"])
def test_a_name_that_is_none_is_an_error(deployed: Checkout, what: str) -> None:
    answer = apollo("get", what)
    assert answer.exit_code == 1
    assert "KIND/NAME" in answer.stderr

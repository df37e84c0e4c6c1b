"""Fixtures for pytest, there as soon as Apollo is installed: `local_aws` and `local_aws_shared`.

    def test_rollout(local_aws):
        local_aws.client("ecs").create_cluster(clusterName="shop")
        ...

`@pytest.mark.local_aws(seed=7, speed=50)` says how the local AWS of a test is made, `--local-aws-seed` and
`--local-aws-speed` how those are made that say nothing. Nothing is imported until a test asks for a fixture.
"""

import inspect
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from apollo.testing.local import LocalAws

_TOLD = 50
"""So many of the last calls are shown with a test that failed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("local_aws", "the local AWS of apollo.testing")
    group.addoption(
        "--local-aws-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the local AWS in tests whose marker says none (default: 0)",
    )
    group.addoption(
        "--local-aws-speed",
        type=float,
        default=0.0,
        metavar="N",
        help="how much faster than real time it runs; 0, the default: only advance() and settle() move it",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "local_aws(*, seed=…, speed=…, account=…, region=…, …): arguments of apollo.testing.LocalAws for the "
        "fixture local_aws, and the account and region of its environment variables",
    )


@pytest.fixture
def local_aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> "Iterator[LocalAws]":
    """A local AWS of this test's own; while it runs, every AWS SDK in this process comes here.

    Its environment variables are set, for commands that the test starts, too. What would lead elsewhere, such
    as AWS_PROFILE, is unset.
    """
    from apollo.testing.local import LocalAws, strays

    arguments, where = _arguments(request)
    for name in strays(os.environ):
        monkeypatch.delenv(name)
    with LocalAws(**arguments) as aws:
        for name, value in aws.env(**where).items():
            monkeypatch.setenv(name, value)
        if "boto3" in sys.modules:
            # boto3 keeps the credentials of the first client that was made without a session.
            monkeypatch.setattr(sys.modules["boto3"], "DEFAULT_SESSION", None)
        yield aws


@pytest.fixture(scope="session")
def local_aws_shared(request: pytest.FixtureRequest) -> "Iterator[LocalAws]":
    """One local AWS for the whole run, for what is dear to set up. No environment variables are set.

    State stays from test to test; `reset()` forgets it.
    """
    from apollo.testing.local import LocalAws

    with LocalAws(**_options(request.config)) as aws:
        yield aws


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    aws = getattr(item, "funcargs", {}).get("local_aws")
    if aws is not None and report.when == "call" and report.failed and hasattr(aws, "requests"):
        lines = [f"{r.seq:>5}  {r.action}  {r.outcome}" for r in aws.requests[-_TOLD:]]
        report.sections.append(("the last calls to the local AWS", "\n".join(lines) or "none"))
    return report


def _options(config: pytest.Config) -> dict[str, Any]:
    return {"seed": config.getoption("local_aws_seed"), "speed": config.getoption("local_aws_speed")}


def _arguments(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, str]]:
    """What LocalAws gets, and where its environment variables lead."""
    from apollo.testing.local import LocalAws

    given = _options(request.config)
    for marker in reversed(list(request.node.iter_markers("local_aws"))):
        if marker.args:
            raise pytest.UsageError(
                f"{request.node.nodeid}: the marker local_aws takes arguments by name only"
            )
        given |= marker.kwargs
    where: dict[str, str] = {name: given.pop(name) for name in ("account", "region") if name in given}
    known = set(inspect.signature(LocalAws.__init__).parameters) - {"self"}
    if unknown := sorted(set(given) - known):
        raise pytest.UsageError(
            f"{request.node.nodeid}: the marker local_aws knows no {', '.join(unknown)}; "
            f"it takes {', '.join(sorted(known | {'account', 'region'}))}"
        )
    return given, where

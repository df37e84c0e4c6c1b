from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# What is fast alone may be slow beside others: nobody's correctness is a matter of the machine's load.
settings.register_profile("apollo", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("apollo")

LONGEST = (
    "tests/docs/test_pages.py",
    "tests/companions/test_house.py",
    "tests/cli/test_demo.py",
    "tests/house/test_wheel.py",
    "tests/benchmarks/test_harness.py",
    "tests/plugins/test_new.py",
    "tests/controllers/listener_rule/test_traffic.py",
    "tests/plugins/test_isolated.py",
    "tests/web/test_health.py",
)
"""Files whose tests take seconds, most of it waiting for processes. They go first: at the end every worker
finds something short to take from the others."""


@pytest.fixture
def anyio_backend() -> str:
    """The operator runs on asyncio; boto3 in worker threads."""
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    """Notes which permissions Apollo uses in the tests."""
    from tests.permissions.recorder import register

    register(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))


def pytest_collection_finish() -> None:
    """What was collected stays: the collector of garbage need not walk through thousands of tests for it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for a process or a clock most of their time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1

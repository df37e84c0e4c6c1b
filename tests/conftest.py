from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The operator runs on asyncio; boto3 in worker threads."""
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    """Notes which permissions Apollo uses in the tests."""
    from tests.permissions.recorder import register

    register(config)

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The operator runs on asyncio; boto3 in worker threads."""
    return "asyncio"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apollo.settings import Source
from apollo.source import GitSource
from tests.source.repo import Repo
from tests.virtual import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "config")


@pytest.fixture
def source(tmp_path: Path, clock: VirtualClock, repo: Repo) -> Callable[..., GitSource]:
    """Makes a source; by default of `repo`. Keywords are those of ``source:`` in apollo.yaml."""

    def make(secret: Any = None, timeout: float = 30.0, **written: Any) -> GitSource:
        written.setdefault("repo", str(repo.path))
        return GitSource(
            Source.model_validate(written),
            directory=tmp_path / "state",
            clock=clock,
            secret=secret,
            base=tmp_path,
            timeout=timeout,
        )

    return make

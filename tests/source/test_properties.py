"""Following a branch commit by commit leads to what reading it whole leads to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.settings import Source
from apollo.source import Changes, GitSource
from tests.source.repo import Repo
from tests.virtual import VirtualClock

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"
paths = st.sampled_from(
    [
        *("apps/a.yaml", "apps/b.json", "apps/sub/c.yml", "apps/sub", "apps", "apps.yaml", "apps/x\ny.yaml"),
        *("apps/.hidden/d.yaml", "apps/.apolloignore", "apps/link", "apps/notes.txt", "lib/task.json"),
        *("apps/\u00e9.yaml", "apps/e\u0301.yaml", "apps/-r.yaml", "lib"),
    ]
)
contents = st.one_of(
    st.sampled_from([b"1", b"2", b"3", LFS]),
    st.sampled_from([("120000", b"target"), ("100755", b"1")]),
    st.just(("160000", "1" * 40)),
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A tree in which no file is also a folder."""
    tree: dict[str, Any] = {}
    for path in draw(st.lists(paths, unique=True, max_size=9)):
        clashes = any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in tree)
        if not clashes:
            tree[path] = draw(contents)
    return tree


class Follower:
    """Does what the docstring of `Changes` says."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.problems: dict[str, Any] = {}

    def take(self, changes: Changes) -> None:
        assert set(changes.problems) <= set(changes.files)
        for path, content in changes.files.items():
            self.files.pop(path, None)
            self.problems.pop(path, None)
            if content is not None:
                self.files[path] = content
        self.problems.update(changes.problems)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return Repo(tmp_path_factory.mktemp("property") / "config")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(trees(), min_size=2, max_size=4), folder=st.sampled_from(["", "apps", "apps/sub"]))
def test_changes_applied_one_by_one_equal_the_whole(repo: Repo, history: list[Any], folder: str) -> None:
    shas = []
    for tree in history:
        files = {}
        for path, content in tree.items():
            if isinstance(content, tuple) and isinstance(content[1], bytes):
                content = (content[0], repo.blob(content[1]))
            files[path] = content
        shas.append(repo.commit(files, parent=None))

    async def follow() -> None:
        found = GitSource(
            Source(repo=str(repo.path), path=folder), directory=Path("unused"), clock=VirtualClock()
        )
        extra = ["lib/task.json"]
        follower = Follower()
        follower.take(await found.changes(None, shas[0], extra=extra))
        for old, new in pairwise(shas):
            changes = await found.changes(old, new, extra=extra)
            follower.take(changes)
            whole = Follower()
            complete = await found.changes(None, new, extra=extra)
            whole.take(complete)
            assert follower.files == whole.files
            assert follower.problems == whole.problems
            assert set(changes.files) - {folder} <= changes.paths
            for path, content in follower.files.items():
                assert await found.read(new, path) == content

    anyio.run(follow)

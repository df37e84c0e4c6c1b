"""The commit of files on disk, as commands show it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from apollo.source import toplevel, working_tree_commit
from tests.source.repo import MANIFEST, Repo


@pytest.fixture
def checkout(repo: Repo) -> Repo:
    repo.commit({"apps/web.yaml": MANIFEST, "docs/a.md": b"text", ":(top)x.yaml": MANIFEST})
    repo.git("reset", "-q", "--hard")
    return repo


def test_clean_files_have_their_commit(checkout: Repo) -> None:
    sha = checkout.tip("main")
    for path in (checkout.path, checkout.path / "apps", checkout.path / "apps/web.yaml"):
        assert working_tree_commit(path) == sha
        assert toplevel(path) == checkout.path.resolve()


def test_only_the_given_path_makes_it_dirty(checkout: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = checkout.tip("main")
    (checkout.path / "docs/a.md").write_text("other")
    assert working_tree_commit(checkout.path / "apps") == sha
    assert working_tree_commit(checkout.path) == f"{sha}-dirty"
    (checkout.path / "apps/new.yaml").write_text("untracked files are taken as they lie, too")
    assert working_tree_commit(checkout.path / "apps") == f"{sha}-dirty"
    assert working_tree_commit(checkout.path / "apps/web.yaml") == sha
    monkeypatch.chdir(checkout.path / "apps")
    assert working_tree_commit(Path()) == f"{sha}-dirty"
    assert toplevel(Path()) == checkout.path.resolve()


def test_a_new_file_that_cannot_be_a_manifest_is_nothing(checkout: Repo) -> None:
    sha = checkout.tip("main")
    (checkout.path / "plan.md").write_text("what a pipeline writes before the plan is made")
    (checkout.path / ".apollo").mkdir()
    (checkout.path / ".apollo/state.db").write_text("")
    assert working_tree_commit(checkout.path) == sha
    (checkout.path / "new").mkdir()
    (checkout.path / "new/web.yaml").write_bytes(MANIFEST)
    assert working_tree_commit(checkout.path) == f"{sha}-dirty"


def test_what_is_left_out_can_change_it(checkout: Repo) -> None:
    (checkout.path / ".apolloignore").write_text("apps\n")
    assert working_tree_commit(checkout.path) == f"{checkout.tip('main')}-dirty"


def test_names_are_taken_literally(checkout: Repo) -> None:
    assert working_tree_commit(checkout.path / ":(top)x.yaml") == checkout.tip("main")


def test_a_deleted_file_makes_it_dirty(checkout: Repo) -> None:
    (checkout.path / "apps/web.yaml").unlink()
    assert working_tree_commit(checkout.path / "apps") == f"{checkout.tip('main')}-dirty"


def test_the_index_is_left_alone(checkout: Repo) -> None:
    index = checkout.git_dir / "index"
    os.utime(checkout.path / "apps/web.yaml", (1, 1))  # git would like to note that it is unchanged
    before = index.read_bytes()
    working_tree_commit(checkout.path)
    assert index.read_bytes() == before


def test_outside_of_a_repository_there_is_no_commit(tmp_path: Path, repo: Repo) -> None:
    assert working_tree_commit(tmp_path) is None
    assert toplevel(tmp_path) is None
    assert working_tree_commit(repo.path) is None  # nothing is committed yet
    bare = Repo(tmp_path / "bare.git", bare=True)
    bare.commit({"web.yaml": MANIFEST})
    assert working_tree_commit(bare.path) is None
    assert toplevel(bare.path) is None

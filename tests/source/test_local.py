"""A repository on this machine: where its branch is, and what is said when it cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apollo.errors import SourceError
from apollo.source import GitSource
from tests.source.repo import MANIFEST, Repo

pytestmark = pytest.mark.anyio
Make = Callable[..., GitSource]


async def refused(source: GitSource, code: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await source.refresh()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


async def test_a_branch_is_an_environment(repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST}, "Promote")
    sha = repo.commit({"web.yaml": MANIFEST + b"#\n"}, "Add web\n\nAnd say why.", branch="stage", parent=None)
    commit = await source(branch="stage").refresh()
    assert commit.sha == sha
    assert (commit.author, commit.subject) == ("Ada", "Add web")
    assert commit.time == datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)
    assert (await source(branch="main").refresh()).subject == "Promote"


async def test_every_layout_of_a_repository_is_read(tmp_path: Path, repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    repo.git("worktree", "add", "-q", "-b", "stage", str(tmp_path / "tree"), "main")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    repo.git("clone", "-q", "--separate-git-dir", str(tmp_path / "apart"), ".", str(tmp_path / "gitfile"))
    for path in ("config", "config/.git", "tree", "bare.git", "gitfile"):
        found = source(repo=path)
        assert (await found.refresh()).sha == sha, path
        assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}, path
    assert (await source(repo="tree", branch="stage").refresh()).sha == sha


async def test_packed_and_symbolic_refs_and_branches_in_folders_are_followed(
    repo: Repo, source: Make
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST}, branch="team/green", parent=None)
    repo.git("symbolic-ref", "refs/heads/live", "refs/heads/team/green")
    live, named = source(branch="live"), source(branch="team/green")
    assert (await live.refresh()).sha == (await named.refresh()).sha == sha
    repo.git("pack-refs", "--all", "--prune")
    assert not (repo.git_dir / "refs/heads/team/green").exists()
    assert (await live.refresh()).sha == (await named.refresh()).sha == sha
    moved = repo.commit({"web.yaml": MANIFEST + b"#"}, branch="team/green")
    assert (await live.refresh()).sha == (await named.refresh()).sha == moved


async def test_an_unchanged_branch_starts_no_process(
    repo: Repo, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    found = source()
    before = await found.refresh()
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *argv, **_: started.append(argv))
    assert await found.refresh() == before
    assert not started


async def test_what_is_no_repository_is_said_with_the_remedy(
    tmp_path: Path, repo: Repo, source: Make
) -> None:
    (tmp_path / "plain").mkdir()
    (repo.path / "apps" / "stage").mkdir(parents=True)
    assert "does not exist" in (await refused(source(repo="nowhere"), "APO-GIT-001")).message
    assert "git init" in (await refused(source(repo="plain"), "APO-GIT-001")).hint
    assert (
        "apps/stage in source.path" in (await refused(source(repo="config/apps/stage"), "APO-GIT-001")).hint
    )


async def test_a_missing_branch_names_the_nearest(repo: Repo, source: Make) -> None:
    assert "no branch at all" in (await refused(source(), "APO-GIT-002")).hint
    repo.commit({"web.yaml": MANIFEST}, branch="stage")
    assert (await refused(source(branch="stagee"), "APO-GIT-002")).hint == 'did you mean "stage"?'
    assert "it has: stage" in (await refused(source(branch="xyz"), "APO-GIT-002")).hint


async def test_a_deleted_branch_is_told_from_one_that_never_was(repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST}, branch="stage")
    found = source(branch="stage")
    await found.refresh()
    repo.git("update-ref", "-d", "refs/heads/stage")
    assert "last good commit" in (await refused(found, "APO-GIT-003")).hint
    with pytest.raises(SourceError) as caught:  # a new process, which knows what is in force
        await source(branch="stage").refresh(accepted=sha)
    assert caught.value.code == "APO-GIT-003"
    repo.git("update-ref", "refs/heads/stage", sha)
    assert (await found.refresh()).sha == sha


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_repository_of_another_user_is_read_and_not_served(repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, 12345, 12345)
    found = source()
    assert (await found.refresh()).sha == sha
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}
    assert "another user" in (await refused(source(repo=repo.url()), "APO-GIT-001")).message


async def test_a_repository_that_moved_away_is_found_again(tmp_path: Path, repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    found = source()
    await found.refresh()
    repo.path.rename(tmp_path / "elsewhere")
    await refused(found, "APO-GIT-001")
    (tmp_path / "elsewhere").rename(repo.path)
    assert (await found.refresh()).sha == sha


async def test_rewritten_history_is_accepted_or_held_as_configured(repo: Repo, source: Make) -> None:
    first = repo.commit({"web.yaml": MANIFEST})
    second = repo.commit({"web.yaml": MANIFEST + b"# 2"})
    accept, hold, fresh = source(), source(nonFastForward="hold"), source(nonFastForward="hold")
    for found in (accept, hold):
        assert (await found.refresh()).sha == second
    repo.git("update-ref", "refs/heads/main", first)
    assert (await accept.refresh()).sha == first
    error = await refused(hold, "APO-GIT-008")
    assert second[:10] in error.message and "nonFastForward: accept" in error.hint
    # A new process knows the accepted commit from its caller.
    with pytest.raises(SourceError, match="was rewritten"):
        await fresh.refresh(accepted=second)
    # An accepted commit that was thrown away cannot be followed by anything.
    with pytest.raises(SourceError, match="was rewritten"):
        await fresh.refresh(accepted="1" * 40)
    third = repo.commit({"web.yaml": MANIFEST + b"# 3"}, parent=second)
    assert (await hold.refresh()).sha == third
    assert (await fresh.refresh(accepted=second)).sha == third


async def test_a_half_pushed_commit_is_an_error_until_it_is_whole(repo: Repo, source: Make) -> None:
    first = repo.commit({"web.yaml": MANIFEST})
    second = repo.commit({"web.yaml": b"new"})
    found = source()
    for oid in (
        second,
        repo.git("rev-parse", f"{second}^{{tree}}"),
        repo.git("rev-parse", f"{second}:web.yaml"),
    ):
        data = repo.loose(oid).read_bytes()
        repo.loose(oid).unlink()
        with pytest.raises(SourceError) as caught:
            await found.refresh()
            await found.changes(first, second)
        assert caught.value.code in ("APO-GIT-010", "APO-GIT-011"), caught.value
        with pytest.raises(SourceError):
            await found.refresh()
            await found.changes(None, second)
        repo.loose(oid).write_bytes(data)
    assert (await found.changes(first, second)).files == {"web.yaml": b"new"}


async def test_a_damaged_object_is_an_error_that_names_the_repository(repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    blob = repo.loose(repo.git("rev-parse", "main:web.yaml"))
    blob.chmod(0o644)
    blob.write_bytes(b"garbage")
    with pytest.raises(SourceError) as caught:
        await source().changes(None, sha)
    assert caught.value.code == "APO-GIT-009"
    assert str(repo.path) in caught.value.message and "fsck" in caught.value.hint


@pytest.mark.parametrize("text", ["", "0" * 40, "rubbish", "ref: refs/../../etc/passwd"])
async def test_a_ref_that_holds_no_commit_is_an_error(repo: Repo, source: Make, text: str) -> None:
    repo.commit({"web.yaml": MANIFEST})
    (repo.git_dir / "refs/heads/main").write_text(text)
    assert "update-ref" in (await refused(source(), "APO-GIT-009")).hint


async def test_the_environment_of_this_process_changes_nothing(
    tmp_path: Path, repo: Repo, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apollo may run in a hook of another repository, whose variables point there."""
    other = Repo(tmp_path / "other")
    other.commit({"other.yaml": MANIFEST})
    sha = repo.commit({"web.yaml": MANIFEST})
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.git_dir))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.git_dir / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    found = source()
    assert (await found.refresh()).sha == sha
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}


async def test_revisions_are_resolved_in_gits_own_notation(repo: Repo, source: Make) -> None:
    first = repo.commit({"web.yaml": MANIFEST})
    second = repo.commit({"web.yaml": b"2"})
    repo.git("tag", "-a", "v1", "-m", "one", first)
    found = source()
    for revision, sha in {
        "main": second,
        "main~1": first,
        "v1": first,
        first[:8]: first,
        second: second,
    }.items():
        assert await found.resolve(revision) == sha
    for odd in ("nope", "--all", "-h", "", "main\nmain", "--output=/tmp/x", "main..main", "main:web.yaml"):
        with pytest.raises(SourceError) as caught:
            await found.resolve(odd)
        assert caught.value.code == "APO-GIT-011"
    with pytest.raises(SourceError, match="not a commit id"):
        await found.changes(None, "--help")


async def test_text_of_a_commit_cannot_forge_lines(repo: Repo, source: Make) -> None:
    tree = repo.git("mktree", stdin=b"")
    raw = f"tree {tree}\nauthor E\x1b[31mve\u202e <e@x> 99999999999999999999 +0000\n".encode()
    raw += b"committer Bob <b@x> 1700000000 +0100\nencoding no-such\n\nFix\x1b]0;owned\x07 it\nmore\n"
    sha = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    repo.git("update-ref", "refs/heads/main", sha)
    commit = await source().refresh()
    assert all(char.isprintable() for char in commit.author + commit.subject)
    assert commit.subject.startswith("Fix") and commit.time == datetime.fromtimestamp(1700000000, UTC)


def test_importing_the_room_loads_neither_git_nor_watchfiles() -> None:
    code = "import sys, apollo.source; print([name for name in ('git', 'watchfiles') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert done.stdout.strip() == "[]", done.stderr

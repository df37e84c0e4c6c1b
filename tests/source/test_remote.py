"""A remote repository: Apollo keeps a clone, fetches it, and mends it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from apollo.errors import SourceError
from apollo.source import GitSource
from tests.source.repo import MANIFEST, Repo
from tests.virtual import VirtualClock

pytestmark = pytest.mark.anyio
Make = Callable[..., GitSource]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def clone(state: Path) -> Path:
    (found,) = state.glob("*.git")
    return found


async def test_a_remote_is_cloned_and_followed(repo: Repo, source: Make, state: Path) -> None:
    first = repo.commit({"apps/web.yaml": MANIFEST, "README": b""}, "First")
    found = source(repo=repo.url(), path="apps")
    assert (await found.refresh()).subject == "First"
    assert (await found.changes(None, first)).files == {"apps/web.yaml": MANIFEST}
    second = repo.commit({"apps/web.yaml": b"2", "README": b""})
    assert (await found.refresh()).sha == second
    assert (await found.changes(first, second)).files == {"apps/web.yaml": b"2"}
    assert (await found.refresh()).sha == second
    assert clone(state)


async def test_environments_with_one_url_share_one_clone_and_one_fetch(
    repo: Repo, source: Make, state: Path
) -> None:
    sources, tips = [], []
    for n in range(5):
        tips.append(repo.commit({"web.yaml": b"%d" % n}, branch=f"env{n}"))
        sources.append(source(repo=repo.url(), branch=f"env{n}"))
        await sources[-1].open()
    repository = sources[0]._repository
    assert all(found._repository is repository for found in sources)
    async with anyio.create_task_group() as group:
        for found in sources:
            group.start_soon(found.refresh)
    assert [(await found.refresh()).sha for found in sources] == tips
    assert clone(state)
    before = repository._rounds  # type: ignore[union-attr]
    async with anyio.create_task_group() as group:
        for found in sources:
            group.start_soon(found.refresh)
    assert repository._rounds - before <= 2  # type: ignore[union-attr]


async def test_a_restarted_process_uses_the_clone_that_is_there(
    repo: Repo, source: Make, state: Path
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    await source(repo=repo.url()).refresh()
    inode = clone(state).stat().st_ino
    again = source(repo=repo.url())
    assert (await again.refresh()).sha == sha
    assert clone(state).stat().st_ino == inode


async def test_a_forced_push_is_followed_or_held(repo: Repo, source: Make) -> None:
    first = repo.commit({"web.yaml": b"1"})
    second = repo.commit({"web.yaml": b"2"})
    accept = source(repo=repo.url())
    hold = source(repo=repo.url(), nonFastForward="hold")
    for found in (accept, hold):
        assert (await found.refresh()).sha == second
    rewritten = repo.commit({"web.yaml": b"3"}, parent=first)
    assert (await accept.refresh()).sha == rewritten
    assert (await accept.changes(second, rewritten)).files == {"web.yaml": b"3"}
    with pytest.raises(SourceError) as caught:
        await hold.refresh()
    assert caught.value.code == "APO-GIT-008"
    repo.git("update-ref", "refs/heads/main", second)
    last = repo.commit({"web.yaml": b"4"})
    assert (await hold.refresh()).sha == last


async def test_history_is_fetched_when_the_accepted_commit_is_older_than_the_clone(
    repo: Repo, source: Make
) -> None:
    first = repo.commit({"web.yaml": b"1"})
    for n in range(3):
        last = repo.commit({"web.yaml": b"%d" % n})
    found = source(repo=repo.url(), nonFastForward="hold")
    assert (await found.refresh(accepted=first)).sha == last
    aside = repo.commit({"web.yaml": b"x"}, parent=first)
    with pytest.raises(SourceError, match="was rewritten"):
        await found.refresh(accepted=last)
    assert (await source(repo=repo.url(), nonFastForward="hold").refresh(accepted=first)).sha == aside


async def test_revisions_beyond_the_clone_are_resolved(repo: Repo, source: Make) -> None:
    first = repo.commit({"web.yaml": b"1"})
    repo.git("tag", "v1", first)
    second = repo.commit({"web.yaml": b"2"})
    stage = repo.commit({"web.yaml": b"s"}, branch="stage")
    found = source(repo=repo.url())
    await found.refresh()
    for revision, sha in {"main": second, "main~1": first, "v1": first, "stage": stage, first: first}.items():
        assert await found.resolve(revision) == sha, revision
    assert (await found.changes(None, first)).files == {"web.yaml": b"1"}
    with pytest.raises(SourceError) as caught:
        await found.resolve("nope")
    assert caught.value.code == "APO-GIT-011"


async def test_missing_and_deleted_branches_of_a_remote(repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST}, branch="stage")
    with pytest.raises(SourceError) as caught:
        await source(repo=repo.url(), branch="stagee").refresh()
    assert caught.value.code == "APO-GIT-002" and '"stage"' in caught.value.hint
    found = source(repo=repo.url(), branch="stage")
    await found.refresh()
    repo.git("update-ref", "-d", "refs/heads/stage")
    with pytest.raises(SourceError) as caught:
        await found.refresh()
    assert caught.value.code == "APO-GIT-003"
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}  # the last good one stays


async def test_an_unreachable_remote_leaves_the_last_good_commit(
    tmp_path: Path, repo: Repo, source: Make
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    found = source(repo=repo.url())
    await found.refresh()
    repo.path.rename(tmp_path / "away")
    with pytest.raises(SourceError) as caught:
        await found.refresh()
    assert caught.value.code == "APO-GIT-004" and caught.value.hint
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}
    (tmp_path / "away").rename(repo.path)
    assert (await found.refresh()).sha == sha


@pytest.mark.parametrize("damage", ["objects", "config", "head", "lock", "truncated"])
async def test_a_damaged_clone_is_made_anew(repo: Repo, source: Make, state: Path, damage: str) -> None:
    first = repo.commit({"web.yaml": b"1"})
    found = source(repo=repo.url())
    await found.refresh()
    mirror = clone(state)
    if damage == "objects":
        shutil.rmtree(mirror / "objects" / "pack")
        for path in (mirror / "objects").iterdir():
            shutil.rmtree(path)
    elif damage == "config":
        (mirror / "config").write_text("[core\nrubbish")
    elif damage == "head":
        (mirror / "HEAD").unlink()
    elif damage == "lock":  # left behind by a git that was killed
        (mirror / "refs/heads/main.lock").touch()
        (mirror / "shallow.lock").touch()
    else:
        for path in (mirror / "objects").rglob("*"):
            if path.is_file():
                path.chmod(0o644)
                path.write_bytes(path.read_bytes()[:20])
    second = repo.commit({"web.yaml": b"2"})
    assert (await found.refresh()).sha == second
    assert (await found.changes(None, second)).files == {"web.yaml": b"2"}
    assert first != second


async def test_a_clone_that_breaks_while_it_is_read_is_made_anew(
    repo: Repo, source: Make, state: Path
) -> None:
    sha = repo.commit({"web.yaml": b"1"})
    found = source(repo=repo.url())
    await found.refresh()
    shutil.rmtree(clone(state) / "objects" / "pack", ignore_errors=True)
    for path in (clone(state) / "objects").iterdir():
        shutil.rmtree(path)
    assert (await found.changes(None, sha)).files == {"web.yaml": b"1"}
    for old, new in ((None, "1" * 40), ("1" * 40, sha), (sha, "1" * 40)):
        with pytest.raises(SourceError) as caught:
            await found.changes(old, new)
        assert caught.value.code == "APO-GIT-011"


async def test_giant_files_are_not_even_fetched(repo: Repo, source: Make, state: Path) -> None:
    import random

    repo.git("config", "uploadpack.allowFilter", "true")
    giant = random.Random(1).randbytes(3 * 1024 * 1024)
    old = repo.commit({"web.yaml": MANIFEST})
    sha = repo.commit({"web.yaml": b"2", "giant.json": giant, "giant.bin": giant + b"x"})
    found = source(repo=repo.url())
    await found.refresh()
    for taken in (await found.changes(None, sha),):
        assert taken.files == {"web.yaml": b"2", "giant.json": None}
        assert taken.problems["giant.json"].code == "APO-GIT-024"
    assert (
        old and sum(path.stat().st_size for path in clone(state).rglob("*") if path.is_file()) < 1024 * 1024
    )


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    kept.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in kept:
                one.close()


async def test_a_hanging_server_is_left_at_the_deadline_and_holds_up_nobody(repo: Repo, source: Make) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    with silent_server() as port:
        hanging = source(repo=f"https://127.0.0.1:{port}/config.git", timeout=0.5)
        began = time.monotonic()
        async with anyio.create_task_group() as group:
            group.start_soon(_times_out, hanging)
            assert (await source(repo=repo.url()).refresh()).sha == sha
        assert time.monotonic() - began < 5
    assert not _children()


async def _times_out(found: GitSource) -> None:
    with pytest.raises(SourceError) as caught:
        await found.refresh()
    assert caught.value.code == "APO-GIT-007" and "0.5 s" in caught.value.message


async def test_a_cancelled_fetch_leaves_no_process(source: Make) -> None:
    with silent_server() as port:
        found = source(repo=f"https://127.0.0.1:{port}/config.git")
        with anyio.move_on_after(0.3) as scope:
            await found.refresh()
        assert scope.cancelled_caught
    assert not _children()


def _children() -> list[str]:
    """Command lines of git processes below this one, and of what they left behind."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if "127.0.0.1" in line and "git" in line:
            found.append(line)
    return found


async def test_a_remote_is_fetched_by_its_interval_with_jitter(
    repo: Repo, source: Make, clock: VirtualClock
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    waited = []
    found = source(repo=repo.url(), interval="30s")
    for _ in range(6):
        await found.refresh()
        began = clock.time
        async with anyio.create_task_group() as group:
            group.start_soon(found.moved)
            while group._tasks:  # type: ignore[attr-defined]
                await clock.advance(0.5)
        waited.append(clock.time - began)
    assert all(27 <= seconds <= 33.5 for seconds in waited)
    assert len(set(waited)) > 1


async def test_a_failing_remote_is_asked_less_and_less(repo: Repo, source: Make, clock: VirtualClock) -> None:
    found = source(repo=f"file://{repo.path}-nowhere", interval="30s")
    delays = []
    for _ in range(6):
        with pytest.raises(SourceError):
            await found.refresh()
        delays.append(found._due - clock.time)
    assert delays == [30, 60, 120, 240, 300, 300]
    found.poke()
    with anyio.fail_after(1):
        await found.moved()

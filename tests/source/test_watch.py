"""A moved branch is noticed at once, and without notices of the file system within a second."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from apollo.errors import SourceError
from apollo.source import GitSource
from tests.source.repo import MANIFEST, Repo
from tests.virtual import VirtualClock

pytestmark = pytest.mark.anyio
Make = Callable[..., GitSource]


class Wait:
    """A call of `GitSource.moved` that is under way."""

    def __init__(self) -> None:
        self.over = anyio.Event()

    async def returns(self, within: float = 10.0) -> None:
        with anyio.fail_after(within):
            await self.over.wait()


@asynccontextmanager
async def waiting(*sources: GitSource, listening: bool = True) -> AsyncIterator[list[Wait]]:
    """Wait on every source. With ``listening``, from when the file system is listened to."""
    waits = [Wait() for _ in sources]

    async def wait(source: GitSource, one: Wait) -> None:
        await source.moved()
        one.over.set()

    async with anyio.create_task_group() as group:
        for source, one in zip(sources, waits, strict=True):
            group.start_soon(wait, source, one)
        await anyio.sleep(0.03 if listening else 0)
        yield waits
        group.cancel_scope.cancel()


async def test_the_first_look_is_due_at_once(repo: Repo, source: Make) -> None:
    with anyio.fail_after(5):
        await source().moved()


async def test_a_commit_is_noticed_by_the_file_system(repo: Repo, source: Make) -> None:
    """The clock stands still: nothing is polled."""
    repo.commit({"web.yaml": MANIFEST})
    found = source()
    await found.refresh()
    for _ in range(3):
        async with waiting(found) as (wait,):
            assert not wait.over.is_set()
            await anyio.to_thread.run_sync(lambda: repo.commit({"web.yaml": MANIFEST}))
            await wait.returns()
        assert (await found.refresh()).sha == repo.tip("main")


async def test_what_moved_between_two_waits_is_not_missed(repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST})
    found = source()
    await found.refresh()
    repo.commit({"web.yaml": MANIFEST})
    async with waiting(found, listening=False) as (wait,):
        await wait.returns()


async def test_packing_refs_is_no_move_and_a_packed_branch_that_moves_is_one(
    repo: Repo, source: Make
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    moved = repo.commit({"web.yaml": MANIFEST}, branch="other")
    repo.git("pack-refs", "--all", "--prune")
    found = source()
    await found.refresh()
    async with waiting(found) as (wait,):
        packed = repo.git_dir / "packed-refs"
        fresh = repo.git_dir / "packed-refs.new"
        fresh.write_text(packed.read_text() + "# touched\n")
        fresh.rename(packed)
        await anyio.sleep(0.05)
        assert not wait.over.is_set()
        fresh.write_text(packed.read_text().replace(sha, moved))
        fresh.rename(packed)
        # The file that was listened to is gone by now, so this is up to the poll.
        await found._clock.advance(1.1)  # type: ignore[attr-defined]
        await wait.returns()
    assert (await found.refresh()).sha == moved
    async with waiting(found) as (wait,):
        fresh.write_text(packed.read_text().replace(moved, sha))
        fresh.rename(packed)
        await wait.returns()  # at once: the clock stands still
    assert (await found.refresh()).sha == sha


async def test_without_notices_the_poll_sees_it_within_a_second(
    repo: Repo, source: Make, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import watchfiles

    def unable(*_: object, **__: object) -> None:
        raise OSError("inotify: no space left on device")

    monkeypatch.setattr(watchfiles, "awatch", unable)
    repo.commit({"web.yaml": MANIFEST})
    found = source()
    await found.refresh()
    async with waiting(found) as (wait,):
        repo.commit({"web.yaml": MANIFEST})
        await anyio.sleep(0.05)
        assert not wait.over.is_set()
        await clock.advance(1.0)
        await wait.returns()


async def test_a_worktree_and_a_branch_in_a_folder_are_watched(repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST})
    repo.git("worktree", "add", "-q", "-b", "team/blue", "../tree", "main")
    found = source(repo="tree", branch="team/blue")
    await found.refresh()
    async with waiting(found) as (wait,):
        await anyio.to_thread.run_sync(lambda: repo.commit({"web.yaml": b"2"}, branch="team/blue"))
        await wait.returns()


async def test_many_environments_share_one_watcher_and_each_hears_of_its_own_branch(
    repo: Repo, source: Make
) -> None:
    branches = [f"env{n}" for n in range(8)]
    for branch in branches:
        repo.commit({"web.yaml": MANIFEST}, branch=branch)
    sources = [source(branch=branch) for branch in branches]
    for found in sources:
        await found.refresh()
    watcher = sources[0]._repository.watcher  # type: ignore[union-attr]
    assert watcher is not None
    assert all(found._repository is sources[0]._repository for found in sources)
    async with waiting(*sources) as waits:
        assert watcher.started == 1
        for at in (0, 5):  # the first one is the one that watches for all: another takes over
            await anyio.to_thread.run_sync(lambda at=at: repo.commit({"x.yaml": b""}, branch=branches[at]))
            await waits[at].returns()
            await anyio.sleep(0.03)
        assert [wait.over.is_set() for wait in waits] == [at in (0, 5) for at in range(8)]
        assert watcher.started <= 3  # anew only when the one that watched has left


async def test_a_poke_lets_it_look_at_once(repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST})
    found, other = source(), source()
    await found.refresh()
    await other.refresh()
    async with waiting(found, other) as (wait, still):
        found.poke()
        await wait.returns()
        await anyio.sleep(0.02)
        assert not still.over.is_set()
    await found.refresh()
    found.poke()  # while nobody waits: it is remembered
    async with waiting(found) as (wait,):
        await wait.returns()


async def test_after_an_error_it_is_tried_again_although_no_ref_moves(
    repo: Repo, source: Make, clock: VirtualClock
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    blob = repo.loose(repo.git("rev-parse", "main:web.yaml"))
    data = blob.read_bytes()
    blob.unlink()
    found = source()
    await found.refresh()
    with pytest.raises(SourceError):
        await found.changes(None, sha)
    async with waiting(found) as (wait,):
        await clock.advance(0.5)
        assert not wait.over.is_set()
        blob.write_bytes(data)
        await clock.advance(1.0)
        await wait.returns()
    await found.refresh()
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}


async def test_a_commit_that_stays_incomplete_is_read_less_and_less(
    repo: Repo, source: Make, clock: VirtualClock
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    repo.loose(repo.git("rev-parse", "main:web.yaml")).unlink()
    found = source(interval="10s")
    delays = []
    for _ in range(6):
        await found.refresh()  # the ref itself is well
        with pytest.raises(SourceError):
            await found.changes(None, sha)
        delays.append(found._due - clock.time)
    assert delays == [1, 2, 4, 8, 10, 10]
    with pytest.raises(SourceError):
        await found.info("1" * 40)  # somebody's question about another commit changes nothing
    assert found._due - clock.time == 10
    good = repo.commit({"web.yaml": b"2"})
    await found.refresh()
    assert (await found.changes(None, good)).files == {"web.yaml": b"2"}


async def test_a_repository_that_appears_is_noticed(repo: Repo, source: Make, clock: VirtualClock) -> None:
    found = source(repo="later", branch="main")
    with pytest.raises(SourceError):
        await found.refresh()
    async with waiting(found) as (wait,):
        later = Repo(repo.path.parent / "later")
        later.commit({"web.yaml": MANIFEST})
        await clock.advance(1.1)
        await wait.returns()
    assert (await found.refresh()).sha == later.tip("main")


async def test_nothing_stays_behind_when_the_waiter_is_cancelled(repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST})
    found = source()
    await found.refresh()
    began = time.monotonic()
    for _ in range(3):
        async with waiting(found):
            pass
    assert time.monotonic() - began < 5
    async with waiting(found) as (wait,):
        await anyio.to_thread.run_sync(lambda: repo.commit({"web.yaml": MANIFEST}))
        await wait.returns()

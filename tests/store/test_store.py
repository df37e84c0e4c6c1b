"""What Apollo remembers, in a file and in memory alike; and that no fault of the file stops anything."""

# ruff: noqa: ASYNC220, ASYNC240 - tests spoil files and start processes; nothing else runs in their loop

from __future__ import annotations

import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from apollo.api import Key
from apollo.errors import ConfigError
from apollo.store import Event, EventType, Store, open_store, schema
from apollo.store import sqlite as room
from apollo.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEB = Key("Service", "stage", "web")
API = Key("Service", "stage", "api")
PROD = Key("Service", "prod", "web")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class VirtualClock:
    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "not" / "there" / "state.db"


@pytest.fixture(params=["sqlite", "none"])
async def store(request: pytest.FixtureRequest, file: Path, clock: VirtualClock) -> AsyncIterator[Store]:
    opened = open_store(f"sqlite:{file}" if request.param == "sqlite" else "none", Path(), clock)
    yield opened
    await opened.aclose()


def event(type: EventType = "Applied", key: Key | None = WEB, **more: object) -> Event:  # noqa: A002
    at = more.pop("at", START)
    environment = key.environment if key else "stage"
    return Event(at, environment, type, key=key, **more)  # type: ignore[arg-type]


# ── what is remembered ───────────────────────────────────────────────────────────────────────────────────


async def test_what_was_applied_last_is_known_per_environment(store: Store, clock: VirtualClock) -> None:
    assert await store.applied("stage") == {}
    await store.record_applied(WEB, "g1", "c1", "d1")
    await clock.sleep(5)
    await store.record_applied(WEB, "g2", "c2", "d2")
    await store.record_applied(PROD, "g1", "c1", "d1")
    applied = await store.applied("stage")
    assert list(applied) == [WEB]
    found = applied[WEB]
    assert (found.generation, found.commit, found.config_digest) == ("g2", "c2", "d2")
    assert found.at == START + timedelta(seconds=5)


async def test_a_key_that_is_gone_is_forgotten_but_its_history_stays(store: Store) -> None:
    await store.record_applied(WEB, "g", "c", "d")
    await store.record_applied(API, "g", "c", "d")
    await store.transition(WEB, ("Synced",))
    await store.add(event("Pruned"))
    await store.forget(WEB)
    assert list(await store.applied("stage")) == [API]
    assert await store.conditions("stage") == {}
    assert len(await store.events(key=WEB)) == 1


async def test_an_unchanged_state_keeps_its_time(store: Store, clock: VirtualClock) -> None:
    assert await store.transition(WEB, ("OutOfSync", "Degraded", "RolledBack")) == START
    await clock.sleep(60)
    assert await store.transition(WEB, ("OutOfSync", "Degraded", "RolledBack")) == START
    assert await store.transition(WEB, ("Synced", "Healthy", "")) == START + timedelta(seconds=60)
    condition = (await store.conditions("stage"))[WEB]
    assert condition.state == ("Synced", "Healthy", "")
    assert condition.since == START + timedelta(seconds=60)


async def test_an_event_comes_back_as_it_was(store: Store) -> None:
    whole = Event(
        START.replace(microsecond=123456),
        "stage",
        "Applied",
        message="web: 1 → 2 é",
        reason="PendingChange",
        app="shop",
        key=WEB,
        commit="c" * 40,
        generation="g",
        calls=("ecs:RegisterTaskDefinition", "ecs:UpdateService"),
        duration=12.25,
    )
    await store.add(whole)
    assert await store.events() == (whole,)


async def test_the_journal_is_read_newest_first_and_by_what_one_asks_for(store: Store) -> None:
    await store.add(event("Applied", WEB, message="1", app="a"))
    await store.add(event("Failed", API, message="2", app="b"))
    await store.add(event("SourceFailed", None, message="3"))
    await store.add(event("Applied", PROD, message="4", app="a"))
    await store.add(event("Held", WEB, message="0", app="a", at=START - timedelta(seconds=1)))

    async def found(**wanted: object) -> str:
        return "".join(one.message for one in await store.events(**wanted))  # type: ignore[arg-type]

    assert await found() == "43210"
    assert await found(limit=2) == "43"
    assert await found(limit=0) == ""
    assert await found(environment="stage") == "3210"
    assert await found(key=WEB) == "10"
    assert await found(app="a") == "410"
    assert await found(types={"Applied", "Failed"}) == "421"
    assert await found(types=()) == ""
    assert await found(since=START) == "4321"
    assert await found(environment="prod", key=WEB) == ""


async def test_the_journal_is_bounded(file: Path, clock: VirtualClock) -> None:
    store = SqliteStore(file, clock, keep=100)
    for number in range(520):
        await store.add(event(message=str(number)))
    kept = await store.events(limit=1000)
    assert 100 <= len(kept) <= 350
    assert kept[0].message == "519"
    await store.aclose()


async def test_an_event_needs_a_time_zone_and_may_hold_any_text(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await store.add(event(at=datetime(2026, 1, 1)))
    await store.add(event(message="odd file name \udce4\x00'; DROP TABLE events; --"))
    assert (await store.events())[0].message == "odd file name \\udce4\x00'; DROP TABLE events; --"


async def test_memory_says_that_it_does_not_last(clock: VirtualClock) -> None:
    store: Store = open_store("none", Path(), clock)
    await store.add(event())
    assert not store.durable
    await store.aclose()


async def test_many_tasks_write_at_once_and_a_cancelled_one_breaks_nothing(store: Store) -> None:
    async with anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(store.add, event(message=str(number)))
        group.start_soon(store.record_applied, WEB, "g", "c", "d")
    async with anyio.create_task_group() as group:
        group.start_soon(store.add, event(message="late"))
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    kept = {one.message for one in await store.events()}
    assert kept >= {str(number) for number in range(40)}
    assert WEB in await store.applied("stage")


async def test_nothing_that_looks_like_a_secret_is_kept(store: Store) -> None:
    await store.add(event(message="cannot clone https://bot:hunter2@example.com/x.git"))
    await store.suspend("stage", "*", "ann", "the password=hunter2 leaked")
    assert "hunter2" not in (await store.events())[0].message
    assert "hunter2" not in (await store.suspended("stage"))["*"].reason


async def test_a_plan_is_approved_by_its_digest_in_its_environment_until_withdrawn(store: Store) -> None:
    await store.approve("stage", "d1", "ann")
    await store.approve("stage", "d1", "bob")
    assert await store.approved("stage") == {"d1"}
    assert await store.approved("prod") == frozenset()
    assert [one.by for one in await store.approvals("stage")] == ["bob"]
    assert await store.withdraw("stage", "d1")
    assert not await store.withdraw("stage", "d1")
    assert await store.approved("stage") == frozenset()


async def test_a_suspension_ends_by_command_or_by_its_time(store: Store, clock: VirtualClock) -> None:
    await store.suspend("stage", "Service/web", "ann", "incident 12")
    await store.suspend("stage", "app/shop", "bob", until=START + timedelta(minutes=10))
    assert sorted(await store.suspended("stage")) == ["Service/web", "app/shop"]
    assert str((await store.suspended("stage"))["Service/web"]) == "by ann: incident 12"
    assert "until 2026-03-01 12:10 UTC" in str((await store.suspended("stage"))["app/shop"])
    await clock.sleep(600)
    assert list(await store.suspended("stage")) == ["Service/web"]
    assert not await store.resume("stage", "app/shop")
    assert await store.resume("stage", "Service/web")
    assert not await store.resume("stage", "Service/web")
    assert await store.suspended("stage") == {}


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_remembered_survives_a_restart(file: Path, clock: VirtualClock) -> None:
    first = SqliteStore(file, clock)
    await first.record_applied(WEB, "g", "c", "d")
    assert first.durable
    await first.aclose()
    second = SqliteStore(file, clock)
    assert WEB in await second.applied("stage")
    await second.aclose()


async def test_looking_creates_no_file(file: Path, clock: VirtualClock) -> None:
    store = SqliteStore(file, clock)
    assert await store.events() == ()
    assert await store.applied("stage") == {}
    assert not file.parent.exists()
    await store.record_applied(WEB, "g", "c", "d")
    assert WEB in await store.applied("stage")
    await store.aclose()


async def test_operator_and_command_line_see_each_other(file: Path, clock: VirtualClock) -> None:
    operator, person = SqliteStore(file, clock), SqliteStore(file, clock)
    assert await person.approved("stage") == frozenset()
    await operator.add(event("Held"))
    assert len(await person.events()) == 1
    await person.approve("stage", "d", "ann")
    assert await operator.approved("stage") == {"d"}
    await operator.aclose()
    await person.aclose()


async def test_many_processes_create_and_write_one_file_at_once(file: Path, clock: VirtualClock) -> None:
    script = (
        "import sys, anyio; from datetime import datetime, UTC; from pathlib import Path\n"
        "from apollo.clock import SystemClock; from apollo.store import Event, open_store\n"
        "async def main():\n"
        "    store = open_store('sqlite:' + sys.argv[1], Path(), SystemClock())\n"
        "    for n in range(40): await store.add(Event(datetime.now(UTC), 'stage', 'Applied'))\n"
        "    assert store.durable, store.trouble\n"
        "    await store.aclose()\n"
        "anyio.run(main)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(file)]) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    store = SqliteStore(file, clock)
    assert len(await store.events(limit=1000)) == 160
    await store.aclose()


@contextmanager
def exchanged(file: Path) -> Iterator[None]:
    """A folder is in its place for a while."""
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    yield
    file.rmdir()
    kept.rename(file)


async def test_what_is_suspended_stays_so_when_the_file_cannot_be_used(
    file: Path, clock: VirtualClock
) -> None:
    store = SqliteStore(file, clock)
    await store.suspend("stage", "*", "ann", "incident 12")
    await store.approve("prod", "d1", "ann")
    assert list(await store.suspended("stage")) == ["*"]
    assert await store.approved("prod") == {"d1"}
    with exchanged(file):
        await store.add(event("Held"))
        assert not store.durable
        assert list(await store.suspended("stage")) == ["*"]
        assert await store.approved("prod") == {"d1"}
        assert await store.resume("stage", "*")
        assert await store.suspended("stage") == {}
    clock.passed += 60
    assert await store.suspended("stage") == {}
    assert store.durable
    await store.aclose()


async def test_what_was_kept_in_memory_is_written_at_the_end_if_that_works_again(
    file: Path, clock: VirtualClock
) -> None:
    store = SqliteStore(file, clock)
    await store.add(event("Held"))
    with exchanged(file):
        await store.add(event("Applied"))
        assert not store.durable
    await store.aclose()
    assert len(await store.events()) == 2
    await store.aclose()


def corrupt(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database at all, " * 500)


def newer(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA application_id = 0x41504F4C")
        db.execute("PRAGMA user_version = 99")
        db.execute("CREATE TABLE future (x)")
    db.close()


def strange(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE customers (x)")
    db.close()


def a_folder(file: Path) -> None:
    file.mkdir(parents=True)


def below_a_file(file: Path) -> None:
    file.parent.parent.parent.mkdir(parents=True, exist_ok=True)
    file.parent.parent.write_text("in the way")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (corrupt, "move the file away"),
        (newer, "newer Apollo"),
        (strange, "another program"),
        (a_folder, "unable to open"),
        (below_a_file, "Not a directory|exists"),
    ],
)
async def test_a_file_that_cannot_be_used_is_left_alone_and_work_goes_on(
    file: Path,
    clock: VirtualClock,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Path], None],
    why: str,
) -> None:
    spoil(file)
    before = file.read_bytes() if file.is_file() else None
    store = SqliteStore(file, clock)
    with caplog.at_level(logging.WARNING, "apollo"):
        await store.add(event())
        await store.record_applied(WEB, "g", "c", "d")
        await clock.sleep(120)
        assert len(await store.events()) == 1
        assert WEB in await store.applied("stage")
    assert not store.durable
    assert len(caplog.records) == 1
    assert str(file) in caplog.text
    assert "Deployments go on" in caplog.text
    assert re.search(why, caplog.text)
    assert (file.read_bytes() if file.is_file() else None) == before
    await store.aclose()


async def test_a_file_that_recovers_gets_what_was_written_meanwhile(
    file: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(file, clock)
    await store.add(event(message="before"))
    held = file.with_suffix(".held")
    await store.aclose()
    file.rename(held)
    file.mkdir()
    await store.add(event(message="meanwhile"))
    assert not store.durable
    file.rmdir()
    held.rename(file)
    assert [one.message for one in await store.events()] == ["meanwhile"]  # not tried again at once
    await clock.sleep(60)
    assert [one.message for one in await store.events()] == ["meanwhile", "before"]
    assert store.durable
    assert [record.getMessage().split()[-3:] for record in caplog.records][-1] == ["in", "use", "again"]
    await store.aclose()
    again = SqliteStore(file, clock)
    assert len(await again.events()) == 2
    await again.aclose()


async def test_a_full_disk_costs_history_and_nothing_else(
    file: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(file, clock)
    await store.add(event(message="before"))
    await store.aclose()
    with sqlite3.connect(file) as db:
        size = db.execute("PRAGMA page_count").fetchone()[0]
    db.close()
    connect = room.connect

    def small(path: Path | None) -> sqlite3.Connection:
        opened = connect(path)
        if path is not None:
            opened.execute(f"PRAGMA max_page_count = {size}")  # SQLite answers as it does on a full disk
        return opened

    with monkeypatch.context() as full:
        full.setattr(room, "connect", small)
        for _ in range(30):
            await store.add(event(message="x" * 7000))
        assert not store.durable
        assert "full" in store.trouble
        assert len(await store.events()) > 10
    await clock.sleep(60)
    assert len(await store.events()) == 31
    assert store.durable
    await store.aclose()


async def test_a_writer_that_never_ends_elsewhere_is_waited_for_only_so_long(
    file: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_BUSY_SECONDS", 0.05)
    store = SqliteStore(file, clock)
    await store.add(event(message="1"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await store.add(event(message="2"))
    assert not store.durable
    assert "another process holds it" in store.trouble
    other.execute("ROLLBACK")
    other.close()
    await clock.sleep(60)
    assert [one.message for one in await store.events()] == ["2", "1"]
    await store.aclose()


async def test_a_file_deleted_under_a_running_operator_begins_anew(file: Path, clock: VirtualClock) -> None:
    store = SqliteStore(file, clock)
    await store.add(event(message="lost"))
    for part in file.parent.iterdir():
        part.unlink()
    await store.add(event(message="kept"))
    assert file.exists()
    await store.aclose()
    other = SqliteStore(file, clock)
    assert [one.message for one in await other.events()] == ["kept"]
    await other.aclose()


# ── the configuration ────────────────────────────────────────────────────────────────────────────────────


async def test_a_relative_file_starts_at_the_configuration(tmp_path: Path, clock: VirtualClock) -> None:
    store = open_store("sqlite:.apollo/state.db", tmp_path, clock)
    await store.approve("stage", "d", "ann")
    assert (tmp_path / ".apollo" / "state.db").is_file()
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("dynamodb://table", "several replicas"),
        ("postgres://x", "not a store"),
        ("sqlite", "not a store"),
        ("sqlite:", "names no file"),
        ("sqlite://x", "names no file"),
        ("", "not a store"),
    ],
)
async def test_another_store_is_an_error_with_the_remedy(url: str, says: str, clock: VirtualClock) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        open_store(url, Path(), clock)
    problem = raised.value.problems[0]
    assert (problem.code, problem.path) == ("APO-STORE-001", "/spec/store")
    assert "sqlite:PATH" in problem.hint

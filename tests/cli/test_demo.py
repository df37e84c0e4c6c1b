"""The demo tells its story, leaves nothing behind, and fails when the story is not true."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from apollo.api import Key
from apollo.cli.demo.clock import FastClock
from apollo.cli.demo.cloud import environment
from apollo.cli.demo.files import PROD
from apollo.cli.demo.teller import Teller
from apollo.operator import Event
from apollo.testing import LocalAws

CHAPTERS = (
    "A local AWS",
    "A git repository, where a branch is an environment, and one operator",
    "A merge to stage deploys on stage",
    "A merge to prod deploys on production",
    "A bad image is rolled back, and not tried again",
    "The fix supersedes it, and is promoted",
    "A change behind Apollo's back is found and undone",
    "The load rises, and Apollo leaves the count to the autoscaler",
    "A last pass has nothing to do",
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Demo:
    """A demo in a process of its own, off a terminal. Its folder lies in ``temporary``."""

    def __init__(self, temporary: Path, *args: str, **env: str) -> None:
        self.temporary = temporary
        self.out = temporary / "stdout.txt"
        self.err = temporary / "stderr.txt"
        self.scratch = temporary / "scratch"
        self.scratch.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.began = time.monotonic()
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "apollo", "demo", *args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=kept | {"TMPDIR": str(self.scratch), "PYTHONUTF8": "1"} | env,
            )

    def read(self) -> str:
        return self.out.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while text not in self.read():
            assert self.process.poll() is None, self.read() + self.err.read_text()
            assert time.monotonic() < until, self.read()
            time.sleep(0.1)

    def end(self, seconds: float = 90) -> int:
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Demo]]:
    """Two whole demos at once, since each of them mostly waits."""
    demos = {
        # Nothing of this counts: neither another AWS, nor a proxy, nor an old terminal.
        "plain": Demo(
            tmp_path_factory.mktemp("plain"),
            AWS_PROFILE="nobody",
            AWS_ENDPOINT_URL_ECS="http://127.0.0.1:9",
            AWS_SESSION_TOKEN="x",
            http_proxy="http://127.0.0.1:9",
            PYTHONUTF8="0",
            PYTHONIOENCODING="ascii",
        ),
        "kept": Demo(tmp_path_factory.mktemp("kept"), "--keep"),
    }
    yield demos
    for demo in demos.values():
        demo.kill()


def test_the_whole_story_in_less_than_a_minute(full: Mapping[str, Demo]) -> None:
    demo = full["plain"]
    code = demo.end()
    took = time.monotonic() - demo.began
    text = demo.read()
    assert code == 0, text + demo.err.read_text()
    assert demo.err.read_text() == ""
    assert re.findall(r"^\d\. (.*)$", text, re.MULTILINE) == list(CHAPTERS)
    assert took < 60
    assert "\x1b" not in text, "no colour off a terminal"
    assert "Essential container in task exited" in text
    assert "not tried again" in text
    assert "requests for stage.example.com reach 2 healthy tasks" in text
    assert "undone: they reach 4 healthy tasks again" in text
    assert "desiredCount is owned by ScalingPolicy/web" in text
    assert re.search(
        r"^9 commits \(5 merges\), 5 rollouts \(1 rolled back\), 17 calls that", text, re.MULTILINE
    )
    assert max(map(len, text.splitlines())) <= 100
    assert not list(demo.scratch.iterdir()), "nothing is left behind"


def test_what_is_kept_can_be_used_and_a_signal_ends_it(full: Mapping[str, Demo]) -> None:
    demo = full["kept"]
    demo.wait_for("Ctrl-C stops all of it")
    (folder,) = demo.scratch.glob("apollo-demo-*")
    exports = dict(re.findall(r"^  export (\w+)=(.*)$", demo.read(), re.MULTILINE))
    assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    status = subprocess.run(
        [sys.executable, "-m", "apollo", "status", "-f", "apollo.yaml"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | exports,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert status.returncode == 0, status.stderr
    assert status.stdout.count("Synced · Healthy") == 2
    rule = re.search(r"^    --rule-arn (\S+) ", demo.read(), re.MULTILINE)
    assert rule, "what can be changed behind Apollo's back is named"
    elb = boto3.client(
        "elbv2",
        region_name=PROD.region,
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        aws_access_key_id=PROD.account,
        aws_secret_access_key="x",
    )
    elsewhere = [{"Field": "host-header", "Values": ["elsewhere.example.com"]}]
    undone = demo.read().count("ModifyRule")
    elb.modify_rule(RuleArn=rule[1], Conditions=elsewhere)
    manifest = folder / "config/apps/shop/web.yaml"
    manifest.write_text(manifest.read_text().replace("web:1.2", "web:1.3"))
    subprocess.run(["git", "commit", "--quiet", "-am", "Web 1.3"], cwd=folder / "config", check=True)
    before = demo.read().count("UpdateService")
    until = time.monotonic() + 30
    while demo.read().count("UpdateService") == before:
        assert time.monotonic() < until, "a commit is deployed"
        time.sleep(0.1)
    while demo.read().count("ModifyRule") == undone:
        assert time.monotonic() < until, "a change by hand is undone"
        time.sleep(0.1)
    demo.process.send_signal(signal.SIGINT)
    assert demo.end(25) == 0, "Ctrl-C is how it is stopped"
    assert not list(demo.scratch.iterdir()), "nothing is left behind"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_ends_it_and_removes_all(tmp_path: Path, number: signal.Signals) -> None:
    demo = Demo(tmp_path, "--keep")
    demo.wait_for("3. A merge to stage")
    demo.process.send_signal(number)
    assert demo.end(25) == 130
    assert not list(demo.scratch.iterdir())


def test_without_git_the_chapter_that_needs_it_fails(tmp_path: Path) -> None:
    demo = Demo(tmp_path, PATH=str(tmp_path))
    assert demo.end() == 1
    assert "✗ git is not installed" in demo.read()
    assert "Chapter 2 of 9 failed" in demo.read()
    assert not list(demo.scratch.iterdir())


def test_a_claim_that_does_not_hold_is_crossed_with_what_was_found(tmp_path: Path) -> None:
    """Here git lies about the commit that it made."""
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(
        f'#!/bin/sh\n[ "$1" = rev-parse ] && echo {"0" * 40} && exit\nexec {shutil.which("git")} "$@"\n'
    )
    git.chmod(0o755)
    demo = Demo(tmp_path, PATH=f"{git.parent}:{os.environ['PATH']}")
    assert demo.end() == 1
    crossed = [line for line in demo.read().splitlines() if "✗" in line]
    assert len(crossed) == 1 and "the commit that asked for them" in crossed[0]
    assert "Chapter 3 of 9 failed" in demo.read()
    assert "4. " not in demo.read()


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_readers_environment_is_out_of_sight_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    before = dict(os.environ)
    with LocalAws() as aws, environment(aws):
        seen = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        assert seen == aws.env()
        assert os.environ["NO_PROXY"] == "example.com,127.0.0.1"
    assert dict(os.environ) == before


@pytest.mark.anyio
async def test_the_clock_is_fast_and_the_time_of_day_is_not() -> None:
    clock = FastClock(100)
    begin, real = clock.monotonic(), time.monotonic()
    await clock.sleep(1)
    passed = time.monotonic() - real
    assert 0.01 <= passed < 1
    assert clock.monotonic() - begin >= 1
    assert abs(clock.now().timestamp() - time.time()) < 1


def test_an_event_is_told_once_in_short_lines_and_foreign_text_is_harmless() -> None:
    lines: list[str] = []
    tell = Teller(lines.append)
    key = Key("Service", "stage", "web")
    progress = Event("Progress", "stage", key, generation="g1", message="1/2 running")
    tell.event(progress)
    tell.event(progress)
    assert len(lines) == 1 and lines[0].endswith("stage  Service/web  1/2 running")
    lines.clear()
    back = "is being rolled back: " + "it died\x1b[2J " * 30
    tell.event(Event("RolledBack", "stage", key, generation="g1", message=back))
    assert len(lines) > 1 and max(map(len, lines)) <= 100
    assert "\x1b" not in "".join(lines)
    lines.clear()
    tell.event(Event("RolledBack", "stage", key, generation="g1", message="was rolled back: it died"))
    assert [line.partition("web  ")[2] for line in lines] == ["was rolled back"]

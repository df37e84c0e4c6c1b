"""On a real terminal: a question before anything is written, and colour."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import Checkout


def on_terminal(*args: str, typed: str, aws: LocalAws, folder: Path, **env: str) -> tuple[int, str]:
    """Exit code and everything shown."""
    ours, theirs = pty.openpty()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "apollo", *args],
        cwd=folder,
        env=kept | {"TERM": "xterm"} | aws.env() | env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is for who has the terminal
    )
    os.close(theirs)
    shown = b""

    def read() -> None:
        nonlocal shown
        answered = False
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                return
            shown += chunk
            if not answered and b"[y/N]" in shown:
                answered = True
                threading.Event().wait(0.3)  # nobody answers before the question stands there
                os.write(ours, typed.encode())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        try:
            code = process.wait(25)
        except subprocess.TimeoutExpired:
            # Python may lose a signal in the instant before it begins to read; a person types again, too.
            os.write(ours, typed.encode())
            code = process.wait(35)
    finally:
        process.kill()
        reader.join(10)
    os.close(ours)
    return code, shown.decode()


@pytest.mark.parametrize(("typed", "code", "calls"), [("n\n", 1, 0), ("y\n", 0, 2)])
def test_apply_asks_first(checkout: Checkout, aws: LocalAws, typed: str, code: int, calls: int) -> None:
    got, shown = on_terminal("apply", "--no-wait", typed=typed, aws=aws, folder=checkout.folder)
    assert got == code, shown
    assert "+ create" in shown
    assert "Do this to stage? [y/N]" in shown
    assert len(aws.mutations()) == calls


@pytest.mark.parametrize("typed", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_the_question_can_be_left(checkout: Checkout, aws: LocalAws, typed: str) -> None:
    code, shown = on_terminal("apply", typed=typed, aws=aws, folder=checkout.folder)
    assert code == 130, shown
    assert shown.rstrip().endswith("interrupted")
    assert aws.mutations() == []


def test_colour_on_a_terminal_unless_it_is_not_wanted(checkout: Checkout, aws: LocalAws) -> None:
    _, shown = on_terminal("plan", typed="", aws=aws, folder=checkout.folder)
    assert "\x1b[32m" in shown
    _, shown = on_terminal("plan", typed="", aws=aws, folder=checkout.folder, NO_COLOR="1")
    assert "\x1b[" not in shown


def shell(line: str, folder: Path, aws: LocalAws) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    line = line.replace("apollo", f"{sys.executable} -m apollo")
    environment = kept | aws.env()
    argv = ["bash", "-c", line]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", ["plan", "plan -o json", "--help", "--version", "validate ."])
def test_output_that_cannot_be_written_is_an_error_and_no_bug(
    checkout: Checkout, aws: LocalAws, command: str
) -> None:
    full = shell(f"apollo {command} > /dev/full", checkout.folder, aws)
    assert full.returncode == 1
    assert "No space left on device" in full.stderr
    assert "internal error" not in full.stderr and "Traceback" not in full.stderr
    closed = shell(f"apollo {command} >&-", checkout.folder, aws)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_progress_that_nobody_can_read_stops_nothing(checkout: Checkout, aws: LocalAws) -> None:
    for stderr in ("/dev/full", "&-"):
        done = shell(f"apollo apply --yes --no-wait 2>{stderr}", checkout.folder, aws)
        assert done.returncode == 0, done.stdout
    assert [request.operation for request in aws.mutations()] == ["RegisterTaskDefinition", "CreateService"]

"""On a real terminal: a question before anything is written, and colour."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
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
                os.write(ours, typed.encode())

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(60)
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


def test_colour_on_a_terminal_unless_it_is_not_wanted(checkout: Checkout, aws: LocalAws) -> None:
    _, shown = on_terminal("plan", typed="", aws=aws, folder=checkout.folder)
    assert "\x1b[32m" in shown
    _, shown = on_terminal("plan", typed="", aws=aws, folder=checkout.folder, NO_COLOR="1")
    assert "\x1b[" not in shown

"""A shell that keeps its folder and its variables from one command to the next."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["Shell"]

PATIENCE = 60.0


class Shell:
    """Runs commands one by one in ``folder``; what is started in the background ends with it.

    :ivar code: of the last command.
    """

    def __init__(self, folder: Path, state: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.code = 0
        self._state = state / "state.sh"
        self._count = 0
        self._jobs: list[subprocess.Popen[bytes]] = []
        self._outputs = state
        home = state / "home"
        home.mkdir()
        self._environment = {
            "PATH": os.pathsep.join(
                [str(state / "bin"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
            ),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "USER": "you",
            "LOGNAME": "you",
            "PYTHONUNBUFFERED": "1",
            "APOLLO_LOG_FORMAT": "text",  # as on the reader's terminal
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "You",
            "GIT_AUTHOR_EMAIL": "you@example.com",
            "GIT_COMMITTER_NAME": "You",
            "GIT_COMMITTER_EMAIL": "you@example.com",
            **environment,
        }
        self._state.write_text(f"cd {shlex.quote(str(folder))}\n")

    def command(self, name: str, words: Sequence[str]) -> None:
        """Let ``name`` be a command that does ``words``, with what it is given behind them."""
        path = self._outputs / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        path.chmod(0o755)

    def run(self, command: str) -> str:
        """What a command prints, on both streams."""
        keep = shlex.quote(str(self._state))
        script = (
            f". {keep}\n(exit {self.code})\n{command}\n__code=$?\n"
            f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {keep}\nexit $__code\n'
        )
        process = self._start(script)
        try:
            self.code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._end(process, signal.SIGKILL)
            raise AssertionError(f"`{command}` takes longer than {PATIENCE:.0f} s") from None
        return self._printed(process)

    def background(self, command: str, enough: Callable[[str], bool]) -> str:
        """Start a command beside the others; what it has printed as soon as that is ``enough``."""
        process = self._start(f". {shlex.quote(str(self._state))}\nexec {command}\n")
        self._jobs.append(process)
        until = time.monotonic() + PATIENCE
        while not enough(self._printed(process)):
            if process.poll() is not None or time.monotonic() > until:
                break
            time.sleep(0.05)
        return self._printed(process)

    def close(self) -> None:
        """End what runs in the background, newest first, as Ctrl-C does."""
        for process in reversed(self._jobs):
            if process.poll() is None:
                self._end(process, signal.SIGTERM)

    def _start(self, script: str) -> subprocess.Popen[bytes]:
        self._count += 1
        output = self._outputs / f"{self._count}.out"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                ["bash", "--norc", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        process.output = output  # type: ignore[attr-defined]
        return process

    def _printed(self, process: subprocess.Popen[bytes]) -> str:
        path: Path = process.output  # type: ignore[attr-defined]
        return path.read_text("utf-8", errors="replace")

    def _end(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        os.killpg(process.pid, number)
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

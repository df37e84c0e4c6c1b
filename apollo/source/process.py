"""git as a child process: nothing of this machine's configuration, nothing that could start a program.

Repositories may be hostile, and so may be their ``.git/config``. The environment is built from an allow-list;
hooks, filters, helpers and protocols are switched off on the command line, which beats every file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import IO, Final, Generic, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import field, frozen

from apollo.errors import SourceError
from apollo.source.faults import GIT_ITSELF, TIMEOUT, GitFailed

__all__ = ["LOCAL_SECONDS", "Access", "Git", "everything"]

T = TypeVar("T")

LOCAL_SECONDS: Final = 60.0
"""How long git may take for what needs no network. Only a dead disk takes longer."""

_PASSED_ON: Final = (
    "PATH",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
)

_FIXED: Final = {
    "LC_ALL": "C",  # errors are told apart by git's own words
    "HOME": os.devnull,  # no ~/.gitconfig, no ~/.netrc
    "XDG_CONFIG_HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_SSH_VARIANT": "ssh",
    "GIT_ALLOW_PROTOCOL": "none",  # beats protocol.<name>.allow of a repository's own configuration
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}

_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.gitProxy=",
    "core.alternateRefsCommand=true",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.pager=cat",
    "credential.helper=",
    "protocol.allow=never",
    "uploadpack.packObjectsHook=",
    "log.showSignature=false",
    "gpg.program=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.followRedirects=false",
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=30",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "transfer.credentialsInUrl=die",
)


@frozen
class Access:
    """What one git command may reach: a protocol, with the credential for it.

    :ivar environment: variables on top of the fixed ones; no secret among them.
    :ivar settings: ``-c`` settings on top of the fixed ones; no secret among them.
    :ivar secret: bytes that the child reads from the descriptor named by ``{secret}`` in ``settings``.
    """

    protocols: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(factory=dict)
    settings: tuple[str, ...] = ()
    secret: bytes = field(default=b"", repr=False)


@cache
def _program() -> str:
    found = shutil.which("git")
    if found is None:
        raise SourceError("git is not installed", code=GIT_ITSELF, hint="install git 2.31 or newer")
    return found


def everything(stdout: IO[bytes]) -> bytes:
    """All that git prints."""
    return stdout.read()


class _Child(Generic[T]):
    """One git process with all that it starts, as one process group: killed together, reaped together."""

    def __init__(
        self, argv: Sequence[str], access: Access, stdin: bytes, consume: Callable[[IO[bytes]], T]
    ) -> None:
        self._argv = argv
        self._access = access
        self._stdin = stdin
        self._consume = consume
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._killed = False
        self.given_up = False

    def run(self) -> tuple[int, T, str]:
        """Run to the end. Blocks; meant for a worker thread.

        :returns: the exit code, what ``consume`` made of the output, and the end of stderr.
        """
        process = self._start()
        assert process.stdout is not None and process.stderr is not None
        noise = bytearray()
        listener = threading.Thread(target=_drain, args=(process.stderr, noise), daemon=True)
        listener.start()
        try:
            if process.stdin is not None:
                threading.Thread(target=_feed, args=(process.stdin, self._stdin), daemon=True).start()
            value = self._consume(process.stdout)
            process.stdout.close()
        except BaseException:
            self.kill()
            raise
        finally:
            code = self._reap(process)
            listener.join()
            process.stdout.close()
            process.stderr.close()
        return code, value, noise.decode("utf-8", "replace")

    def _start(self) -> subprocess.Popen[bytes]:
        access, reader = self._access, -1
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= _FIXED
        environment |= access.environment
        if access.protocols:
            environment["GIT_ALLOW_PROTOCOL"] = ":".join(access.protocols)
        settings = list(_SETTINGS)
        settings += [f"protocol.{protocol}.allow=always" for protocol in access.protocols]
        try:
            if access.secret:
                reader, writer = os.pipe()
                try:
                    os.write(writer, access.secret)  # fits: the credential's size is checked before
                finally:
                    os.close(writer)
            settings += [text.replace("{secret}", str(reader)) for text in access.settings]
            argv = [_program(), *(part for text in settings for part in ("-c", text)), *self._argv]
            with self._lock:
                if self._killed:
                    raise GitFailed(-signal.SIGTERM, "cancelled before it began")
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE if self._stdin else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd="/",
                    env=environment,
                    pass_fds=(reader,) if reader >= 0 else (),
                    start_new_session=True,
                )
                return self._process
        finally:
            if reader >= 0:
                os.close(reader)

    def give_up(self) -> None:
        """Kill what still runs, because nobody waits for it any more."""
        with self._lock:
            self.given_up = not self._ended.is_set()
        self.kill()

    def kill(self) -> None:
        """End the whole group: politely, so that git removes its lock files, then not."""
        with self._lock:
            if self._ended.is_set():
                return
            self._killed = True
            if self._process is None:
                return
            self._signal(signal.SIGTERM)
        threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        if not self._ended.wait(1.0):
            with self._lock:
                if not self._ended.is_set():
                    self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for git. When it was killed, also for what it had started and left behind: those become our
        children where Apollo is process 1 of a container."""
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # its group id is still its own
        else:
            process.wait()
        with self._lock:
            if self._killed:
                self._signal(signal.SIGKILL)
            self._ended.set()
            code = process.wait()
        if self._killed:
            deadline = time.monotonic() + 0.5
            with contextlib.suppress(ChildProcessError):
                while time.monotonic() < deadline:
                    if os.waitpid(-process.pid, os.WNOHANG)[0] == 0:
                        time.sleep(0.005)
        return code


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def _drain(pipe: IO[bytes], kept: bytearray) -> None:
    """Keep the last of what git says; a remote may talk for ever."""
    while chunk := pipe.read1(8192) if hasattr(pipe, "read1") else pipe.read(8192):
        kept += chunk
        del kept[:-16384]


class Git:
    """Runs git on one repository. Holds no process: each call is one.

    :ivar left_out: ids of contents that a clone does not have because they are too large.
    :ivar missed: ids of contents that were looked for and not found, for whoever mends the repository.
    :ivar blobs_read: how many contents were read.
    """

    def __init__(
        self,
        git_dir: Path | None,
        limiter: anyio.CapacityLimiter | None = None,
        *,
        left_out: Set[bytes] = frozenset(),
        missed: set[bytes] | None = None,
    ) -> None:
        self.left_out = left_out
        self.missed = set() if missed is None else missed
        self.blobs_read = 0
        self._where = () if git_dir is None else (f"--git-dir={git_dir}",)
        self._limiter = limiter

    async def run(
        self,
        *argv: str,
        stdin: bytes = b"",
        consume: Callable[[IO[bytes]], T],
        access: Access | None = None,
        timeout: float = LOCAL_SECONDS,
        ok: Sequence[int] = (0,),
    ) -> T:
        """What ``consume`` makes of the output.

        :param timeout: seconds of real time, after which git and all it started are killed.
        :raises GitFailed: another exit code than those in ``ok``.
        :raises SourceError: APO-GIT-007 when it took too long.
        """
        return (
            await self.status(*argv, stdin=stdin, consume=consume, access=access, timeout=timeout, ok=ok)
        )[1]

    async def status(
        self,
        *argv: str,
        stdin: bytes = b"",
        consume: Callable[[IO[bytes]], T],
        access: Access | None = None,
        timeout: float = LOCAL_SECONDS,
        ok: Sequence[int] = (0,),
    ) -> tuple[int, T]:
        """`run`, with the exit code before it."""
        child = _Child((*self._where, *argv), access or Access(), stdin, consume)
        outcome: tuple[int, T, str] | BaseException | None = None
        with anyio.move_on_after(timeout):
            async with anyio.create_task_group() as group:
                group.start_soon(_tied_to_its_caller, child)
                await anyio.lowlevel.checkpoint()
                outcome = await anyio.to_thread.run_sync(_outcome, child, limiter=self._limiter)
                group.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint_if_cancelled()
        if isinstance(outcome, BaseException) and not child.given_up:
            raise outcome
        if outcome is None or isinstance(outcome, BaseException) or child.given_up:
            raise SourceError(
                f"git {_verb(argv)} took longer than {timeout:g} s and was stopped",
                code=TIMEOUT,
                hint="the server hangs, or the line is too slow; it is tried again by itself",
            )
        code, value, stderr = outcome
        if code not in ok:
            raise GitFailed(code, stderr)
        return code, value

    def run_blocking(self, *argv: str, access: Access | None = None, ok: Sequence[int] = (0,)) -> bytes:
        """`run` for a caller without an event loop, such as a command's helper.

        :raises GitFailed: another exit code than those in ``ok``.
        """
        code, value, stderr = _Child((*self._where, *argv), access or Access(), b"", everything).run()
        if code not in ok:
            raise GitFailed(code, stderr)
        return value


def _verb(argv: Sequence[str]) -> str:
    return next((word for word in argv if not word.startswith("-")), "")


def _outcome(child: _Child[T]) -> tuple[int, T, str] | BaseException:
    """Errors as values: raised inside a task group they would come out wrapped."""
    try:
        return child.run()
    except Exception as error:
        return error


async def _tied_to_its_caller(child: _Child[T]) -> None:
    """Kill the child when the caller is cancelled. At the normal end there is nothing left to kill."""
    try:
        await anyio.sleep_forever()
    finally:
        child.give_up()

"""Process 1 of a container inherits what its children leave behind, such as a helper of a git that was
killed, and must take note of their end: else they stay in the table of processes for ever."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

__all__ = ["adopts", "reap_forever"]

_EVERY = 10.0
_PR_GET_CHILD_SUBREAPER = 37


def adopts() -> bool:
    """Whether this process inherits orphans: it is process 1, or asked for them."""
    if os.getpid() == 1:
        return True
    if not sys.platform.startswith("linux"):
        return False
    found = ctypes.c_int(0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
    return bool(found.value)


async def reap_forever(every: float = _EVERY) -> None:
    """Take note of the end of every orphan. Children of our own are left to who started them and waits for
    them: only what has been dead for a whole round belongs to nobody."""
    import anyio

    before: set[int] = set()
    while True:
        await anyio.sleep(every)
        dead = _dead()
        for child in dead & before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, os.WNOHANG)  # noqa: ASYNC222
        before = dead - before


def _dead() -> set[int]:
    """Our children that have ended and that nobody has asked about."""
    own, found = os.getpid(), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # "PID (name) state parent …"; a name may hold brackets and blanks
                state, parent = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
                if state == "Z" and int(parent) == own:
                    found.add(int(entry.name))
    return found

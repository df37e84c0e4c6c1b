"""The operator in a process of its own, and a kind that costs no call, so that a repository may be large.

``python -m benchmarks.operated APOLLO_YAML`` runs until it is told to stop.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio

from apollo.api import Context, Controller, Env, Identity, Resource, Spec, Step
from apollo.aws import LIMITS, Aws, Limit
from apollo.cli.serving import Loaded
from apollo.clock import SystemClock
from apollo.manifest import load_settings
from apollo.operator import Operator
from benchmarks.harness import ROOT

__all__ = ["Note", "note", "operator_process"]


class NoteSpec(Spec):
    text: str = ""


class Note(Controller[NoteSpec, str]):
    """Something that is always as it should be."""

    kind = "bench.Note"
    spec_type = NoteSpec

    def identity(self, spec: NoteSpec, env: Env) -> Identity | None:
        return None

    async def observe(self, ctx: Context, at: Identity | None, want: Resource[NoteSpec] | None) -> str | None:
        return want.owner if want is not None else None

    def diff(self, want: Resource[NoteSpec] | None, seen: str | None) -> Sequence[Step]:
        return ()

    def owner(self, seen: str) -> str | None:
        return seen


def note(name: str) -> bytes:
    """A manifest of that kind."""
    head = "apiVersion: apollo/v1\nkind: bench.Note\n"
    return f"{head}metadata: {{name: {name}}}\nspec: {{text: hello}}\n".encode()


@contextmanager
def operator_process(config: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The operator, running until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.operated", str(config)],
        cwd=ROOT,
        env={**env},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def main(config: Path) -> None:
    clock = SystemClock()
    async with Operator(load_settings(config), controllers=[Note()], clock=clock) as operator:
        # AWS's published rates would be measured otherwise, not Apollo.
        unlimited = {name: Limit(1e6, 1e6) for name in LIMITS}
        operator.aws = Aws(operator.settings.installation.name, clock=clock, limits=unlimited)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(operator.run, task_status=Loaded()))  # as apollo run does
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                async for _ in signals:
                    break
            operator.stop()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))

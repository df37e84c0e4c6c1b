"""The performance: sets the scene, tells the chapters, sums up, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel
from anyio import to_thread

from apollo import telemetry
from apollo.cli.boundary import INTERRUPTED
from apollo.cli.demo.clock import FastClock
from apollo.cli.demo.cloud import environment
from apollo.cli.demo.files import LOG
from apollo.cli.demo.keep import instructions
from apollo.cli.demo.story import CHAPTERS
from apollo.cli.demo.teller import Teller
from apollo.cli.demo.world import Untrue, World
from apollo.cli.interrupts import Interrupts
from apollo.errors import ApolloError
from apollo.testing import LocalAws

__all__ = ["show"]

SPEED: Final = 20.0
"""A minute of ECS takes three seconds."""
_END: Final = 10.0
"""Seconds for the operator to end in."""
_LOUD: Final = (" WARNING ", " ERROR ", " CRITICAL ")


async def show(tell: Teller, keep: bool) -> int:
    """Tell the story; the exit code.

    :param keep: let everything run on afterwards, until a signal.
    """
    code = INTERRUPTED
    curtain = anyio.CancelScope()
    interrupts = Interrupts(curtain.cancel)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(interrupts.watch, tasks.cancel_scope)
        await anyio.lowlevel.checkpoint()  # from here on a signal is heard, and what is made is removed
        with _folder() as folder, LocalAws(speed=SPEED) as aws, environment(aws):
            async with anyio.create_task_group() as stage:
                world = World(folder, aws, FastClock(SPEED), tell, stage)
                with curtain:
                    code = await _story(world)
                    if keep and not await _kept(world):
                        code = 1
                with anyio.CancelScope(shield=True), anyio.move_on_after(_END):
                    await world.stop()
                stage.cancel_scope.cancel()
        tasks.cancel_scope.cancel()
    if interrupts.received is not None:
        tell.line("Stopped; nothing is left behind.")
    return code


async def _story(world: World) -> int:
    tell = world.tell
    tell.line(
        f"All of it on this machine, with no AWS account. ECS runs {SPEED:.0f} times as fast as in life."
    )
    for number, (title, chapter) in enumerate(CHAPTERS, 1):
        tell.chapter(number, title)
        try:
            await chapter(world)
        except Untrue as untrue:
            tell.cross(str(untrue))
        except ApolloError as error:
            tell.cross(f"{error.message} [{error.code}]" + (f"; {error.hint}" if error.hint else ""))
        except Exception as error:
            tell.cross(f"{type(error).__name__}: {error}")
            raise
        else:
            continue
        for line in _complaints(world.folder / LOG):
            tell.note(line)
        tell.line()
        tell.title(f"Chapter {number} of {len(CHAPTERS)} failed after {tell.seconds:.0f} s.")
        return 1
    tell.line()
    await _sum_up(world)
    return 0


def _complaints(log: Path) -> list[str]:
    """The last lines of the operator's log that are more than information."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if any(level in line for level in _LOUD)][-5:]


async def _sum_up(world: World) -> None:
    repository = world.repository
    commits, merges = await repository.count(), await repository.count("--merges")
    rollouts = [status for site in world.sites for status in await to_thread.run_sync(site.rollouts)]
    back = sum(status.startswith("ROLLBACK") for status in rollouts)
    changes = len(world.changes())
    world.tell.title(
        f"{commits} commits ({merges} merges), {len(rollouts)} rollouts ({back} rolled back), "
        f"{changes} calls that changed AWS, {world.tell.seconds:.0f} s"
    )


async def _kept(world: World) -> bool:
    """The scene stays until a signal. Answers only when the operator fails."""
    since = len(world.events)
    try:
        await world.repository.switch(world.stage.target.name)
        await world.start()
        for site in world.sites:
            await world.heard(f"{site.target.name} equals git", "Synced", site, since)
        for line in instructions(world):
            world.tell.line(line)
        await world.ended()
    except Untrue as untrue:
        world.tell.cross(str(untrue))
    return False


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder of the demo's own, with the operator's log in it."""
    folder = Path(tempfile.mkdtemp(prefix="apollo-demo-"))
    root = logging.getLogger()
    handlers = root.handlers[:]
    try:
        with (folder / LOG).open("w", encoding="utf-8") as log:
            telemetry.setup("INFO", "text", log)
            yield folder
    finally:
        root.handlers[:] = handlers
        shutil.rmtree(folder, ignore_errors=True)

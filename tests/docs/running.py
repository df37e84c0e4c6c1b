"""Runs a page, block by block."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.docs.blocks import Block, Command, blocks, commands, stage_of
from tests.docs.likeness import alike, shown
from tests.docs.shell import PATIENCE, Shell
from tests.docs.stage import stage

__all__ = ["Differs", "perform"]

_SMALLEST = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec: {containerDefinitions: [{name: app, image: a, memory: 64}]}
"""

_ENVIRONMENT = """\
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  cluster: shop
  variables: {tasks: 2, subnets: [subnet-a, subnet-b], domain: example.com}
"""

Differs = Callable[[Block, Command, Sequence[str]], None]
"""Told of a command that prints something else than the page says."""


def perform(page: Path, scratch: Path, differs: Differs) -> None:
    """Do all that a page does."""
    found = [block for block in blocks(page) if block.language and "norun" not in block.words]
    if not any(block.language in _DOERS for block in found):
        return
    with stage(stage_of(page.read_text("utf-8")), scratch) as shell:
        for block in found:
            if (name := block.option("file")) is not None:
                path = shell.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, "utf-8")
            if block.language in _DOERS:
                _DOERS[block.language](block, shell, differs)


def _console(block: Block, shell: Shell, differs: Differs) -> None:
    todo = list(commands(block))
    if "background" in block.words:
        (command,) = todo

        def enough(text: str) -> bool:
            return alike(command.output, shown(text, shell.folder)) if command.output else bool(text)

        printed = shell.background(command.text, enough)
        _compare(block, command, shown(printed, shell.folder), differs)
        return
    until = time.monotonic() + (PATIENCE if "eventually" in block.words else 0)
    while True:
        seen = []
        for number, command in enumerate(todo):
            printed = shell.run(command.text)
            seen.append(shown(printed, shell.folder))
            asked = number + 1 < len(todo) and todo[number + 1].text == "echo $?"
            late = time.monotonic() > until
            assert shell.code == 0 or asked or not late, (
                f"{block.page.name}:{command.line}: `{command.text}` fails with {shell.code}:\n{printed}"
            )
        pairs = list(zip(todo, seen, strict=True))
        if time.monotonic() > until or all(alike(command.output, lines) for command, lines in pairs):
            break
        time.sleep(0.5)
    for command, lines in pairs:
        _compare(block, command, lines, differs)


def _compare(block: Block, command: Command, printed: list[str], differs: Differs) -> None:
    if not alike(command.output, printed):
        differs(block, command, printed)


def _script(block: Block, shell: Shell, differs: Differs) -> None:
    printed = shell.run(f"set -e\n{block.text}set +e")
    assert shell.code == 0, f"{block.place}: the script fails with {shell.code}:\n{printed}"


def _yaml(block: Block, shell: Shell, differs: Differs) -> None:
    documents: list[Any] = list(yaml.safe_load_all(block.text))
    if "part" in block.words or block.option("file") is not None:
        return
    assert all(isinstance(one, dict) and "kind" in one for one in documents), (
        f"{block.place}: neither a manifest nor `yaml part`"
    )
    own = {one["kind"] for one in documents} <= {"Installation", "Environment"}
    scratch = shell.folder / "of-the-page"
    scratch.mkdir(exist_ok=True)
    (scratch / ("apollo.yaml" if own else "manifest.yaml")).write_text(block.text, "utf-8")
    (scratch / "task-definition.json").write_text('{"containerDefinitions": [{"name": "app", "image": "a"}]}')
    if own:
        (scratch / "apps").mkdir(exist_ok=True)
        (scratch / "apps/web.yaml").write_text(_SMALLEST, "utf-8")
        command = "apollo validate of-the-page/apps -f of-the-page/apollo.yaml"
    else:
        (scratch / "apollo.yaml").write_text(_ENVIRONMENT, "utf-8")
        command = "cd of-the-page && apollo validate manifest.yaml"
    _succeeds(block, shell, command)


def _succeeds(block: Block, shell: Shell, command: str) -> None:
    printed = shell.run(f"( {command} )")
    assert shell.code == 0, f"{block.place}: {command} fails:\n{printed}"


def _json(block: Block, shell: Shell, differs: Differs) -> None:
    json.loads(block.text)


def _python(block: Block, shell: Shell, differs: Differs) -> None:
    if block.option("file") is not None:
        return
    (shell.folder / "of-the-page.py").write_text(block.text, "utf-8")
    _succeeds(block, shell, "python of-the-page.py")


_DOERS: dict[str, Callable[[Block, Shell, Differs], None]] = {
    "console": _console,
    "sh": _script,
    "yaml": _yaml,
    "json": _json,
    "python": _python,
}

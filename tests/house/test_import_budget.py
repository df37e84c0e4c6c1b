"""Commands that need neither AWS nor git start without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"boto3", "botocore", "git", "watchfiles", "rich", "apollo.testing"} | {
    "starlette",
    "uvicorn",
    "prometheus_client",
    "opentelemetry",
}
EXAMPLE = Path(__file__).parents[2] / "examples/shop/config/apps"

_PROGRAM = """
import json, sys
from apollo.__main__ import main
sys.argv = ["apollo", *json.loads(sys.argv[1])]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
print("\\n" + json.dumps([code, sorted(sys.modules)]))
"""


def _loaded(arguments: list[str], folder: Path) -> set[str]:
    """The modules in memory after a command, which has to succeed."""
    # The test process may have been told to measure imports or coverage; the command is run without that.
    done = subprocess.run(
        [sys.executable, "-c", _without_a_quick_end(_PROGRAM), json.dumps(arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip(), done.stderr
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


def _without_a_quick_end(program: str) -> str:
    """A short command may end its process at once; here it must come back, to be asked."""
    return (
        "import os\nclass _End(SystemExit): pass\ndef _exit(code):\n    raise _End(code)\nos._exit = _exit\n"
        + program
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["plan", "--help"],
        ["validate", str(EXAMPLE), "-f", str(EXAMPLE.parents[1] / "apollo.yaml")],
        ["explain", "APO-LOAD-021"],
        ["explain", "Service.desiredCount"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_command_that_needs_neither_aws_nor_git_imports_neither(
    arguments: list[str], tmp_path: Path
) -> None:
    assert _loaded(arguments, tmp_path) & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=["version", "help"])
def test_saying_what_there_is_imports_no_model(arguments: list[str], tmp_path: Path) -> None:
    assert _loaded(arguments, tmp_path) & {"pydantic", "anyio", "yaml", "asyncio"} == set()


def test_validate_needs_no_event_loop(tmp_path: Path) -> None:
    assert (
        _loaded(
            ["validate", str(EXAMPLE), "--cluster", "shop", "-f", str(EXAMPLE.parents[1] / "apollo.yaml")],
            tmp_path,
        )
        & {"anyio", "asyncio"}
        == set()
    )


def test_kinds_that_no_file_uses_are_not_imported(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(
        "apiVersion: apollo/v1\nkind: TaskDefinition\nmetadata: {name: web}\n"
        "spec: {containerDefinitions: [{name: app, image: 'web:1', memory: 128}]}\n"
    )
    loaded = _loaded(["validate", str(file)], tmp_path)
    assert "apollo.controllers.task_definition" in loaded
    others = (
        "apollo.controllers.service",
        "apollo.controllers.listener_rule",
        "apollo.controllers.scaling_policy",
    )
    assert {name for name in loaded if name in others or name.startswith("apollo_")} == set()


def test_what_looks_whether_all_is_there_is_imported_by_nobody_else(tmp_path: Path) -> None:
    loaded = _loaded(["validate", str(EXAMPLE), "-f", str(EXAMPLE.parents[1] / "apollo.yaml")], tmp_path)
    assert {name for name in loaded if "verify" in name or "existence" in name} <= {"apollo.engine.verify"}


@pytest.mark.parametrize(
    "module", ["apollo", "apollo.api", "apollo.compare", "apollo.errors", "apollo.reads", "apollo.settings"]
)
def test_what_a_plugin_imports_is_light(module: str) -> None:
    program = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & (HEAVY | {"yaml", "click"}) == set()

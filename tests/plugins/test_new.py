"""``apollo plugins new`` makes a project that works as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apollo.errors import ApolloError
from apollo.plugins.new import Names, create

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("package", "kind", "module"),
    [
        ("acme-queue", "acme.Queue", "acme_queue"),
        ("green-dead-letter2", "green.DeadLetter2", "green_dead_letter2"),
    ],
)
def test_a_name_says_what_things_are_called(package: str, kind: str, module: str) -> None:
    names = Names.of(package)
    assert (names.kind, names.module) == (kind, module)


@pytest.mark.parametrize(
    "name", ["queue", "Acme-queue", "acme-", "acme queue", "../acme-queue", "acme-9", ""]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ApolloError, match="no name for a plugin") as raised:
        create(name, tmp_path / "new", "0.1.0")
    assert raised.value.code == "APO-PLUGIN-020" and not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ApolloError, match="there already"):
        create("acme-queue", tmp_path, "0.1.0")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_project_is_installed_passes_its_own_tests_and_is_clean(tmp_path: Path) -> None:
    """As its README says, but for the network: it is installed from its folder, without its dependencies."""
    project, site = tmp_path / "acme-queue", tmp_path / "site"
    create("acme-queue", project, "0.1.0")
    python = [sys.executable, "-m"]
    install = [
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(site),
        str(project),
    ]
    subprocess.run([*python, *install], check=True, capture_output=True, timeout=120)
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [*python, "pytest", "--quiet", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(tests, cwd=project, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    listed = subprocess.run(
        [*python, "apollo", "plugins", "list"], env=environment, capture_output=True, text=True, check=True
    )
    assert "acme.Queue" in listed.stdout and "broken" not in listed.stdout
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    for check in (["check", "--ignore", "I001"], ["format", "--check"]):  # it sorts us as a third party
        linted = subprocess.run(
            [*python, "ruff", *check, *config, str(project)], capture_output=True, text=True
        )
        assert linted.returncode == 0, linted.stdout
    types = [*python, "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "src"]
    typed = subprocess.run(types, cwd=project, env=environment, capture_output=True, text=True, timeout=300)
    assert typed.returncode == 0, typed.stdout

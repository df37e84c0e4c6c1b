"""The package as people get it: built, installed into an environment of its own, and used from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _call(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **variables},
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what is in git, so that nothing of this checkout leaks into it."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("apollo", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder)
    _call(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--quiet",
            "--wheel-dir",
            "dist",
            *_isolation(),
            ".",
        ],
        folder,
        **_pip(),
    )
    (built,) = (folder / "dist").glob("*.whl")
    return built


def _isolation() -> list[str]:
    """Build with the hatchling that is installed here, if one is: faster, and needs no network."""
    try:
        import hatchling.build  # noqa: F401
    except ImportError:
        return []
    return ["--no-build-isolation"]


def _pip() -> dict[str, str]:
    """What this machine's pip was told about where packages are."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds Apollo as a wheel.

    What Apollo needs is lent from this environment, so that the test needs no network; Apollo itself is not:
    its checkout is installed here by a path file, which does not work at second hand.
    """
    folder = tmp_path_factory.mktemp("installed")
    _call([sys.executable, "-m", "venv", folder / "venv"], folder)
    python = folder / "venv/bin/python"
    _call([python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", wheel], folder, **_pip())
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    here = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (site / "lent.pth").write_text(f"{here}\n", "utf-8")
    return folder / "venv/bin"


def test_the_wheel_holds_apollo_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"apollo"}
    assert "apollo/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_it_is_used_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    where = _call([installed / "python", "-c", "import apollo; print(apollo.__file__)"], tmp_path)
    assert where.startswith(str(installed.parent))
    assert _call([installed / "apollo", "--version"], tmp_path).startswith("apollo ")


def test_every_kind_and_gate_comes_with_it(installed: Path, tmp_path: Path) -> None:
    listed = _call([installed / "apollo", "plugins", "list"], tmp_path)
    for kind in ("Service", "TaskDefinition"):
        (line,) = [line for line in listed.splitlines() if line.startswith(f"{kind} ")]
        assert " loaded" in line
    assert "broken" not in listed
    assert "prune" in listed.splitlines()[-1]


def test_it_checks_the_example(installed: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(ROOT / "examples/shop", shop)
    assert "2 resources, valid" in _call([installed / "apollo", "validate", "config/apps"], shop)


def test_it_tells_its_story(installed: Path, tmp_path: Path) -> None:
    said = _call([installed / "apollo", "demo"], tmp_path, TMPDIR=str(tmp_path))
    assert "✗" not in said
    assert "0 calls that change anything" in said

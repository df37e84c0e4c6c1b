"""The companions are used from their source trees: laid out as pip does, for these tests alone. Installed for
all tests they would be swept with every environment, and its calls counted."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.world import World, local_world

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def lay_out(project: Path, site: Path) -> None:
    """What an installed distribution says of itself, beside its sources."""
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    info = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    text += "".join(f"Requires-Dist: {one}\n" for one in about["dependencies"])
    (info / "METADATA").write_text(text)
    groups = about["entry-points"]
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {where}" for name, where in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def projects() -> list[Path]:
    """The folders of the companions."""
    return sorted(path.parent for path in PLUGINS.glob("*/pyproject.toml"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What has to be on the path for the companions to be found: their metadata and their sources."""
    folder = tmp_path_factory.mktemp("site")
    found = projects()
    for project in found:
        lay_out(project, folder)
    return (str(folder), *(str(project / "src") for project in found))


@pytest.fixture(autouse=True)
def installed(site: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*site, *sys.path])


@pytest.fixture
def world(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch) as made:
        yield made

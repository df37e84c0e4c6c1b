"""What the docs say of the code is so, where that can be asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import apollo
from apollo.plugins import Registry
from tests.docs.blocks import ROOT

CODE = Path(apollo.__file__).parent


def test_the_references_are_what_the_code_says_now() -> None:
    done = subprocess.run(
        [sys.executable, "tools/generate_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def test_the_map_of_the_house_shows_every_room() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    plan = page.split("```text\napollo/\n")[1].split("```")[0]
    shown = {
        name for line in plan.splitlines() for name in re.findall(r"^  (?:__main__\.py  )?([\w.]+/?)", line)
    }
    rooms = {
        path.name + ("/" if path.is_dir() else "")
        for path in CODE.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert {name for name in shown if not name.startswith("─")} == rooms


def test_every_kind_has_its_page_and_the_index_links_to_it() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    kinds = {info.kind for info in Registry().report(load=True) if info.distribution == "apollo-ecs"}
    pages = {path.stem for path in (ROOT / "docs/reference/kinds").glob("*.md")}
    assert pages == kinds
    assert [kind for kind in sorted(kinds) if f"reference/kinds/{kind}.md" not in index] == []


def test_every_command_is_in_the_reference() -> None:
    from apollo.cli.main import COMMANDS

    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"### apollo {name}" not in page] == []


def test_every_setting_is_in_the_reference() -> None:
    from apollo import settings

    page = (ROOT / "docs/reference/apollo-yaml.md").read_text("utf-8")
    models = [
        settings.InstallationSpec,
        settings.EnvironmentSpec,
        settings.Source,
        settings.Aws,
        settings.Allow,
        settings.Sync,
        settings.NotificationSpec,
        settings.WebhookTarget,
        settings.GithubTarget,
        settings.GitlabTarget,
    ]
    missing = [name for model in models for name in model.model_fields if f".{name}`" not in page]
    assert missing == []


def test_decisions_are_numbered_and_say_context_decision_and_consequences() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    index = (ROOT / "docs/decisions/index.md").read_text("utf-8")
    for number, page in enumerate(pages, 1):
        text = page.read_text("utf-8")
        assert page.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        assert [
            word for word in ("**Context.**", "**Decision.**", "**Consequences.**") if word not in text
        ] == []
        assert f"]({page.name})" in index


def test_the_pictures_are_drawn_by_the_script() -> None:
    """And fetch nothing from anywhere."""
    script = (ROOT / "tools/take_pictures.py").read_text("utf-8")
    for picture in (ROOT / "docs/images").glob("*.svg"):
        assert f'"{picture.stem}": (' in script
        assert not re.search(r"url\((?!#)|<image|xlink:href=\"http", picture.read_text("utf-8"))

"""The site builds, strictly, and shows what GitHub shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docs.blocks import ROOT

pytest.importorskip("mkdocs")

OUTSIDE = ("mkdocs.yml", "tools", "docs", "examples", "plugins", "Dockerfile", "README.md")
MORE = ("CHANGELOG.md", "CONTRIBUTING.md", ".pre-commit-hooks.yaml")


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT, target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def content(site: Path, page: Path) -> str:
    html = (site / page.relative_to(ROOT / "docs")).with_suffix(".html").read_text("utf-8")
    return html.split("<article", 1)[1].split("</article>", 1)[0]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_lists_tables_and_blocks_are_those_of_github(site: Path, page: Path) -> None:
    """Python-Markdown reads some of them differently."""
    shown = content(site, page)
    plain = MarkdownIt("gfm-like", {"linkify": False}).render(page.read_text("utf-8"))
    for tag in ("li", "tr", "pre", "h2", "h3"):
        assert len(re.findall(f"<{tag}[ >]", shown)) == len(re.findall(f"<{tag}[ >]", plain)), tag
    assert "```" not in shown


def test_the_navigation_has_the_four_parts_and_the_decisions(site: Path) -> None:
    html = (site / "index.html").read_text("utf-8")
    tabs = html.split('class="md-tabs"', 1)[1].split("</nav>", 1)[0]
    assert [
        " ".join(re.sub("<[^>]*>", "", tab).split()) for tab in re.findall(r"<a .*?</a>", tabs, re.DOTALL)
    ] == [
        "Home",
        "Learn",
        "Do",
        "Look up",
        "Understand",
        "Changes",
    ]
    for page in (
        "tutorial/first-deployment",
        "reference/cli",
        "decisions/0001-unknown-outputs-are-marker-text",
    ):
        assert f"{page}.html" in html


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        html = page.read_text("utf-8")
        assert re.findall(r'(?:<link[^>]*rel="stylesheet"[^>]*href|src)="(?:https?:)?//[^"]*"', html) == []


@pytest.mark.parametrize("link", ["nowhere.md", "reference/cli.md#no-such-heading"])
def test_a_broken_link_fails_the_build(tmp_path: Path, link: str) -> None:
    for name in (*OUTSIDE, *MORE):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        elif path.exists():
            shutil.copy(path, tmp_path / name)
    index = tmp_path / "docs/index.md"
    index.write_text(index.read_text("utf-8") + f"\n[broken]({link})\n", "utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert link.partition("#")[0] in done.stdout + done.stderr

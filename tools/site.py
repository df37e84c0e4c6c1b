"""What the site needs beside the pages of docs/; MkDocs calls these functions by their names.

- The navigation is docs/index.md: its headings and lists, and the list of decisions.
- What the tests read from the words behind a block's language shows nowhere, but the name of a file does.
- Lists are written as GitHub reads them.
- A link to something outside docs/ leads to a page that shows the file, or the files of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_LINK = re.compile(r"(?P<before>\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?P<after>\))")
_FENCED = re.compile(r"^(?P<indent> *)```.*?^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]+)(?P<words> [^\n`]*)?$", re.MULTILINE)
_ITEM = re.compile(r"^( *)([-*]|\d+\.) ")
_WHERE = "The commands of this page were run in [the shop](the-shop.md), and printed what stands here."
_LARGEST = 60_000
"""Characters of a file that is shown; of more, the beginning is."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation, in the order of the index."""
    nav: list[Any] = [{"Home": "index.md"}]
    lists: list[list[Any]] = [nav]
    for line in (DOCS / "index.md").read_text("utf-8").splitlines():
        if heading := re.match(r"(##+) (.+)", line):
            level = len(heading[1]) - 1
            inner: list[Any] = []
            del lists[level:]
            lists[-1].append({heading[2]: inner})
            lists.append(inner)
        elif len(lists) > 1:
            lists[-1] += [
                {title: _decisions() if target == "decisions/index.md" else _place(target)}
                for title, target in re.findall(r"\[([^]]+)\]\(([\w./-]+\.md)\)", line)
                if target != "how-to/the-shop.md" or line.startswith("- ")
            ]
    nav.append({"Changes": "_files/CHANGELOG.md"})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """A page for each thing outside docs/ that a page, or such a page, links to."""
    seen, todo = set[str](), {"CHANGELOG.md"}
    for file in files.documentation_pages():
        todo |= {target for target, _ in _outside(PurePosixPath("docs", file.src_uri), file.content_string)}
    while todo:
        name = todo.pop()
        seen.add(name)
        content = _shown(name)
        inclusion = InclusionLevel.INCLUDED if name == "CHANGELOG.md" else InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, _page_of(name), content=content, inclusion=inclusion))
        if name.endswith(".md"):
            todo |= {target for target, _ in _outside(PurePosixPath(name), content)} - seen
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """As Python-Markdown reads it."""
    name = page.file.src_uri
    origin = PurePosixPath("docs", name)
    if name.startswith("_files/"):
        origin = PurePosixPath(name.removeprefix("_files/").removesuffix(".page.md"))
    for target, written in set(_outside(origin, markdown)):
        goal = relpath(_page_of(target), PurePosixPath(name).parent)
        markdown = markdown.replace(f"]({written})", f"]({goal})")
    if name.startswith("_files/") and origin.suffix == ".md":
        markdown = _LINK.sub(lambda found: _from_root(found, origin, name), markdown)
    if re.match(r"<!-- stage: (shop|deployed) -->", markdown) and name.startswith("how-to/"):
        markdown += f"\n---\n\n{_WHERE}\n"
    return _lists(_FENCE.sub(_fence, markdown))


def _place(target: str) -> str:
    return _page_of(normpath(f"docs/{target}")) if target.startswith("../") else target


def _decisions() -> list[Any]:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    return ["decisions/index.md", *(f"decisions/{page.name}" for page in pages)]


def _outside(origin: PurePosixPath, text: str) -> Iterator[tuple[str, str]]:
    """What a page links to outside docs/: the path in the repository, and as it is written."""
    for found in _LINK.finditer(_FENCED.sub("", text)):
        target = found["target"]
        if re.match(r"[a-z]+:", target):
            continue
        path = normpath(str(origin.parent / target))
        if not path.startswith(("docs/", "..")) and (ROOT / path).exists():
            yield path, target


def _from_root(found: re.Match[str], origin: PurePosixPath, name: str) -> str:
    """A link of a page outside docs/ to one inside."""
    path = normpath(str(origin.parent / found["target"]))
    if re.match(r"[a-z]+:", found["target"]) or not path.startswith("docs/"):
        return found[0]
    goal = relpath(path.removeprefix("docs/"), PurePosixPath(name).parent)
    return f"{found['before']}{goal}{found['anchor'] or ''}{found['after']}"


def _page_of(name: str) -> str:
    return f"_files/{name}" if name.endswith(".md") else f"_files/{name}.page.md"


def _shown(name: str) -> str:
    path = ROOT / name
    if name.endswith(".md"):
        return path.read_text("utf-8")
    if path.is_file():
        return f"# {name}\n\n{_code(path)}"
    inner = [one for one in sorted(path.rglob("*")) if one.is_file() and "__pycache__" not in one.parts]
    parts = [f"## {one.relative_to(path)}\n\n{_code(one)}" for one in inner]
    return f"# {name}\n\n" + "\n".join(parts)


def _code(path: Path) -> str:
    language = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".py": "python", ".md": "markdown"}
    text = path.read_text("utf-8")[:_LARGEST].rstrip()
    return f"~~~~{language.get(path.suffix, 'text')}\n{text}\n~~~~\n"


def _fence(found: re.Match[str]) -> str:
    file = re.search(r"\bfile=(\S+)", found["words"] or "")
    title = f' title="{file[1]}"' if file else ""
    return f"{found['indent']}```{found['language']}{title}"


def _lists(text: str) -> str:
    """An empty line before each list, which GitHub does not need, and four spaces for what is in an item."""
    lines: list[str] = []
    fence, inside, width = "", False, 0
    for line in text.splitlines():
        mark = re.match(r" *(```+|~~~~+)", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""
        item = None if fence else _ITEM.match(line)
        if item and not inside and lines and lines[-1].strip():
            lines.append("")
        if item:
            inside, width = True, len(item[2]) + 1
        elif inside and line.strip() and not line.startswith(" ") and not lines[-1].strip():
            inside = False
        own = len(line) - len(line.lstrip(" "))
        if inside and not (item and own == 0) and line.startswith(" "):
            line = " " * (4 - width if own >= width else 0) + line
        lines.append(line)
    return "\n".join(lines) + "\n"

"""Manifests as they lie on a disk."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apollo.errors import LoadError
from apollo.manifest import bulk, load_path
from apollo.manifest.paths import Loaded
from apollo.settings import Source
from tests.manifest.kinds import KINDS
from tests.manifest.loading import box, environment, key


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    write(tmp_path, "apps/web/x.yaml", box("{count: 1}", "x"))
    write(
        tmp_path,
        "apps/db/y.json",
        '{"apiVersion": "apollo/v1", "kind": "Box", "metadata": {"name": "y"}, "spec": {}}',
    )
    write(tmp_path, "README.md", "x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def load(*paths: str, source: str | None = None) -> Loaded:
    spec = {"source": Source(repo="x", path=source)} if source is not None else {}
    return load_path([Path(path) for path in paths], environment(**spec), "acme", KINDS, commit="abc-dirty")


def apps(loaded: Loaded) -> dict[str, str]:
    assert loaded.problems == (), "\n".join(map(str, loaded.problems))
    return {one.name: resource.app for one, resource in loaded.snapshot.resources.items()}


def test_folders_and_files(repo: Path) -> None:
    assert apps(load("apps")) == {"x": "web", "y": "db"}
    assert apps(load(".")) == {"x": "apps", "y": "apps"}
    assert apps(load("apps/web/x.yaml")) == {"x": "stage"}
    assert apps(load("apps/web", "apps/db/y.json")) == {"x": "stage", "y": "stage"}
    assert load("apps").snapshot.commit == "abc-dirty"


def test_apps_are_named_as_the_operator_names_them(repo: Path) -> None:
    for path in (".", "apps", "./apps/", str(repo)):
        assert apps(load(path, source="apps")) == {"x": "web", "y": "db"}
    assert apps(load("apps/web", source="apps")) == {"x": "web"}
    assert apps(load("apps/web/x.yaml", source="/apps/")) == {"x": "web"}


def test_a_folder_without_manifests_is_named(repo: Path) -> None:
    (repo / "empty").mkdir()
    (found,) = load("empty").problems
    assert (found.code, found.message) == ("APO-LOAD-051", "there are no manifests in empty")


def test_file_names_are_as_seen_from_here(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "apps/web/bad.yaml", "a: [")
    assert [one.file for one in load("apps").problems] == ["apps/web/bad.yaml"]
    monkeypatch.chdir(repo / "apps" / "db")
    loaded = load("..")
    assert [one.file for one in loaded.problems] == ["../web/bad.yaml"]
    assert loaded.snapshot.resources[key("y")].origin.file == "y.json"


def test_spec_from_may_leave_the_folder_but_not_the_repository(repo: Path, tmp_path: Path) -> None:
    write(repo, ".aws/box.json", '{"count": 5}')
    text = "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: z}\nspecFrom: {file: ../../.aws/box.json}\n"
    write(repo, "apps/web/z.yaml", text)
    assert load("apps").snapshot.resources[key("z")].spec.count == 5
    write(repo, "apps/web/z.yaml", text.replace("../../.aws", "../../../x"))
    assert [one.code for one in load("apps").problems] == ["APO-LOAD-031"]
    (repo / "apps/web/link.json").symlink_to("/etc/hostname")
    write(repo, "apps/web/z.yaml", text.replace("../../.aws/box.json", "link.json"))
    assert {one.code for one in load("apps/web/z.yaml").problems} == {"APO-LOAD-050"}


def test_links_are_findings(repo: Path) -> None:
    (repo / "apps/web/a.yaml").symlink_to("x.yaml")
    (repo / "apps/web/b.yaml").symlink_to("/etc/passwd")
    (repo / "apps/other").symlink_to("web")
    found = load("apps").problems
    assert [one.file for one in found] == ["apps/other", "apps/web/a.yaml", "apps/web/b.yaml"]
    assert {one.code for one in found} == {"APO-LOAD-050"} and "leaves the repository" in found[2].message


def test_what_is_no_file_at_all_is_refused_and_waited_for_by_nobody(repo: Path) -> None:
    os.mkfifo(repo / "apps/web/pipe.yaml")
    (repo / "apps/web/circle.yaml").symlink_to("circle.yaml")
    found = {one.file.rpartition("/")[2]: one.code for one in load("apps").problems}
    assert found == {"circle.yaml": "APO-LOAD-050", "pipe.yaml": "APO-LOAD-053"}


def test_what_is_ignored(repo: Path) -> None:
    write(repo, ".github/x.yml", "on: push")
    write(repo, "apps/.x/y.yaml", "a: [")
    write(repo, "apps/charts/values.yaml", "a: 1")
    assert len(load("apps").problems) == 1
    write(repo, ".apolloignore", "charts/\n")
    assert apps(load("apps")) == {"x": "web", "y": "db"}


def test_nothing_there(repo: Path) -> None:
    with pytest.raises(LoadError, match="no such file or folder"):
        load("nope")
    (repo / "empty").mkdir()
    assert [one.code for one in load("empty").problems] == ["APO-LOAD-051"]


def test_warnings_are_no_problems(repo: Path) -> None:
    write(repo, "apps/web/x.yaml", box("{}", "x") + "---\n")
    loaded = load("apps")
    assert loaded.problems == () and [one.code for one in loaded.warnings] == ["APO-YAML-017"]


def test_provenance(repo: Path) -> None:
    loaded = load_path(
        Path("apps"), environment(defaults={"Box": {"words": ["a"]}}), "acme", KINDS, provenance=True
    )
    said = {path: str(one) for path, one in loaded.tree.provenance(key("x")).items()}
    assert said == {
        "/title": "completed by Apollo",
        "/count": "apps/web/x.yaml:4",
        "/words/0": "apps/web/x.yaml:4 (default of Box)",
    }


def test_the_collector_rests_only_inside_of_the_block() -> None:
    assert gc.isenabled()
    with bulk():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), bulk():
        raise ValueError("x")
    assert gc.isenabled()


def test_the_room_imports_nothing_heavy() -> None:
    code = (
        "import sys; from apollo.manifest import Tree, parse, load_path, load_settings, emit, set_image;"
        "heavy = {'boto3', 'botocore', 'git', 'watchfiles', 'rich', 'anyio'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_configuration_itself_can_be_checked(repo: Path) -> None:
    text = "apiVersion: apollo/v1\nkind: Environment\nmetadata: {name: stage}\nspec: {cluster: green}\n"
    write(repo, "apollo.yaml", text)
    assert load("apollo.yaml").problems == ()
    write(repo, "apollo.yaml", text.replace("cluster", "clutser"))
    assert [problem.line for problem in load("apollo.yaml").problems] == [4]

"""set image: one value, nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Checkout
from tests.cli.running import apollo

NEW = "repo/web:1.5.0@sha256:" + "a" * 64


def only_the_image_changed(before: str, after: str, image: str) -> None:
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [("      image: repo/web:1", f"      image: {image}")]


@pytest.mark.parametrize("what", ["apps/web/web.yaml", "TaskDefinition/web", "Service/web"])
def test_one_line_changes(checkout: Checkout, what: str) -> None:
    before = checkout.manifest.read_text()
    checkout.manifest.chmod(0o640)
    answer = apollo("set", "image", what, f"app={NEW}")
    assert answer.exit_code == 0, answer.output
    only_the_image_changed(before, checkout.manifest.read_text(), NEW)
    assert answer.stdout.splitlines()[1:] == ["- image: repo/web:1", f"+ image: {NEW}"]
    assert stat.S_IMODE(checkout.manifest.stat().st_mode) == 0o640
    assert [path.name for path in checkout.manifest.parent.iterdir()] == ["web.yaml"]


def test_again_changes_nothing(checkout: Checkout) -> None:
    before = checkout.manifest.read_text()
    answer = apollo("set", "image", "apps/web/web.yaml", "app=repo/web:1")
    assert answer.exit_code == 0
    assert "already" in answer.stdout
    assert checkout.manifest.read_text() == before


def test_the_environments_own_folder_is_searched(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    assert apollo("set", "image", "TaskDefinition/web", "app=x:2").exit_code == 1
    answer = apollo("set", "image", "TaskDefinition/web", "app=x:2", "-f", "../apollo.yaml", "-e", "stage")
    assert answer.exit_code == 0, answer.output
    assert "image: x:2" in checkout.manifest.read_text()


def test_native_json_behind_spec_from(checkout: Checkout) -> None:
    folder = checkout.folder / "apps/api"
    folder.mkdir()
    native = folder / "task-definition.json"
    native.write_text(
        '{\n  "family": "api",\n  "containerDefinitions": [{"name": "app", "image": "api:1"}]\n}\n'
    )
    (folder / "api.yaml").write_text(
        "apiVersion: apollo/v1\nkind: TaskDefinition\nmetadata: {name: api}\n"
        "specFrom: {file: task-definition.json}\n"
    )
    assert apollo("set", "image", "TaskDefinition/api", "app=api:2").exit_code == 0
    assert '"image": "api:2"' in native.read_text()


def test_line_ends_stay(checkout: Checkout) -> None:
    checkout.manifest.write_bytes(checkout.manifest.read_bytes().replace(b"\n", b"\r\n"))
    lines = checkout.manifest.read_bytes().count(b"\r\n")
    assert apollo("set", "image", "apps/web/web.yaml", "app=x:2").exit_code == 0
    assert checkout.manifest.read_bytes().count(b"\r\n") == lines


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("apps/web/web.yaml", "ap=x:2"), "did you mean 'app'?"),
        (("apps/web/web.yaml", "app"), "CONTAINER=IMAGE"),
        (("apps/web/web.yaml", "app=x y"), "is no image"),
        (("TaskDefinition/nope", "app=x:2"), "there is no manifest TaskDefinition/nope"),
        (("apps/nope.yaml", "app=x:2"), "neither a file nor KIND/NAME"),
        (("apps", "app=x:2"), "neither a file nor KIND/NAME"),
    ],
)
def test_refusals_change_nothing(checkout: Checkout, args: tuple[str, ...], said: str) -> None:
    before = checkout.manifest.read_text()
    answer = apollo("set", "image", *args)
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert checkout.manifest.read_text() == before


def test_a_name_in_two_files_is_not_guessed(checkout: Checkout) -> None:
    (checkout.folder / "apps/copy.yaml").write_text(checkout.manifest.read_text())
    answer = apollo("set", "image", "TaskDefinition/web", "app=x:2")
    assert answer.exit_code == 1
    assert "several files" in answer.stderr

"""A configuration that is no file of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from apollo.cli.elsewhere import Elsewhere
from apollo.errors import ApolloError
from tests.cli.conftest import CONFIG, Checkout
from tests.cli.running import apollo, process


def test_the_text_of_a_variable(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout.folder / "apollo.yaml").unlink()
    monkeypatch.setenv("APOLLO_CONFIG", CONFIG)
    done = apollo("render", "apps", "-f", "env:APOLLO_CONFIG", "-e", "stage")
    assert done.exit_code == 0, done.output
    assert "subnet-b" in done.stdout


def test_a_variable_that_is_not_set_or_holds_nonsense(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = apollo("plan", "-f", "env:NOT_THERE")
    assert done.exit_code == 1
    assert "the environment variable NOT_THERE is not set" in done.stderr
    monkeypatch.setenv(
        "APOLLO_CONFIG", "apiVersion: apollo/v1\nkind: Environment\nmetadata: {name: x}\nspecs: {}\n"
    )
    done = apollo("plan", "-f", "env:APOLLO_CONFIG")
    assert "env:APOLLO_CONFIG:4" in done.stderr
    assert "did you mean" in done.stderr


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configuration")
    (folder / "conf").mkdir()
    (folder / "conf/apollo.yaml").write_text(CONFIG)
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "first"],
        ["branch", "next"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def test_a_file_of_a_repository(checkout: Checkout, repository: Path) -> None:
    (checkout.folder / "apollo.yaml").unlink()
    place = f"git+file://{repository}//conf/apollo.yaml"
    for where in (place, f"{place}?ref=next"):
        done = process("render", "apps", "-f", where, "-e", "stage", cwd=checkout.folder)
        assert done.returncode == 0, done.stderr
        assert "subnet-b" in done.stdout


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("git+file://{}//apollo.yaml", "has no file apollo.yaml at main"),
        ("git+file://{}//conf/apollo.yaml?ref=nowhere", "nowhere"),
        ("git+file://{}//conf/apollo.yaml?branch=main", "is not understood"),
        ("git+nonsense", "is not understood"),
        ("git+file:///nowhere/at/all//apollo.yaml", ""),
    ],
)
def test_what_is_not_there_is_said(repository: Path, tmp_path: Path, where: str, said: str) -> None:
    done = process("plan", "-f", where.format(repository), cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "APO-" in done.stderr


def test_a_credential_in_an_address_is_not_shown() -> None:
    place = Elsewhere("git+https://me:hunter2hunter2@git.example.com/a.git?x=1")
    assert "hunter2" not in str(place)
    with pytest.raises(ApolloError) as caught:
        place.load()
    assert "hunter2" not in caught.value.message

"""``apollo import`` as a person types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from apollo.cli.main import cli
from apollo.testing import LocalAws
from tests.importing.shapes import Shapes
from tests.importing.test_files import CONTAINER
from tests.integration.world import ACCOUNT


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return int(ended.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    task = {"family": "web", "memory": "512", "containerDefinitions": [CONTAINER], "status": "ACTIVE"}
    (tmp_path / "task.json").write_text(json.dumps(task))
    (tmp_path / "bad.json").write_text(json.dumps({**task, "family": "bad", "memorie": "1"}))
    return tmp_path


def test_manifests_go_to_stdout_and_the_report_to_stderr(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "task.json") == 0
    out, err = capsys.readouterr()
    assert out.startswith("# from task.json\napiVersion: apollo/v1\nkind: TaskDefinition\n")
    assert "left out: task.json:1:" in err
    assert "1 manifest; 0 refused" in err


def test_files_are_written_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", "task.json", "--out", "apps") == 0
    path = folder / "apps/web/web.yaml"
    text = path.read_text()
    path.write_text("mine")
    assert run("import", "task.json", "--out", "apps") == 1
    assert "APO-IMP-007" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run("import", "task.json", "--out", "apps", "--force") == 0
    assert path.read_text() == text
    assert run("validate", "apps") == 0


def test_what_is_refused_ends_in_an_error_and_the_rest_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", ".", "-o", "json") == 1
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [one["key"] for one in told["resources"]] == ["TaskDefinition/web"]
    assert [one["spec"] for one in told["manifests"]] == [
        {"memory": "512", "containerDefinitions": [CONTAINER]}
    ]
    (refused,) = [note for note in told["notes"] if note["level"] == "refused"]
    assert (refused["code"], refused["file"], refused["path"]) == (
        "APO-LOAD-013",
        "bad.json",
        "/spec/memorie",
    )
    assert "1 refused" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["none.json"],
        ["task.json", "arn:aws:ecs:eu-west-1:1:service/a/b"],
        ["arn:aws:ecs:eu-west-1:1:service/a/b", "--from", "aws"],
        ["task.json", "--force"],
        ["task.json", "--from", "nomad"],
    ],
)
def test_a_command_line_that_means_nothing_is_an_error(folder: Path, arguments: list[str]) -> None:
    assert run("import", *arguments) == 1


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    with LocalAws() as local:
        for name, value in local.env(account=ACCOUNT).items():
            monkeypatch.setenv(name, value)
        local.client("ecs", account=ACCOUNT).create_cluster(clusterName="green")
        yield local


def test_an_arn_says_its_region_and_is_held_against_the_account(
    folder: Path, aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Shapes(aws).make_fargate("web")
    aws.settle()
    arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/green/web"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert run("import", arn) == 0
    for wrong in (["--region", "us-east-1"], [arn.replace("eu-west-1", "us-east-2")]):
        assert run("import", arn, *wrong) == 1
    assert run("import", arn.replace(ACCOUNT, "210987654321")) == 1
    err = capsys.readouterr().err
    assert err.count("APO-IMP-009") == 3
    assert "is in the account 210987654321, not in 123456789012" in err


def test_a_cluster_is_imported_and_taken_over(
    folder: Path, aws: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = Shapes(aws)
    shapes.make_balanced("web")
    shapes.make_scaled("api")
    aws.settle()
    assert run("import", "--cluster", "green", "--region", "eu-west-1", "--out", "apps") == 0
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")) == [
        "apps/api/api.yaml",
        "apps/web/web.yaml",
    ]
    place = ["--cluster", "green", "--region", "eu-west-1"]
    capsys.readouterr()
    assert run("plan", "apps", *place, "-o", "json") == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary == {"create": 0, "update": 0, "replace": 0, "adopt": 7, "delete": 0, "unchanged": 0}
    aws.clear()
    assert run("apply", "apps", *place, "--yes", "--no-wait") == 0
    assert {request.operation for request in aws.mutations()} == {"TagResource", "AddTags"}
    assert run("plan", "apps", *place, "--exit-code") == 0

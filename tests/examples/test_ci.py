"""The pipelines of the examples, step by step, against the local AWS and a forge on loopback."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.blocks import ROOT
from tests.docs.shell import Shell
from tests.docs.stage import stage
from tests.examples.forge import Forge, forge

EXAMPLES = ROOT / "examples"
GITHUB: dict[str, Any] = yaml.safe_load((EXAMPLES / "github-actions/plan.yml").read_text("utf-8"))
GITLAB: dict[str, Any] = yaml.safe_load((EXAMPLES / "gitlab-ci/plan.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = GITHUB["jobs"]["plan"]["steps"]
GIVEN = {"github.base_ref": "stage", "github.token": "canary-token", "github.event.number": "7"}
MANIFEST = "apps/web/task-definition.yaml"


@pytest.fixture
def there() -> Iterator[Forge]:
    with forge() as one:
        yield one


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """The whole application as a repository, and what it stands on."""
    with stage("whole", tmp_path) as made:
        (made.folder / "ci").mkdir()
        shutil.copy(EXAMPLES / "github-actions/comment.py", made.folder / "ci")
        begin = "git init -q --initial-branch=stage && git add . && git commit -qm Begin"
        printed = made.run(f"python foundation.py stage && {begin}")
        assert made.code == 0, printed
        yield made


def run(shell: Shell, script: str, variables: Mapping[str, str]) -> str:
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return shell.run(f"( set -eo pipefail; export {exports}\n{script}\n)")


def github(shell: Shell, there: Forge) -> list[str]:
    """Performs the job; which of its steps failed."""

    def filled(value: str) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: GIVEN[found[1]], value)

    runner = {"GITHUB_API_URL": there.url, "GITHUB_REPOSITORY": "acme/config"}
    failed: list[str] = []
    for step in STEPS:
        if "run" not in step or step["name"] == "Install" or (failed and "if" not in step):
            continue
        if "hashFiles('plan.md') != ''" in step.get("if", "") and not (shell.folder / "plan.md").exists():
            continue
        given = {**GITHUB["jobs"]["plan"]["env"], **step.get("env", {})}
        printed = run(shell, step["run"], runner | {name: filled(text) for name, text in given.items()})
        if shell.code:
            failed.append(step["name"])
        assert "canary-token" not in printed and "Traceback" not in printed
    return failed


def gitlab(shell: Shell, there: Forge, tmp_path: Path) -> bool:
    job = GITLAB["plan"]
    given = {name: value for name, value in job["variables"].items() if not value.startswith("$")}
    assert job["variables"]["ENVIRONMENT"] == "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    given |= {
        "ENVIRONMENT": "stage",
        "AWS_TOKEN": "a.web.identity",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "CI_API_V4_URL": there.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "canary-token",
    }
    lines = [line for line in (*job["before_script"], *job["script"]) if not line.startswith("pip ")]
    forget = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"  # the role is assumed with the token alone
    run(shell, "\n".join((forget, *lines)), given)
    fine = shell.code == 0
    printed = run(shell, "\n".join(job["after_script"]), given)
    assert shell.code == 0, printed
    return fine


def test_a_pull_request_has_one_comment_that_is_kept_up_to_date(shell: Shell, there: Forge) -> None:
    there.comments = [{"id": n, "user": {"type": "User"}, "body": "Looks good"} for n in range(120)]
    there.comments[3]["body"] = "<!-- apollo-plan env=stage --> of a person"
    there.comments[4] |= {"body": "<!-- apollo-plan env=prod -->", "user": {"type": "Bot"}}
    assert github(shell, there) == []
    assert len(there.comments) == 121
    first = there.comments[-1]["body"]
    assert first.startswith("<!-- apollo-plan env=stage -->") and "9 to create" in first
    manifest = shell.folder / MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace("web:1.0", "web:2.0"), "utf-8")
    assert github(shell, there) == []
    assert len(there.comments) == 121 and "web:2.0" in there.comments[-1]["body"]
    assert there.comments[3]["body"].endswith("of a person")


def test_a_plan_that_fails_is_shown_and_fails_the_job(shell: Shell, there: Forge) -> None:
    service = shell.folder / "apps/web/service.yaml"
    service.write_text(service.read_text("utf-8").replace("${{ var.subnets }}", "[subnet-nowhere]"), "utf-8")
    assert github(shell, there) == ["Plan"]
    assert "subnet-nowhere" in there.comments[-1]["body"]
    (shell.folder / "plan.md").write_text("", "utf-8")
    last = STEPS[-1]["run"]
    given = {"GITHUB_TOKEN": "canary-token", "GITHUB_API_URL": there.url, "GITHUB_REPOSITORY": "acme/config"}
    run(shell, last, given | {"NUMBER": "7", "ENVIRONMENT": "stage"})
    assert shell.code == 0 and "`stage`: failed" in there.comments[-1]["body"]
    assert len(there.comments) == 1


def test_a_manifest_that_is_wrong_ends_the_job_before_there_are_credentials(
    shell: Shell, there: Forge
) -> None:
    (shell.folder / MANIFEST).write_text("apiVersion: apollo/v1\nkind: TaskDefinitoin\n", "utf-8")
    assert github(shell, there) == ["Validate"]
    names = [step.get("name") for step in STEPS]
    assert names.index("Validate") < names.index("Credentials")


def test_a_merge_request_has_one_note_that_is_kept_up_to_date(
    shell: Shell, there: Forge, tmp_path: Path
) -> None:
    assert gitlab(shell, there, tmp_path)
    manifest = shell.folder / MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace("web:1.0", "web:2.0"), "utf-8")
    assert gitlab(shell, there, tmp_path)
    assert len(there.comments) == 1 and "web:2.0" in there.comments[0]["body"]
    assert there.asked[-1] == "PUT"


def test_nothing_from_a_pull_request_becomes_a_part_of_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert "run" in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
    assert GITHUB["permissions"] == {}
    assert GITHUB["jobs"]["plan"]["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
    }
    assert "github.repository" in GITHUB["jobs"]["plan"]["if"]


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    script = EXAMPLES / "github-actions/comment.py"
    said = subprocess.run(
        [sys.executable, script, "plan.md"], env={"ENVIRONMENT": "stage"}, capture_output=True, text=True
    )
    assert said.returncode == 1
    assert said.stderr == (
        "not set, and needed to comment: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL, NUMBER\n"
    )

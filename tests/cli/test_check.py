"""validate and render: what an engineer hears about manifests before anything is deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.conftest import Checkout
from tests.cli.running import apollo, process


def found(*args: str, code: int = 0) -> Any:
    answer = apollo("validate", *args, "-o", "json")
    assert answer.exit_code == code, answer.output
    return json.loads(answer.stdout)


def test_valid(checkout: Checkout) -> None:
    answer = apollo("validate", "apps", "-f", "apollo.yaml", "-e", "stage")
    assert (answer.exit_code, answer.stdout) == (0, "2 resources, valid\n")
    assert found(".") == {"valid": True, "resources": 2, "errors": [], "warnings": []}


def test_an_error_has_its_place_and_a_remedy(checkout: Checkout) -> None:
    checkout.manifest.write_text(checkout.manifest.read_text().replace("desiredCount", "desierdCount"))
    answer = apollo("validate", "apps")
    assert answer.exit_code == 1
    assert "apps/web/web.yaml:20:3: error:" in answer.stdout
    assert "desiredCount" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "0 resources, 1 error"
    error = found("apps", code=1)["errors"][0]
    assert error.keys() == {"code", "file", "line", "column", "path", "message", "hint"}
    assert (error["file"], error["line"], error["column"]) == ("apps/web/web.yaml", 20, 3)


def test_resources_that_wait_for_each_other_are_told_offline(checkout: Checkout) -> None:
    waiting = "metadata: {name: web}\nlifecycle: {dependsOn: [Service/web]}"
    task, service = checkout.manifest.read_text().split("---")
    checkout.manifest.write_text(f"{task}---{service.replace('metadata: {name: web}', waiting)}")
    (error,) = found("apps", "-f", "apollo.yaml", code=1)["errors"]
    assert (error["code"], error["file"]) == ("APO-PLAN-001", "apps/web/web.yaml") and error["line"]
    assert error["message"] == "Service/web → Service/web: these resources wait for each other"
    assert "dependsOn" in error["hint"]


def test_a_variable_needs_somebody_who_sets_it(checkout: Checkout) -> None:
    errors = found("apps", "-e", "elsewhere", code=1)["errors"]
    assert {error["code"] for error in errors} == {"APO-LOAD-021"}
    assert "-f apollo.yaml -e NAME" in errors[0]["hint"]
    text = checkout.manifest.read_text()
    checkout.manifest.write_text(text.replace('"${{ var.subnets }}"', "[subnet-a]"))
    assert found("apps", "--var", "domain=x.example")["valid"]


def test_every_environment_is_checked_and_each_finding_told_once(checkout: Checkout) -> None:
    config = checkout.folder / "apollo.yaml"
    text = config.read_text()
    environment = text[text.index("---\n", 60) :].replace("{name: stage}", "{name: prod}")
    config.write_text(text + environment.replace("domain: stage.example.com, ", ""))
    errors = found("apps", code=1)["errors"]
    assert [error["message"] for error in errors] == ["the variable 'domain' is not set"]
    assert found("apps", "-e", "stage")["valid"]


def test_what_is_not_there(checkout: Checkout) -> None:
    assert found("nowhere", code=1)["errors"][0]["file"] == "nowhere"
    assert apollo("validate", "apps", "-f", "nope.yaml").exit_code == 1
    answer = apollo("validate", "apps", "-f", "apollo.yaml", "-e", "stag")
    assert answer.exit_code == 1
    assert "did you mean stage?" in answer.stderr


def test_a_broken_configuration_is_told_with_its_line(checkout: Checkout) -> None:
    config = checkout.folder / "apollo.yaml"
    config.write_text(config.read_text().replace("cluster: green", "clutser: green"))
    answer = apollo("validate", "apps")
    assert answer.exit_code == 1
    assert "apollo.yaml:12" in answer.stderr
    assert "cluster" in answer.stderr


def test_a_bad_flag_is_an_error_of_the_input(checkout: Checkout) -> None:
    answer = apollo("validate", "apps", "--var", "novalue")
    assert answer.exit_code == 1
    assert "K=V" in answer.stderr


def test_validate_imports_nothing_that_talks(checkout: Checkout) -> None:
    code = (
        "import sys; sys.argv = ['apollo', 'validate', 'apps']\n"
        "import apollo.__main__ as m\n"
        "try: m.main()\n"
        "except SystemExit as e: print(e.code)\n"
        "print([n for n in ('boto3', 'botocore', 'git', 'watchfiles', 'rich', 'asyncio', 'sqlite3')"
        " if n in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-2:] == ["0", "[]"]


def test_as_a_process(checkout: Checkout) -> None:
    assert process("validate", "apps", cwd=checkout.folder).returncode == 0
    assert process("validate", "nope", cwd=checkout.folder).returncode == 1


# ── render ───────────────────────────────────────────────────────────────────────────────────────────────


def test_render_says_where_each_value_comes_from(checkout: Checkout) -> None:
    asked = ("render", "apps", "-f", "apollo.yaml", "-e", "stage")
    masked = apollo(*asked).stdout
    assert "value: (sensitive)  # line 13 (var.domain)" in masked
    assert "stage.example.com" not in masked
    text = apollo(*asked, "--show-values").stdout
    assert "# TaskDefinition/web, app web, from apps/web/web.yaml:1" in text
    assert 'cpu: "256"  # line 5' in text or "cpu: '256'  # line 5" in text
    assert "value: stage.example.com  # line 13 (var.domain)" in text
    assert "- subnet-b  # line 21 (var.subnets)" in text
    assert "rollback: true  # apollo.yaml:15 (default of Service)" in text
    assert "cluster: green  # completed by Apollo" in text
    assert "${{ TaskDefinition/web.arn }}" in text


def test_what_render_prints_can_be_read_again(checkout: Checkout) -> None:
    text = apollo("render", "apps", "-e", "stage").stdout
    again = checkout.folder / "again"
    again.mkdir()
    (again / "all.yaml").write_text(text)
    assert found("again", "--cluster", "green")["resources"] == 2


def test_render_of_the_source_is_that_of_the_commit(checkout: Checkout) -> None:
    checkout.manifest.write_text(checkout.manifest.read_text().replace("web:1", "web:2"))
    assert "repo/web:1" in apollo("render", "-e", "stage").stdout
    assert "repo/web:2" in apollo("render", "apps", "-e", "stage").stdout
    first = checkout.git("rev-parse", "HEAD")
    checkout.git("commit", "-qam", "second")
    assert "repo/web:2" in apollo("render").stdout
    assert "repo/web:1" in apollo("render", "--rev", first).stdout


def test_render_as_data(checkout: Checkout) -> None:
    answer = json.loads(apollo("render", "apps", "-e", "stage", "-o", "json").stdout)
    first = answer["resources"][0]
    assert (answer["environment"], first["key"]) == ("stage", "TaskDefinition/web")
    assert first["manifest"]["spec"]["cpu"] == "256"
    assert first["provenance"]["/cpu"].endswith("web.yaml:5")


def test_render_tells_errors_and_fails(checkout: Checkout) -> None:
    answer = apollo("render", "apps", "-e", "nowhere")
    assert answer.exit_code == 1
    assert "the variable 'domain' is not set" in answer.stderr


@pytest.mark.parametrize("args", [("render", "apps", "--rev", "x"), ("plan", "apps", "--rev", "x")])
def test_a_path_has_no_revisions(checkout: Checkout, args: tuple[str, ...]) -> None:
    assert "give one of them" in apollo(*args).stderr

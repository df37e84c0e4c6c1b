"""Real configuration, written by others: what AWS's shapes take passes, what they refuse is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from apollo.errors import Problem
from apollo.manifest import load_path
from apollo.plugins import Registry
from apollo.settings import Environment, EnvironmentSpec

CORPUS = Path(__file__).parents[1] / "corpus" / "files"
KINDS = {"taskdef": "TaskDefinition", "service": "Service"}
FILES: list[dict[str, Any]] = [
    one for one in json.loads((CORPUS / "index.json").read_text())["files"] if one["kind"] in KINDS
]
VALID = [one for one in FILES if one["validation"]["status"] == "valid"]
INVALID = [one for one in FILES if one["validation"]["status"] == "invalid"]
LOSSLESS = {"strip-read-only", "drop-nulls", "coerce-scalars", "unwrap"}
"""Repairs that specFrom does by itself."""

REFUSED = {
    # Placeholders where AWS has an enum: botocore's validator does not look at those.
    "taskdefs/aws__amazon-ecs-agent__2fe6e3e4.json": {"APO-LOAD-015"},
    "taskdefs/aws__amazon-ecs-agent__a5961fa1.json": {"APO-LOAD-015"},
    "services/kayac__ecspresso__62e5ad99.json": {"APO-LOAD-015"},
    "services/kayac__ecspresso__cf708bc9.json": {"APO-LOAD-015"},
    # A variable and a secret of one name: RegisterTaskDefinition answers with a ClientException.
    "taskdefs/kayac__ecspresso__845112eb.json": {"APO-TD-018"},
}


def errors(one: dict[str, Any], folder: Path) -> list[Problem]:
    source = CORPUS / one["file"]
    native = "native.yaml" if source.suffix in (".yaml", ".yml") else "native.json"
    shutil.copy(source, folder / native)
    kind = KINDS[one["kind"]]
    spec = "" if kind == "TaskDefinition" else "spec: {taskDefinition: 'web:1'}\n"
    (folder / "web.yaml").write_text(
        f"apiVersion: apollo/v1\nkind: {kind}\nmetadata: {{name: web}}\nspecFrom: {{file: {native}}}\n{spec}"
    )
    environment = Environment(name="stage", spec=EnvironmentSpec(cluster="green"))
    return list(load_path(folder / "web.yaml", environment, "acme", Registry()).problems)


@pytest.mark.parametrize("one", VALID, ids=lambda one: one["file"])
def test_what_aws_takes_passes(one: dict[str, Any], tmp_path: Path) -> None:
    assert {found.code for found in errors(one, tmp_path)} == REFUSED.get(one["file"], set())


@pytest.mark.parametrize("one", INVALID, ids=lambda one: one["file"])
def test_what_is_invalid_is_refused_unless_nothing_is_lost_by_a_repair(
    one: dict[str, Any], tmp_path: Path
) -> None:
    repairs = one["validation"].get("repaired_by")
    found = errors(one, tmp_path)
    if repairs and set(repairs) <= LOSSLESS:
        assert found == []
    else:
        assert found
        assert all(problem.line for problem in found)

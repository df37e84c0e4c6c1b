"""A field that only the installed botocore knows is taken and checked; botocore itself is never imported."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, sys
from pydantic import ValidationError
from apollo.api import refs_in
from apollo.resources.task_definition import TaskDefinitionSpec
from apollo.resources.service import ServiceSpec
from apollo.resources.shapes.scaling_policy import RegisterScalableTargetInput
from apollo.resources.wire import wire

def tried(spec, data):
    try:
        return spec.model_validate(data).declared()
    except ValidationError as error:
        return [[e["type"], list(e["loc"]), e["msg"]] for e in error.errors()]

def task(**container):
    data = {"containerDefinitions": [{"name": "app", **container}]}
    result = tried(TaskDefinitionSpec, data)
    return result["containerDefinitions"][0] if isinstance(result, dict) else result

heavy = {"botocore", "boto3", "git", "watchfiles", "yaml"}
before = sorted(heavy & {m.split(".")[0] for m in sys.modules})
target = RegisterScalableTargetInput.model_validate({
    "serviceNamespace": "ecs", "resourceId": "x", "scalableDimension": "ecs:service:DesiredCount",
    "warmPool": {"minSize": 1, "labels": {"someKey": "v"}},
})
noted = TaskDefinitionSpec.model_validate({
    "containerDefinitions": [{"warmth": {"level": "HIGH", "note": "\\ue000Queue/q.arn\\ue001"}}],
})
json.dump({
    "good": task(warmth={"level": "HIGH", "probes": [{"port": 80}], "off": None}),
    "null": task(warmth=None),
    "enum": task(warmth={"level": "MAX"}),
    "type": task(warmth={"level": "HIGH", "probes": [{"port": "80"}]}),
    "required": task(warmth={}),
    "unknown": task(warmth={"level": "HIGH", "levle": "x"}),
    "capital": task(Warmth={"level": "HIGH"}),
    "value": tried(ServiceSpec, {"launchType": "LUNAR"}),
    "refs": [str(ref) for ref in refs_in(noted)],
    "wire": wire(target)["WarmPool"],
    "imported": before,
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a Python with a botocore of the future finds."""
    future = tmp_path_factory.mktemp("future")
    spec = importlib.util.find_spec("botocore")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data"
    (future / "botocore").mkdir()
    (future / "botocore" / "__init__.py").write_text("raise RuntimeError('botocore was imported')\n")
    for service, add in (("ecs", _ecs), ("application-autoscaling", _autoscaling)):
        path = next((data / service).glob("*/service-2.json.gz"))
        model = json.loads(gzip.decompress(path.read_bytes()))
        add(model["shapes"])
        folder = future / "botocore" / "data" / service / "2099-01-01"
        folder.mkdir(parents=True)
        (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(model).encode()))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env={**os.environ, "PYTHONPATH": str(future)},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _ecs(shapes: dict[str, Any]) -> None:
    shapes["ContainerDefinition"]["members"]["warmth"] = {"shape": "Warmth"}
    shapes["Warmth"] = {
        "type": "structure",
        "required": ["level"],
        "members": {
            "level": {"shape": "WarmthLevel"},
            "probes": {"shape": "WarmthProbes"},
            "off": {"shape": "BoxedBoolean"},
            "note": {"shape": "String"},
        },
    }
    shapes["WarmthLevel"] = {"type": "string", "enum": ["LOW", "HIGH"]}
    shapes["WarmthProbes"] = {"type": "list", "member": {"shape": "WarmthProbe"}}
    shapes["WarmthProbe"] = {"type": "structure", "members": {"port": {"shape": "BoxedInteger"}}}
    shapes["LaunchType"]["enum"].append("LUNAR")


def _autoscaling(shapes: dict[str, Any]) -> None:
    shapes["RegisterScalableTargetRequest"]["members"]["WarmPool"] = {"shape": "WarmPool"}
    shapes["WarmPool"] = {
        "type": "structure",
        "members": {"MinSize": {"shape": "ResourceCapacity"}, "Labels": {"shape": "TagMap"}},
    }


def test_a_newer_field_is_taken_as_data(seen: Any) -> None:
    assert seen["good"] == {"name": "app", "warmth": {"level": "HIGH", "probes": [{"port": 80}]}}
    assert seen["null"] == {"name": "app"}


@pytest.mark.parametrize(
    ("case", "kind", "at", "says"),
    [
        ("enum", "newer_field", ["warmth", "level"], "one of LOW, HIGH is expected"),
        ("type", "newer_field", ["warmth", "probes", 0, "port"], "a whole number is expected"),
        ("required", "newer_field", ["warmth"], "'level' is required"),
        ("unknown", "newer_field", ["warmth"], "there is no field 'levle' here"),
        ("capital", "unknown_field", [], "there is no field 'Warmth' here"),
    ],
)
def test_a_newer_field_is_checked_against_the_newer_model(
    seen: Any, case: str, kind: str, at: list[int | str], says: str
) -> None:
    assert seen[case] == [[kind, ["containerDefinitions", 0, *at], says]]


def test_a_newer_value_of_an_enum_is_taken(seen: Any) -> None:
    assert seen["value"] == {"launchType": "LUNAR"}


def test_references_in_newer_fields_are_found(seen: Any) -> None:
    assert len(seen["refs"]) == 1


def test_newer_fields_are_spelled_as_aws_does(seen: Any) -> None:
    assert seen["wire"] == {"MinSize": 1, "Labels": {"someKey": "v"}}


def test_nothing_heavy_is_imported_to_check_a_spec(seen: Any) -> None:
    assert seen["imported"] == []

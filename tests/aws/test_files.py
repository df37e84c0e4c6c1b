"""The models of AWS are the same, however they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.loaders import Loader

from apollo.aws.files import PlainFiles


@pytest.mark.parametrize("service", ["ecs", "elbv2", "application-autoscaling", "sts"])
def test_a_model_is_what_botocore_reads_in_the_same_order(service: str) -> None:
    ours, theirs = Loader(file_loader=PlainFiles()), Loader()
    for kind in ("service-2", "endpoint-rule-set-1"):
        read = [json.dumps(one.load_service_model(service, kind)) for one in (ours, theirs)]
        assert read[0] == read[1]
    assert json.dumps(ours.load_data("endpoints")) == json.dumps(theirs.load_data("endpoints"))


def test_models_of_ones_own_are_found_and_what_is_missing_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "acme.json").write_text('{"b": 1, "a": "ü"}', encoding="utf-8")
    files = PlainFiles()
    assert files.load_file(str(tmp_path / "acme")) == {"b": 1, "a": "ü"}
    assert files.load_file(str(tmp_path / "other")) is None
    assert files.load_file(str(tmp_path / "acme.json" / "below")) is None

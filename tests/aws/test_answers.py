"""JSON answers are read as botocore reads them, for every operation there is."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.parsers import JSONParser

from apollo.aws.answers import MalformedAnswer, Parsers

HEADERS = {"x-amzn-RequestId": "r1", "Content-Type": "application/x-amz-json-1.1"}


def sample(shape: Any, dice: random.Random, depth: int = 0) -> Any:
    """A value as AWS could send it: some members are null, some nobody knows yet."""
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return {"free": [1, {"form": None}]}
        names = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
        chosen = [name for name in names if depth < 3 or dice.random() < 0.2]
        if shape.is_tagged_union:
            chosen = chosen[:1] or list(names)[:1]
        found = {names[name]: sample(shape.members[name], dice, depth + 1) for name in chosen}
        if not shape.is_tagged_union:
            found |= {name: None for name in found if dice.random() < 0.1} | {"newerThanAllModels": {"a": 1}}
        return found
    if kind == "list":
        few = [sample(shape.member, dice, depth + 1) for _ in range(2 if depth < 6 else 0)]
        return [*few, None] if dice.random() < 0.2 else few
    if kind == "map":
        return {"key": sample(shape.value, dice, depth + 1)} if depth < 6 else {}
    choices = {
        "timestamp": (1_767_225_600.125, 1_767_225_600, "2026-01-01T00:00:00Z", "1767225600", 1e11),
        "blob": ("YXBvbGxv",),
        "boolean": (True, False),
        "string": ("", "text", "ü"),
    }
    return dice.choice(choices.get(kind, (0, 1, 2.5)))


@pytest.mark.parametrize("service", ["ecs", "resourcegroupstaggingapi", "application-autoscaling", "logs"])
def test_every_answer_is_what_botocore_makes_of_it(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    ours, theirs = Parsers().create_parser("json"), JSONParser()
    for name in model.operation_names:
        shape = model.operation_model(name).output_shape
        if shape is not None and shape.event_stream_name:
            continue
        for seed in range(3):
            body = sample(shape, random.Random(seed), 0) if shape is not None else {}
            answer = {"status_code": 200, "headers": HEADERS, "body": json.dumps(body).encode()}
            assert ours.parse(dict(answer), shape) == theirs.parse(dict(answer), shape), name


def test_errors_are_read_by_botocore() -> None:
    body = json.dumps({"__type": "ClusterNotFoundException", "message": "there is none"}).encode()
    answer = {"status_code": 400, "headers": HEADERS, "body": body}
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("DescribeServices").output_shape
    parsed = Parsers().create_parser("json").parse(answer, shape)
    assert parsed["Error"] == {"Message": "there is none", "Code": "ClusterNotFoundException"}


@pytest.mark.parametrize("body", [b"", b'{"services": [', b"[]", b"<html>", b"null"])
def test_a_body_that_is_no_object_is_no_empty_answer(body: bytes) -> None:
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("DescribeServices").output_shape
    with pytest.raises(MalformedAnswer):
        Parsers().create_parser("json").parse({"status_code": 200, "headers": HEADERS, "body": body}, shape)


def test_moments_are_of_a_known_zone() -> None:
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("DescribeServices").output_shape
    body = json.dumps({"services": [{"createdAt": 1767225600.5}]}).encode()
    answer = {"status_code": 200, "headers": HEADERS, "body": body}
    (service,) = Parsers().create_parser("json").parse(answer, shape)["services"]
    assert service["createdAt"] == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)
    assert service["createdAt"].tzinfo is UTC

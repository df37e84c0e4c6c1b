"""What the local AWS does not have fails once, in a way that no SDK retries, and says its name."""

import datetime
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from apollo.testing import LocalAws
from apollo.testing.services import registry
from tests.conformance.report import SERVICES


def _absent() -> list[tuple[str, str]]:
    session = botocore.session.Session()
    return [
        (service, name)
        for service in SERVICES
        for name in session.get_service_model(service).operation_names
        if name not in registry()[service].operations
    ]


def _least(shape: Any) -> Any:
    """The smallest value that the SDK itself lets through."""
    match shape.type_name:
        case "structure" if getattr(shape, "is_tagged_union", False):
            name, member = next(iter(shape.members.items()))
            return {name: _least(member)}
        case "structure":
            return {name: _least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [_least(shape.member)] * max(1, shape.metadata.get("min", 0))
        case "map":
            return {}
        case "string":
            return (
                shape.enum[0] if getattr(shape, "enum", None) else "x" * max(1, shape.metadata.get("min", 0))
            )
        case "boolean":
            return True
        case "blob":
            return b"x"
        case "timestamp":
            return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        case _:
            return shape.metadata.get("min", 1)


def test_there_are_some() -> None:
    """Every other operation of these services is there."""
    assert {service for service, _ in _absent()} <= set(SERVICES)
    assert ("ecs", "CreateExpressGatewayService") in _absent()


@pytest.mark.parametrize(("service", "operation"), _absent(), ids=lambda part: str(part))
def test_it_says_so_once(aws: LocalAws, service: str, operation: str) -> None:
    client = aws.client(service, retries=4)
    model = client.meta.service_model.operation_model(operation)
    method = next(m for m, name in client.meta.method_to_api_mapping.items() if name == operation)
    given = _least(model.input_shape) if model.input_shape is not None else {}
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**given)
    error = caught.value.response
    assert error["Error"]["Code"] == "SimNotImplemented"
    assert f"{service}:{operation}" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["ResponseMetadata"]["RetryAttempts"] == 0
    assert aws.counts() == {f"{service}:{operation}": 1}

"""Which service a signature is for, and which operation a REST request names, by botocore's models."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from apollo.testing.wire.models import known_services, service_model

_BY_SIGNATURE = {
    "aps": "amp",
    "elasticfilesystem": "efs",
    "elasticmapreduce": "emr",
    "monitoring": "cloudwatch",
    "servicecatalog-appregistry": "servicecatalog-appregistry",
    "ses": "sesv2",
    "states": "stepfunctions",
}
"""Signing names that are not botocore's name of the service."""
_BY_TARGET = {"DynamoDBStreams_20120810": "dynamodbstreams"}
"""Services that share their signing name with another."""


def service_of(signing: str, target_prefix: str = "") -> str:
    """botocore's name of the service that a request was signed for; the signing name if it has none."""
    return _BY_TARGET.get(target_prefix) or _BY_SIGNATURE.get(signing, signing) or "unknown"


def protocol_of(service: str) -> str:
    """The protocol in which a service expects what is neither a form, nor JSON with a target, nor CBOR."""
    return str(service_model(service).metadata["protocol"]) if service in known_services() else "json"


@dataclass(slots=True, frozen=True)
class _Template:
    operation: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    literals: tuple[tuple[str, str], ...]
    """What the query has to hold, such as `list-type=2`; an empty value is any value."""
    required: tuple[str, ...]
    """Query parameters that the operation cannot do without: they tell UploadPart from PutObject."""
    headers: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    """Query parameter and member."""


@cache
def _templates(service: str) -> tuple[_Template, ...]:
    """The most particular first."""
    found = []
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri = urlsplit(str(operation.http.get("requestUri", "/")))
        pattern, labels = "", []
        for part in re.split(r"(\{[^}]+\})", uri.path):
            if part.startswith("{"):
                labels.append(part[1:-1].rstrip("+"))
                pattern += "(.+)" if part.endswith("+}") else "([^/]+)"
            else:
                pattern += re.escape(part)
        shape = operation.input_shape
        members = shape.members if shape is not None else {}
        needed = set(shape.required_members) if shape is not None else set()
        placed = {
            member: (value.serialization.get("location"), str(value.serialization.get("name", member)))
            for member, value in members.items()
        }
        found.append(
            _Template(
                name,
                str(operation.http.get("method", "POST")),
                re.compile(f"{pattern.rstrip('/') or ''}/?"),
                tuple(labels),
                tuple(parse_qsl(uri.query, keep_blank_values=True)),
                tuple(
                    key for member, (at, key) in placed.items() if at == "querystring" and member in needed
                ),
                tuple(
                    key.lower() for member, (at, key) in placed.items() if at == "header" and member in needed
                ),
                tuple((key, member) for member, (at, key) in placed.items() if at == "querystring"),
            )
        )
    found.sort(
        key=lambda t: (-len(t.literals), -len(t.required), -len(t.headers), len(t.labels), t.operation)
    )
    return tuple(found)


def rest_operation(service: str, method: str, target: str, headers: Any) -> tuple[str, dict[str, Any]] | None:
    """The operation that a REST request names, and what its path and query say. None: no operation is so.

    https://smithy.io/2.0/spec/http-bindings.html
    """
    if service not in known_services():
        return None
    url = urlsplit(target)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    for template in _templates(service):
        if template.method != method or any(name not in headers for name in template.headers):
            continue
        if any(name not in query for name in template.required):
            continue
        if any(
            query.get(name) is None or (value and query[name] != value) for name, value in template.literals
        ):
            continue
        match = template.path.fullmatch(url.path)
        if match is None:
            continue
        params: dict[str, Any] = {
            label: unquote(value) for label, value in zip(template.labels, match.groups(), strict=True)
        }
        params |= {member: query[name] for name, member in template.query if name in query}
        return template.operation, params
    return None

"""The query protocol: form parameters in, XML out (STS, ELBv2).

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax import saxutils

from botocore.model import OperationModel, Shape

from apollo.testing.errors import ApiError

_TRUE = {"true": True, "false": False}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document can say, not even escaped (https://www.w3.org/TR/xml/#charsets)."""


def escape(text: str) -> str:
    """Text for XML; characters that it cannot hold are replaced by U+FFFD."""
    return saxutils.escape(_NOT_XML.sub("\ufffd", text))


def parse(body: bytes) -> dict[str, str]:
    """The form as it was sent, with Action and Version."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def decode(form: dict[str, str], shape: Shape | None) -> dict[str, Any]:
    """The form as the nested value that the input shape describes."""
    if shape is None:
        return {}
    tree: dict[str, Any] = {}
    for key, text in form.items():
        node = tree
        *parents, last = key.split(".")
        for part in parents:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                raise ApiError("MalformedInput", f"The parameter {key} is not well formed")
            node = child
        node[last] = text
    value: dict[str, Any] = _value(tree, shape)
    return value


def _value(node: Any, shape: Shape) -> Any:
    kind = shape.type_name
    if kind == "structure":
        result = {}
        for name, member in shape.members.items():
            key = member.serialization.get("name", name)
            if member.type_name == "list" and member.serialization.get("flattened"):
                key = member.member.serialization.get("name", key)
            if isinstance(node, dict) and key in node:
                result[name] = _value(node[key], member)
        return result
    if kind == "list":
        if node == "":
            return []
        items = node
        if not shape.serialization.get("flattened"):
            items = _inner(node, shape.member.serialization.get("name", "member"))
        if not isinstance(items, dict):
            return []
        return [_value(items[n], shape.member) for n in sorted(items, key=_index)]
    if kind == "map":
        entries = node if shape.serialization.get("flattened") else _inner(node, "entry")
        pairs = [entries[n] for n in sorted(entries, key=_index)] if isinstance(entries, dict) else []
        return {
            _scalar(pair.get("key", ""), "string"): _value(pair.get("value", ""), shape.value)
            for pair in pairs
            if isinstance(pair, dict)
        }
    return _scalar(node, kind)


def _inner(node: Any, name: str) -> Any:
    return node.get(name, {}) if isinstance(node, dict) else {}


def _index(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _scalar(text: Any, kind: str) -> Any:
    if not isinstance(text, str):
        raise ApiError("MalformedInput", "A value was expected where a structure was sent")
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        raise ApiError("MalformedInput", f"{text!r} is not a number") from None
    if kind == "boolean":
        return _TRUE.get(text.lower(), text)
    return text


def encode(operation: OperationModel, result: dict[str, Any], request_id: str) -> bytes:
    """The answer of an operation."""
    name = operation.name
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    body = ""
    output = operation.output_shape
    if output is not None:
        wrapper = output.serialization.get("resultWrapper", f"{name}Result")
        body = f"<{wrapper}>{_members(result, output)}</{wrapper}>"
    return (
        f'<{name}Response xmlns="{namespace}">{body}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def encode_error(error: ApiError, namespace: str, request_id: str) -> bytes:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html"""
    kind = "Sender" if error.status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type><Code>{escape(error.code)}</Code>'
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _members(value: dict[str, Any], shape: Shape) -> str:
    parts = []
    for name, member in shape.members.items():
        item = value.get(name)
        if item is not None:
            parts.append(_element(member.serialization.get("name", name), item, member))
    return "".join(parts)


def _element(tag: str, value: Any, shape: Shape) -> str:
    kind = shape.type_name
    if kind == "structure":
        return f"<{tag}>{_members(value, shape)}</{tag}>"
    if kind == "list":
        if shape.serialization.get("flattened"):
            return "".join(_element(tag, item, shape.member) for item in value)
        inner = shape.member.serialization.get("name", "member")
        return f"<{tag}>{''.join(_element(inner, item, shape.member) for item in value)}</{tag}>"
    if kind == "map":
        entries = "".join(
            f"<entry><key>{escape(str(k))}</key>{_element('value', v, shape.value)}</entry>"
            for k, v in value.items()
        )
        return f"<{tag}>{entries}</{tag}>"
    if kind == "boolean":
        return f"<{tag}>{'true' if value else 'false'}</{tag}>"
    if kind == "timestamp":
        return f"<{tag}>{datetime.fromtimestamp(value, UTC).isoformat().replace('+00:00', 'Z')}</{tag}>"
    return f"<{tag}>{escape(str(value))}</{tag}>"

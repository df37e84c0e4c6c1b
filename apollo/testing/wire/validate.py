"""Input checking, compiled from the service model once per shape.

AWS refuses wrong JSON types with SerializationException, before the service sees the request; required
members, enumerations and lengths are refused by the service. Members that a model does not know are ignored,
and null means absent (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
"""

from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from apollo.testing.errors import ApiError

Check = Callable[[Any, str, list[str]], Any]
"""(value, path, problems) -> the value without nulls and unknown members."""

_cache: dict[int, Check] = {}
_JSON_NAMES: dict[type, str] = {
    str: "STRING_VALUE",
    bool: "TRUE_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
}


def clean(shape: Shape | None, value: Any, code: str) -> dict[str, Any]:
    """Check a request against its input shape; a refusal carries the service's own error code."""
    if shape is None:
        return {}
    problems: list[str] = []
    cleaned: dict[str, Any] = _compile(shape)(value, "", problems)
    if problems:
        noun = "error" if len(problems) == 1 else "errors"
        raise ApiError(code, f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")
    return cleaned


def _compile(shape: Shape) -> Check:
    found = _cache.get(id(shape))
    if found is None:
        # The placeholder lets a shape contain itself.
        _cache[id(shape)] = lambda value, path, problems: _cache[id(shape)](value, path, problems)
        found = _cache[id(shape)] = _BUILDERS.get(shape.type_name, _anything)(shape)
        _keep.append(shape)
    return found


_keep: list[Shape] = []
"""Shapes are keyed by identity, so they have to stay alive."""


def _wrong_type(value: Any, wanted: str, path: str) -> ApiError:
    seen = _JSON_NAMES.get(type(value), "START_OBJECT" if isinstance(value, dict) else "START_ARRAY")
    return ApiError("SerializationException", f"{seen} can not be converted to {wanted} at '{path}'")


def _length(shape: Shape, size: int, path: str, problems: list[str], value: Any) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        problems.append(
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have length greater than or equal to {low}"
        )
    if high is not None and size > high:
        problems.append(
            f"Value at '{path}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {high}"
        )


def _structure(shape: Shape) -> Check:
    if getattr(shape, "is_document_type", False):
        return lambda value, path, problems: value  # a JSON document: whatever it is
    members: dict[str, Shape] = dict(shape.members)
    required: frozenset[str] = frozenset(shape.required_members)
    checks: dict[str, Check] = {}
    union = getattr(shape, "is_tagged_union", False)

    def check(value: Any, path: str, problems: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a structure", path)
        result = {}
        for name, item in value.items():
            if item is None or name not in members:
                continue
            member = checks.get(name)
            if member is None:
                member = checks[name] = _compile(members[name])
            result[name] = member(item, f"{path}.{name}" if path else name, problems)
        if union and len(result) != 1:
            # "exactly one of which must be set" (https://smithy.io/2.0/spec/aggregate-types.html#union)
            raise ApiError("SerializationException", f"Exactly one member must be set at '{path}'")
        if required and not required <= result.keys():
            problems.extend(
                f"Value at '{path}.{name}' failed to satisfy constraint: Member must not be null".replace(
                    "'.", "'"
                )
                for name in sorted(required - result.keys())
            )
        return result

    return check


def _list(shape: Shape) -> Check:
    item_check = _compile(shape.member)

    def check(value: Any, path: str, problems: list[str]) -> Any:
        if not isinstance(value, list):
            raise _wrong_type(value, "a list", path)
        _length(shape, len(value), path, problems, "[]")
        return [
            item_check(item, f"{path}.{n}.member", problems)
            for n, item in enumerate(value, 1)
            if item is not None
        ]

    return check


def _map(shape: Shape) -> Check:
    value_check = _compile(shape.value)

    def check(value: Any, path: str, problems: list[str]) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a map", path)
        return {k: value_check(v, f"{path}.{k}", problems) for k, v in value.items() if v is not None}

    return check


def _string(shape: Shape) -> Check:
    enum = frozenset(shape.enum)
    listed = ", ".join(shape.enum)

    def check(value: Any, path: str, problems: list[str]) -> Any:
        if not isinstance(value, str):
            raise _wrong_type(value, "a String", path)
        if enum and value not in enum:
            problems.append(
                f"Value '{value}' at '{path}' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{listed}]"
            )
        _length(shape, len(value), path, problems, value)
        return value

    return check


def _number(shape: Shape) -> Check:
    whole = shape.type_name in ("integer", "long")
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Any, path: str, problems: list[str]) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong_type(value, "an Integer" if whole else "a Double", path)
        if whole and isinstance(value, float):
            if not value.is_integer():
                raise _wrong_type(value, "an Integer", path)
            value = int(value)
        if low is not None and value < low:
            problems.append(
                f"Value '{value}' at '{path}' failed to satisfy constraint: "
                f"Member must have value greater than or equal to {low}"
            )
        if high is not None and value > high:
            problems.append(
                f"Value '{value}' at '{path}' failed to satisfy constraint: "
                f"Member must have value less than or equal to {high}"
            )
        return value

    return check


def _boolean(shape: Shape) -> Check:
    def check(value: Any, path: str, problems: list[str]) -> Any:
        if not isinstance(value, bool):
            raise _wrong_type(value, "a Boolean", path)
        return value

    return check


def _anything(shape: Shape) -> Check:
    return lambda value, path, problems: value


_BUILDERS: dict[str, Callable[[Shape], Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
}


_OPEN_ENUMS = frozenset({"ErrorCode"})
"""Lists that do not say all: FailureInfo's ErrorCode is also "any valid error code returned by the … service"
(https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_FailureInfo.html)."""

_SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": (int, float),
    "double": (int, float),
    "float": (int, float),
}


def unknown(shape: Shape | None, value: Any, path: str = "$") -> list[str]:
    """Where a value is not what its shape says: members that do not exist, values of another type."""
    if shape is None:
        return [] if not value else [path]
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return []
    if kind == "structure":
        if not isinstance(value, dict):
            return [path]
        return [
            wrong
            for name, item in value.items()
            for wrong in (
                unknown(shape.members[name], item, f"{path}.{name}")
                if name in shape.members
                else [f"{path}.{name}"]
            )
        ]
    if kind == "list":
        if not isinstance(value, list):
            return [path]
        return [
            wrong for n, item in enumerate(value) for wrong in unknown(shape.member, item, f"{path}[{n}]")
        ]
    if kind == "map":
        if not isinstance(value, dict):
            return [path]
        return [wrong for k, item in value.items() for wrong in unknown(shape.value, item, f"{path}.{k}")]
    if not isinstance(value, _SCALARS.get(kind, object)):
        return [path]
    if kind == "string" and shape.enum and value not in shape.enum and shape.name not in _OPEN_ENUMS:
        return [f"{path}={value}"]
    return []

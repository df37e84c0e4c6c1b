"""AWS's answers as plain data that a spec takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from apollo.manifest.interpolate import escape
from apollo.manifest.shape import ANY, Shape, shape_of
from apollo.resources import installed

__all__ = ["fitting"]


def fitting(value: Mapping[str, Any], spec_type: type[BaseModel]) -> dict[str, Any]:
    """The part of an answer that the spec has fields for; moments as text, ``${{`` as itself."""
    result = _fitting(value, shape_of(spec_type))
    assert isinstance(result, dict)
    return result


def _fitting(value: Any, shape: Shape) -> Any:
    if isinstance(value, Mapping):
        model = shape.models[0] if shape.models else None
        found = {}
        for name, item in value.items():
            below = model.shape(name) if model is not None else shape.value or ANY
            if item is None or (below is None and not _newer(model.model if model else None, name)):
                continue
            found[name] = _fitting(item, below or ANY)
        return found
    if isinstance(value, list | tuple):
        return [_fitting(item, shape.item or ANY) for item in value]
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).isoformat()
        return moment.replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return escape(value) if isinstance(value, str) else value


def _newer(model: Any, name: str) -> bool:
    """Whether AWS takes a field that our model does not have yet."""
    service, shapes, omitted = getattr(model, "aws", ("", (), frozenset()))[:3]
    return name not in omitted and any(installed.member(service, shape, name) is not None for shape in shapes)

"""Specs as AWS wants them: AWS's own spelling of every field (``roleARN`` → ``RoleARN``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apollo.resources import installed
from apollo.resources.shape import AwsShape

__all__ = ["wire"]


def wire(value: Any) -> Any:
    """What a spec, or a part of one, declares, as parameters of a call. Pure.

    Only names of fields are respelled; keys of maps are data and stay. Values are not touched: nothing is
    put into canonical form on its way to AWS.
    """
    if isinstance(value, AwsShape):
        return {
            name: item
            for field in _declared(value)
            if (found := getattr(value, field)) is not None
            for name, item in [_field(value, field, found)]
        }
    if isinstance(value, Mapping):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [wire(item) for item in value]
    return value


def _declared(shape: AwsShape) -> list[str]:
    """The fields that were set, in the order of the model, newer ones last."""
    known = type(shape).model_fields
    return [*(n for n in known if n in shape.model_fields_set), *(shape.__pydantic_extra__ or {})]


def _field(shape: AwsShape, field: str, value: Any) -> tuple[str, Any]:
    aws = shape.aws
    name = field[:1].upper() + field[1:] if aws.pascal else field
    if field not in type(shape).model_fields:
        for one in aws.shapes:
            if (found := installed.member(aws.service, one, field)) is not None:
                return name, installed.wire(aws.service, found, value)
    return name, wire(value)

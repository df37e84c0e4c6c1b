"""What botocore's service models say of a call before it is sent, and which IAM action it needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

__all__ = ["iam_action", "wrong_with"]

_PREFIXES: Final[Mapping[str, str]] = {
    "tagging": "tag",
    "monitoring": "cloudwatch",
    "email": "ses",
    "streams.dynamodb": "dynamodb",
}
"""Where IAM's prefix is not the name that requests are signed for."""
_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "CreateBucket"): "s3:CreateBucket",
    ("s3", "DeleteBucket"): "s3:DeleteBucket",
    ("s3", "GetObject"): "s3:GetObject",
    ("s3", "PutObject"): "s3:PutObject",
    ("s3", "DeleteObject"): "s3:DeleteObject",
}
_OTHERWISE: Final = frozenset({"s3", "apigateway", "apigatewayv2"})
"""Services whose actions are not named as their operations are."""


def wrong_with(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """Why the installed botocore would not send such a call; empty when it would.

    Values that wait for an output count as text.

    :param service: boto3's name, e.g. ``ecs``. :param operation: AWS's name, e.g. ``UpdateService``.
    """
    from botocore.exceptions import UnknownServiceError
    from botocore.model import OperationNotFoundError
    from botocore.validate import ParamValidator

    try:
        model = _model(service).operation_model(operation)
    except UnknownServiceError:
        return f"boto3 knows no service {service!r}"
    except OperationNotFoundError:
        return f"{service} has no operation {operation!r} in the installed botocore"
    if model.input_shape is None:
        return f"{operation} takes no parameters" if params else ""
    report = ParamValidator().validate(dict(params), model.input_shape)
    return "; ".join(report.generate_report().splitlines()) if report.has_errors() else ""


def iam_action(service: str, operation: str) -> str | None:
    """The IAM action that allows an operation, e.g. ``elasticloadbalancing:ModifyRule``; None where that is
    not known. Source: AWS's Service Authorization Reference."""
    from botocore.exceptions import UnknownServiceError

    known = _NAMES.get((service, operation))
    if known is not None or service in _OTHERWISE:
        return known
    try:
        signed = str(_model(service).signing_name)
    except UnknownServiceError:
        return None
    return f"{_PREFIXES.get(signed, signed)}:{operation}"


@cache
def _model(service: str) -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model(service)

"""MaxResults and NextToken, and the filters that every Describe operation shares."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from apollo.testing.errors import ApiError
from apollo.testing.services.autoscaling.region import Region, invalid
from apollo.testing.services.autoscaling.state import DIMENSION, Json

T = TypeVar("T")


def page(items: Sequence[T], params: Json, most: int) -> tuple[list[T], Json]:
    """One page, and the members to add to the answer."""
    size = params.get("MaxResults", most)
    if not 1 <= size <= most:
        raise invalid(f"MaxResults must be between 1 and {most}")
    start = 0
    token = params.get("NextToken")
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("offset:"))
        except (ValueError, binascii.Error):
            raise ApiError("InvalidNextTokenException", "Invalid next token") from None
        if start < 0:
            raise ApiError("InvalidNextTokenException", "Invalid next token")
    chunk = list(items[start : start + size])
    if start + size < len(items):
        return chunk, {"NextToken": base64.urlsafe_b64encode(f"offset:{start + size}".encode()).decode()}
    return chunk, {}


def check_filters(scaling: Region, params: Json) -> None:
    """ "If you specify a scalable dimension, you must also specify a resource ID."

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
    """
    scaling.check_namespace(params)
    dimension = params.get("ScalableDimension")
    if dimension is None:
        return
    if not params.get("ResourceId") and not params.get("ResourceIds"):
        raise invalid("A resource ID must be specified together with a scalable dimension")
    if dimension != DIMENSION:
        raise invalid("Unsupported service namespace, resource type or scalable dimension")

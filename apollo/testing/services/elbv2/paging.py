"""PageSize and Marker. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from apollo.testing.services.elbv2.region import invalid
from apollo.testing.services.elbv2.state import Json

T = TypeVar("T")
MOST = 400


def page(items: Sequence[T], params: Json) -> tuple[list[T], Json]:
    """One page, and the members to add to the answer. Without PageSize: as many as there may be."""
    size = params.get("PageSize", MOST)
    start = 0
    marker = params.get("Marker")
    if marker:
        try:
            start = int(base64.urlsafe_b64decode(marker.encode()).decode().removeprefix("offset:"))
        except (ValueError, binascii.Error):
            raise invalid("The specified marker is not valid") from None
        if start < 0:
            raise invalid("The specified marker is not valid")
    chunk = list(items[start : start + size])
    if start + size < len(items):
        return chunk, {"NextMarker": base64.urlsafe_b64encode(f"offset:{start + size}".encode()).decode()}
    return chunk, {}

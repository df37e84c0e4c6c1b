"""maxResults and nextToken: opaque to the client, an offset to us."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from apollo.testing.services.ecs.region import invalid
from apollo.testing.services.ecs.state import Json

T = TypeVar("T")


def page(items: Sequence[T], params: Json, default: int = 100, most: int = 100) -> tuple[list[T], Json]:
    """One page, and the members to add to the answer."""
    size = params.get("maxResults", default)
    if not 1 <= size <= most:
        raise invalid(f"maxResults must be between 1 and {most}.")
    start = 0
    token = params.get("nextToken")
    if token is not None:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("offset:"))
        except (ValueError, binascii.Error):
            raise invalid("Invalid token") from None
        if start < 0:
            raise invalid("Invalid token")
    chunk = list(items[start : start + size])
    if start + size < len(items):
        return chunk, {"nextToken": base64.urlsafe_b64encode(f"offset:{start + size}".encode()).decode()}
    return chunk, {}

"""PaginationToken: opaque to the client; it holds where to go on, of which request, and when it was given."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from apollo.testing.errors import ApiError
from apollo.testing.world import Json

_SIZE = 50
"""Resources per page when the request does not say; AWS does not document its number."""
_VALID = 15 * 60.0
"""Seconds. "A PaginationToken is valid for a maximum of 15 minutes." """


def page(
    items: Mapping[str, int], params: Json, now: float, *, size: int | None = None, weight: int | None = None
) -> tuple[list[str], str]:
    """One page of the keys, in their order, and the token of the next: empty when there is none.

    items: each key's weight, its number of tags. size: keys per page. weight: the most of a page, all in all.
    """
    if size is not None and not 1 <= size <= 100:
        raise ApiError("InvalidParameterException", "ResourcesPerPage must be between 1 and 100")
    if weight is not None and not 100 <= weight <= 500:
        raise ApiError("InvalidParameterException", "TagsPerPage must be between 100 and 500")
    most = size if size is not None else _SIZE if weight is None else 500
    asked = {name: value for name, value in params.items() if name != "PaginationToken"}
    request = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    after = _after(params.get("PaginationToken"), request, now)
    chunk: list[str] = []
    taken = 0
    for key in sorted(items if after is None else [key for key in items if key > after]):
        taken += items[key]
        if len(chunk) == most or (weight is not None and chunk and taken > weight):
            token = json.dumps([now, request, chunk[-1]]).encode()
            return chunk, base64.urlsafe_b64encode(token).decode()
        chunk.append(key)
    return chunk, ""


def _after(token: str | None, request: str, now: float) -> str | None:
    if not token:
        return None
    try:
        given, meant, key = json.loads(base64.urlsafe_b64decode(token.encode()))
        expired = now > given + _VALID
    except (ValueError, TypeError, binascii.Error):
        raise ApiError("InvalidParameterException", "The PaginationToken is not valid") from None
    if meant != request or not isinstance(key, str):
        raise ApiError("InvalidParameterException", "The PaginationToken belongs to another request")
    if expired:
        raise ApiError("PaginationTokenExpiredException", "The PaginationToken has expired")
    return key

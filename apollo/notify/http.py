"""One HTTP request to somebody else's service, and what its answer means for trying again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from anyio import to_thread
from attrs import frozen

__all__ = ["Http", "Rejected", "StdHttp", "Unsent", "body"]

_TIMEOUT = 10.0
"""Seconds for one request."""
_PATIENT = frozenset({408, 425, 429})


class Unsent(Exception):
    """Not delivered; worth another try.

    :ivar after: seconds that the other side asked for, if it did.
    """

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Rejected(Exception):
    """Not delivered, and trying again would not help."""


class Http(Protocol):
    """How requests are sent."""

    async def post(self, url: str, data: bytes, headers: Mapping[str, str]) -> None:
        """POST, expecting any 2xx.

        :raises Unsent: it may work later. :raises Rejected: it will not.
        """
        ...


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@frozen
class StdHttp:
    """Requests with the standard library, in a thread. Follows no redirect: a receiver that moved is a
    mistake in the configuration, and a signed body is for one address only."""

    agent: str = "apollo"

    async def post(self, url: str, data: bytes, headers: Mapping[str, str]) -> None:
        await to_thread.run_sync(self._post, url, data, dict(headers), abandon_on_cancel=True)

    def _post(self, url: str, data: bytes, headers: dict[str, str]) -> None:
        import http.client
        import urllib.error
        import urllib.request

        class _Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *args: Any, **more: Any) -> None:
                return None

        headers = {"Content-Type": "application/json", "User-Agent": self.agent, **headers}
        try:
            request = urllib.request.Request(url, data, headers, method="POST")
            with urllib.request.build_opener(_Stay).open(request, timeout=_TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            said = error.read(200).decode("utf-8", "replace").strip()
            message = f"HTTP {error.code} {error.reason}" + (f": {said}" if said else "")
            if error.code in _PATIENT or error.code >= 500:
                raise Unsent(message, _after(error.headers.get("Retry-After"))) from None
            raise Rejected(message) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            # The URL may be a secret: only the kind of the fault is told.
            reason = getattr(error, "reason", None) or error
            raise Unsent(f"{type(error).__name__}: {_plain(reason)}") from None


def _after(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdigit() else None


def _plain(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or type(reason).__name__)

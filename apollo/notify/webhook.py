"""Any HTTP endpoint, signed as https://www.standardwebhooks.com says."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from attrs import field, frozen

from apollo.notify.http import Http, body
from apollo.notify.notice import Notice

__all__ = ["Webhook", "signature"]


def signature(secret: str, id_: str, timestamp: int, content: bytes) -> str:
    """The value of ``webhook-signature``.

    :param secret: ``whsec_`` and base64 of the key, or the key as text.
    """
    key = secret.encode()
    if secret.startswith("whsec_"):
        with contextlib.suppress(binascii.Error, ValueError):  # else it is text that happens to begin so
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{id_}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@frozen
class Webhook:
    """:ivar url: may be a secret. :ivar secret: what bodies are signed with; empty: they are not."""

    http: Http
    url: str
    now: Callable[[], datetime]
    secret: str = field(default="", repr=False)
    template: str | None = None

    async def send(self, notice: Notice) -> None:
        content = body({**notice.to_dict(), "text": notice.text(self.template)})
        timestamp = int(self.now().timestamp())
        headers = {"webhook-id": notice.id, "webhook-timestamp": str(timestamp)}
        if self.secret:
            headers["webhook-signature"] = signature(self.secret, notice.id, timestamp, content)
        await self.http.post(self.url, content, headers)

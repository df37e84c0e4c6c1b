"""A Slack channel, through an incoming webhook.

Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
"""

from __future__ import annotations

from attrs import frozen

from apollo.notify.http import Http, body
from apollo.notify.notice import BAD, Notice

__all__ = ["Slack"]

_LONGEST = 2_900
"""Slack cuts a text block at 3,000 characters."""


@frozen
class Slack:
    """:ivar url: of the webhook; a secret."""

    http: Http
    url: str
    template: str | None = None

    async def send(self, notice: Notice) -> None:
        mark = "🔴" if notice.event in BAD else "🟢" if notice.event != "RolloutStarted" else "🔵"
        text = f"{mark} {_safe(notice.text(self.template))}"
        if len(text) > _LONGEST:
            text = text[:_LONGEST] + "…"
        # `text` is what a notification on a phone shows.
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        await self.http.post(self.url, body({"text": text, "blocks": [block]}), {})


def _safe(text: str) -> str:
    """Slack's three control characters; without them nothing can mention a channel or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

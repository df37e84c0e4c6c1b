"""What is done to every request on its way through botocore."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from attrs import frozen

__all__ = ["Asked", "asking", "region", "register"]


@frozen
class Asked:
    """Who asks AWS for something; travels with the request into its thread.

    :ivar commit, config_digest: together the desired state that asked for the call.
    """

    installation: str
    environment: str
    commit: str = ""
    config_digest: str = ""
    region: str = ""

    def user_agent(self) -> str:
        """The suffix of the User-Agent header, which CloudTrail keeps:
        ``apollo/<installation>/<environment> commit/<id> config/<digest>``."""
        parts = [f"apollo/{_token(self.installation)}/{_token(self.environment)}"]
        if self.commit:
            parts.append(f"commit/{_token(self.commit)}")
        if self.config_digest:
            parts.append(f"config/{_token(self.config_digest)}")
        return " ".join(parts)


asking: ContextVar[Asked | None] = ContextVar("apollo_aws_asking", default=None)


def region() -> str:
    """The region of the call that is being made."""
    asked = asking.get()
    return asked.region if asked else ""


def register(events: Any) -> None:
    """Install the hooks on a session; its clients inherit them."""
    events.register("before-send", _name_who_asks)


def _name_who_asks(request: Any, **_: Any) -> None:
    # As late as this, since botocore writes the header anew for each request. It is not signed.
    asked = asking.get()
    if asked is not None:
        before = request.headers.get("User-Agent", "")
        text = before.decode("latin-1") if isinstance(before, bytes) else before
        request.headers["User-Agent"] = f"{text} {asked.user_agent()}".strip()


def _token(text: str) -> str:
    return re.sub(r"[^\w!$%&'*+.^`|~-]", "-", text, flags=re.ASCII)

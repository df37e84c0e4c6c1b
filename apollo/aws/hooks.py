"""What is done to every request and answer on its way through botocore."""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from typing import Any, Final

from attrs import frozen

__all__ = ["Asked", "MalformedAnswer", "asking", "region", "register"]


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


class MalformedAnswer(Exception):
    """A successful answer whose body is not what AWS sends: cut off, or a stranger's."""


_TRIM_ABOVE: Final = 16_384
_EVENTS: Final = 10


def register(events: Any) -> None:
    """Install the hooks on a session; its clients inherit them."""
    events.register("before-send", _name_who_asks)
    events.register("before-parse", _look_at_body)


def _name_who_asks(request: Any, **_: Any) -> None:
    # As late as this, since botocore writes the header anew for each request. It is not signed.
    asked = asking.get()
    if asked is not None:
        before = request.headers.get("User-Agent", "")
        text = before.decode("latin-1") if isinstance(before, bytes) else before
        request.headers["User-Agent"] = f"{text} {asked.user_agent()}".strip()


def _look_at_body(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Refuses a successful answer that is no JSON object: botocore takes a cut-off body for an empty answer,
    and a controller would take that for services that do not exist."""
    shape = operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None or not shape.members:
        return
    if operation_model.service_model.resolved_protocol != "json":
        return  # the parsers of the other protocols complain themselves
    try:
        answer = json.loads(response_dict["body"])
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise MalformedAnswer
    if operation_model.name == "DescribeServices" and len(response_dict["body"]) > _TRIM_ABOVE:
        _trim_events(answer)
        response_dict["body"] = json.dumps(answer).encode()


def _trim_events(answer: dict[str, Any]) -> None:
    """ECS sends up to 100 events per service, newest first. botocore takes ten times as long over them as
    over the rest of the answer, and nobody looks further back than the newest few."""
    services = answer.get("services")
    for service in services if isinstance(services, list) else ():
        events = service.get("events") if isinstance(service, dict) else None
        if isinstance(events, list):
            del events[_EVENTS:]


def _token(text: str) -> str:
    return re.sub(r"[^\w!$%&'*+.^`|~-]", "-", text, flags=re.ASCII)

"""SNS and EventBridge, called as the environment that the notice is about."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import frozen

from apollo.api import Call
from apollo.errors import ApolloError, AwsError
from apollo.notify.http import Rejected, Unsent
from apollo.notify.notice import Notice

__all__ = ["EventBridge", "Sns", "Write"]

Write = Callable[[str, Call], Awaitable[Mapping[str, Any]]]
"""Sends a call as an environment, by name."""

_PASSING = frozenset({"throttled", "unavailable", "lost-answer"})
_SUBJECT = 100
"""SNS takes so many characters of a subject, ASCII only."""


async def _write(write: Write, environment: str, call: Call) -> Mapping[str, Any]:
    try:
        return await write(environment, call)
    except AwsError as error:
        raise (Unsent if error.category in _PASSING else Rejected)(error.message) from None
    except ApolloError as error:
        raise Unsent(error.message) from None


@frozen
class Sns:
    """:ivar topic: an ARN. Source: API_Publish of the SNS reference."""

    write: Write
    topic: str
    template: str | None = None

    async def send(self, notice: Notice) -> None:
        subject = f"[Apollo] {notice.environment} {notice.key or notice.app} {notice.event}"
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (
                ("environment", notice.environment),
                ("app", notice.app),
                ("event", notice.event),
                ("kind", notice.kind),
            )
            if value
        }
        params = {
            "TopicArn": self.topic,
            "Subject": subject.encode("ascii", "replace").decode()[:_SUBJECT],
            "Message": notice.text(self.template),
            "MessageAttributes": attributes,
        }
        await _write(self.write, notice.environment, Call("sns", "Publish", params))


@frozen
class EventBridge:
    """:ivar bus: name or ARN. Source: API_PutEvents of the EventBridge reference."""

    write: Write
    bus: str
    template: str | None = None

    async def send(self, notice: Notice) -> None:
        detail = json.dumps({**notice.to_dict(), "text": notice.text(self.template)}, ensure_ascii=False)
        entry = {
            "Source": "apollo",
            "DetailType": f"Apollo {notice.event}",
            "Detail": detail,
            "EventBusName": self.bus,
            "Time": notice.at,
        }
        call = Call("events", "PutEvents", {"Entries": [entry]})
        answer = await _write(self.write, notice.environment, call)
        if answer.get("FailedEntryCount"):  # the call itself succeeds then
            failed: Mapping[str, Any] = next(
                (one for one in answer.get("Entries", ()) if one.get("ErrorCode")), {}
            )
            code = str(failed.get("ErrorCode", "unknown"))
            passing = code in ("InternalFailure", "ThrottlingException")
            raise (Unsent if passing else Rejected)(f"{code}: {failed.get('ErrorMessage', '')}".rstrip(": "))

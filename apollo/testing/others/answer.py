"""A request for a service that is not ours: handed to moto, and what comes of it."""

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from apollo.testing.http import HttpRequest, Reply
from apollo.testing.others import alarms, logs, queues, schedules
from apollo.testing.wire import cbor
from apollo.testing.wire.models import service_model

if TYPE_CHECKING:
    from apollo.testing.log import Request
    from apollo.testing.world import Call, World

_OURS_TO_SAY = frozenset(
    {"connection", "content-length", "content-type", "date", "server", "status", "transfer-encoding"}
    | {"x-amzn-requestid"}
)
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
_PAGE = re.compile(
    rb"<(NextToken|NextMarker|NextContinuationToken|NextRecordName|nextToken)>[^<]*</\1>|"
    rb"<Marker>[^<]*</Marker>(?=.*</\w+Result>)"
)


def answer(world: "World", request: HttpRequest, call: "Call", payload: Any, entry: "Request") -> Reply:
    """moto's answer in the protocol of the request; whether it took effect is in the entry of the log."""
    speaks_cbor = "smithy-protocol" in request.headers
    path, headers, body = request.path, dict(request.headers), request.body
    if speaks_cbor:
        # moto speaks the older of the two protocols that these services have.
        metadata = service_model(call.service).metadata
        path = "/"
        headers |= {
            "content-type": f"application/x-amz-json-{metadata.get('jsonVersion', '1.1')}",
            "x-amz-target": f"{metadata['targetPrefix']}.{call.operation}",
        }
        del headers["smithy-protocol"]
        body = json.dumps(payload, default=_blob).encode()
    poll = queues.long_poll(world, call, payload)
    if poll is not None:
        body = poll.without_waiting(body)
    headers["content-length"] = str(len(body))

    def ask() -> tuple[int, dict[str, str], bytes]:
        return world.moto.send(
            call.service, call.operation, call.account, call.region, request.method, path, headers, body
        )

    def reply() -> Reply:
        status, given, raw = schedules.checked(
            call, payload, lambda: logs.answered(world, call, payload, ask)
        )
        kind = _content_type(given, headers)
        extra = {name: value for name, value in given.items() if name not in _OURS_TO_SAY}
        if speaks_cbor:
            raw, kind = cbor.dumps(json.loads(raw or b"{}")), "application/cbor"
            extra["smithy-protocol"] = "rpc-v2-cbor"
        result = Reply(status, raw, kind, extra)
        if request.method == "HEAD":
            result.length, result.body = int(given.get("content-length", "0")), b""
        if poll is not None and status == 200 and poll.empty(raw):
            result.again = poll.again(lambda: reply())
        return result

    result = reply()
    if result.status >= 400:
        entry.outcome, entry.applied = _code(result, speaks_cbor), False
    else:
        alarms.heard(world, call, payload)
        schedules.heard(world, call, payload)
    return result


def without_next_page(reply: Reply) -> None:
    """Make an answer look like the last page."""
    if reply.body.startswith(b"{"):
        document = json.loads(reply.body)
        for name in ("NextToken", "nextToken", "NextMarker", "LastEvaluatedKey", "PaginationToken"):
            document.pop(name, None)
        reply.body = json.dumps(document).encode()
    elif reply.body.startswith(b"<"):
        body = _PAGE.sub(b"", reply.body)
        reply.body = body.replace(b"<IsTruncated>true</IsTruncated>", b"<IsTruncated>false</IsTruncated>")


def _content_type(given: dict[str, str], headers: dict[str, str]) -> str:
    if "x-amz-target" in headers:
        return headers.get("content-type", "application/x-amz-json-1.1")
    return given.get("content-type", "application/octet-stream")


def _code(reply: Reply, speaks_cbor: bool) -> str:
    """The error code of an answer, as the log shows it."""
    if speaks_cbor:
        return _short(str(cbor.loads(reply.body).get("__type", reply.status)))
    if reply.body.startswith(b"{"):
        try:
            document = json.loads(reply.body)
        except ValueError:
            return str(reply.status)
        named = document.get("__type") or reply.headers.get("x-amzn-errortype") or reply.status
        return _short(str(named))
    found = _CODE.search(reply.body)
    return found[1].decode() if found else str(reply.status)


def _short(name: str) -> str:
    return name.rpartition("#")[2].partition(":")[0]


def _blob(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)

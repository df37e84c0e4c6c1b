"""From one HTTP request to one operation and back: protocol, identity, faults, validation, log."""

import json
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.faults import Verdict
from apollo.testing.log import Request
from apollo.testing.spoiled import without_next_page, without_one
from apollo.testing.wire import cbor, json_rpc, query
from apollo.testing.wire.models import operation_model, service_model
from apollo.testing.wire.validate import clean, unknown
from apollo.testing.world import Backend, Call, World

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/?]+)")


@dataclass(slots=True)
class HttpRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class Reply:
    """An answer, or the lack of one."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    """Drop the connection instead of answering."""


@dataclass(slots=True)
class _Target:
    """What a request names, before anybody checked that it exists."""

    protocol: str
    service: str
    operation: str
    payload: Any = None


class Dispatcher:
    def __init__(self, world: World, *, strict: bool = False) -> None:
        self._world = world
        self._strict = strict
        self._prefixes: dict[str, str] = {}
        self._signing: dict[str, str] = {}
        for name in world.registry:
            metadata = service_model(name).metadata
            if "targetPrefix" in metadata:
                self._prefixes[metadata["targetPrefix"]] = name
            self._signing[metadata.get("signingName", metadata["endpointPrefix"])] = name
        self._serial = 0

    def handle(self, request: HttpRequest) -> Reply:
        """Answer one request; never raises."""
        with self._world.lock:
            self._serial += 1
            request_id = f"{self._serial:08x}-0000-4000-8000-{self._world.seed & 0xFFFFFFFFFFFF:012x}"
            reply = self._handle(request, request_id)
        reply.headers["x-amzn-requestid"] = request_id
        return reply

    def _handle(self, request: HttpRequest, request_id: str) -> Reply:
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        access_key, region, signing = scope.groups() if scope else ("", "", "")
        target = _Target(
            "json", self._signing.get(signing, signing or "unknown"), f"{request.method} {request.path}"
        )
        entry: Request | None = None
        try:
            self._read_target(request, target)
            world = self._world
            world.catch_up()
            identity = world.identify(access_key)
            entry = world.log.add(
                world.clock.now(),
                target.service,
                target.operation,
                identity.account,
                region,
                target.payload if isinstance(target.payload, dict) else {},
                request.headers.get("user-agent", ""),
            )
            if not scope:
                raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
            verdict = world.faults.judge(
                target.service, target.operation, identity.account, region, identity.arn, entry.time
            )
            if verdict.reset == "before":
                entry.outcome, entry.applied = "reset_before", False
                return Reply(0, b"", reset=True, delay=verdict.delay)
            reply = self._faulted(target, entry, verdict.error, request_id) if verdict.error else None
            if reply is None or verdict.error_applied:
                call = Call(
                    target.service,
                    target.operation,
                    {},
                    identity.account,
                    region,
                    identity,
                    entry.time,
                    entry.user_agent,
                )
                answer = self._carry_out(target, call, entry, request_id, verdict)
                reply = reply or answer
            if "malformed" in verdict.spoiled:
                reply.body = reply.body[: len(reply.body) // 2]
            if verdict.reset == "after":
                entry.outcome = "reset_after"
                reply = Reply(0, b"", reset=True)
            reply.delay = verdict.delay
            return reply
        except ApiError as error:
            if entry is not None:
                entry.outcome, entry.applied = error.code, False
            return _error_reply(target, error, request_id)
        except Exception:  # a bug of ours: fail once and loudly, instead of a 500 that every SDK retries
            if entry is not None:
                entry.outcome = "SimInternalError"
            return _error_reply(target, ApiError("SimInternalError", traceback.format_exc()), request_id)

    def _read_target(self, request: HttpRequest, target: _Target) -> None:
        """Fill in which operation is meant, so that an error can answer in the right protocol."""
        headers, content_type = request.headers, request.headers.get("content-type", "")
        rpc = _RPC_PATH.match(request.path) if "smithy-protocol" in headers else None
        if "x-amz-target" in headers:
            prefix, _, target.operation = headers["x-amz-target"].rpartition(".")
            target.service = self._prefixes.get(prefix, target.service)
            target.payload = _load_json(request.body)
        elif rpc is not None:
            target.protocol, target.operation = "cbor", rpc[2]
            target.payload = cbor.loads(request.body) if request.body else {}
        elif content_type.startswith("application/x-www-form-urlencoded"):
            target.protocol = "query"
            form = query.parse(request.body)
            target.operation = form.pop("Action", "")
            form.pop("Version", None)
            target.payload = form
        elif target.service == "s3":
            target.protocol = "xml"

    def _faulted(self, target: _Target, entry: Request, error: ApiError, request_id: str) -> Reply:
        entry.outcome, entry.applied = error.code, False
        return _error_reply(target, error, request_id)

    def _carry_out(
        self, target: _Target, call: Call, entry: Request, request_id: str, verdict: Verdict
    ) -> Reply:
        backend_type: type[Backend] | None = self._world.registry.get(target.service)
        handler = backend_type.operations.get(target.operation) if backend_type else None
        model = operation_model(target.service, target.operation) if handler else None
        if backend_type is None or handler is None or model is None:
            raise NotSimulated(f"{target.service}:{target.operation}")
        payload = target.payload
        if target.protocol == "query":
            payload = entry.params = query.decode(payload, model.input_shape)
        call.params = clean(model.input_shape, payload, backend_type.validation_code)
        entry.applied = True
        if entry.mutating:
            self._world.version += 1
        world = self._world
        if verdict.stale is not None:
            world = world.history.at(call.now - verdict.stale)
            call.now = world.clock.now()
        result = handler(world.backend(target.service, call.account, call.region), call)
        if verdict.spoiled:
            entry.outcome = verdict.spoiled[-1]
        if "lost_page" in verdict.spoiled:
            result = without_next_page(result)
        if "partial" in verdict.spoiled:
            result = without_one(result, verdict.reason, world.shuffle)
        if entry.mutating:
            self._world.changed(call.account, call.region)
        if self._strict and (wrong := unknown(model.output_shape, result)):
            raise ApiError(
                "SimBadAnswer", f"{target.operation} answers against its model: {', '.join(wrong)}"
            )
        if target.protocol == "query":
            return Reply(200, query.encode(model, result, request_id), "text/xml")
        if target.protocol == "cbor":
            return Reply(200, cbor.dumps(result), "application/cbor", {"smithy-protocol": "rpc-v2-cbor"})
        return Reply(200, json_rpc.dumps(result), "application/x-amz-json-1.1")


def _load_json(body: bytes) -> Any:
    try:
        payload = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ApiError("SerializationException", "The request body is not valid JSON") from None
    if not isinstance(payload, dict):
        raise ApiError("SerializationException", "Start of structure or map expected")
    return payload


def _error_reply(target: _Target, error: ApiError, request_id: str) -> Reply:
    if target.protocol in ("query", "xml"):
        if target.protocol == "xml":
            text = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            return Reply(error.status, text.encode(), "application/xml")
        try:
            namespace = service_model(target.service).metadata.get("xmlNamespace", "")
        except Exception:  # a service that botocore does not know still gets an answer
            namespace = ""
        return Reply(error.status, query.encode_error(error, namespace, request_id), "text/xml")
    # Both `message` and `Message` occur in AWS's JSON answers; ECS uses the lower case.
    document = {"__type": error.code, "message": error.message, **error.fields}
    if target.protocol == "cbor":
        return Reply(
            error.status, cbor.dumps(document), "application/cbor", {"smithy-protocol": "rpc-v2-cbor"}
        )
    return Reply(
        error.status,
        json.dumps(document).encode(),
        "application/x-amz-json-1.1",
        {"x-amzn-errortype": error.code},
    )

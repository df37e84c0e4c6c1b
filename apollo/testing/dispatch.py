"""From one HTTP request to one operation and back: protocol, identity, faults, validation, log."""

import json
import re
import traceback
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.faults import Verdict
from apollo.testing.http import HttpRequest, Reply
from apollo.testing.log import Request
from apollo.testing.others import names
from apollo.testing.spoiled import without_next_page, without_one
from apollo.testing.wire import cbor, json_rpc, query
from apollo.testing.wire.failures import error_reply
from apollo.testing.wire.models import operation_model, service_model
from apollo.testing.wire.validate import clean, unknown
from apollo.testing.world import DEFAULT_REGION, Backend, Call, World

_SCOPE = re.compile(r"(?:Credential=)?([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_UNSIGNED = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
"""Operations of STS for which nobody has credentials yet."""
_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/?]+)")


@dataclass(slots=True)
class _Target:
    """What a request names, before anybody checked that it exists."""

    protocol: str
    service: str
    operation: str
    payload: Any = None
    reads: bool = False
    """HTTP's own word that nothing is changed."""


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
            try:
                self._world.news.look()
            except Exception:  # of a subscriber: told to whoever asked, as there is nobody else
                error = ApiError("SimInternalError", traceback.format_exc())
                reply = error_reply("json", "", error, request_id)
        reply.headers["x-amzn-requestid"] = request_id
        return reply

    def _handle(self, request: HttpRequest, request_id: str) -> Reply:
        scope = _SCOPE.search(_credential(request))
        access_key, region, signing = scope.groups() if scope else ("", DEFAULT_REGION, "")
        service = self._signing.get(signing) or names.service_of(signing)
        target = _Target("json", service, f"{request.method} {urlsplit(request.path).path}")
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
            if target.reads:
                entry.mutating = False
            if not scope and target.operation not in _UNSIGNED:
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
                answer = self._carry_out(request, target, call, entry, request_id, verdict)
                reply = reply or answer
            if "malformed" in verdict.spoiled:
                reply.again = None
                reply.body = reply.body[: len(reply.body) // 2]
            if verdict.reset == "after":
                entry.outcome = "reset_after"
                reply = Reply(0, b"", reset=True)
            reply.delay = verdict.delay
            return reply
        except ApiError as error:
            if entry is not None:
                entry.outcome, entry.applied = error.code, False
            return error_reply(target.protocol, target.service, error, request_id)
        except Exception:  # a bug of ours: fail once and loudly, instead of a 500 that every SDK retries
            if entry is not None:
                entry.outcome = "SimInternalError"
            return error_reply(
                target.protocol,
                target.service,
                ApiError("SimInternalError", traceback.format_exc()),
                request_id,
            )

    def _read_target(self, request: HttpRequest, target: _Target) -> None:
        """Fill in which operation is meant, so that an error can answer in the right protocol."""
        headers, content_type = request.headers, request.headers.get("content-type", "")
        rpc = _RPC_PATH.match(request.path) if "smithy-protocol" in headers else None
        if "x-amz-target" in headers:
            prefix, _, target.operation = headers["x-amz-target"].rpartition(".")
            target.service = self._prefixes.get(prefix) or names.service_of(target.service, prefix)
            target.payload = _load_json(request.body)
        elif rpc is not None:
            target.protocol, target.operation = "cbor", rpc[2]
            target.payload = cbor.loads(request.body) if request.body else {}
        elif content_type.startswith("application/x-www-form-urlencoded") and target.service != "s3":
            target.protocol = "ec2" if target.service == "ec2" else "query"
            form = query.parse(request.body)
            target.operation = form.pop("Action", "")
            form.pop("Version", None)
            target.payload = form
            if target.operation in _UNSIGNED:
                target.service = "sts"
        else:
            target.protocol = names.protocol_of(target.service)
            target.reads = request.method in ("GET", "HEAD")
            found = names.rest_operation(target.service, request.method, request.path, headers)
            if found is not None:
                target.operation, target.payload = found
                if target.protocol == "rest-json" and request.body.startswith(b"{"):
                    target.payload = {**_load_json(request.body), **target.payload}

    def _faulted(self, target: _Target, entry: Request, error: ApiError, request_id: str) -> Reply:
        entry.outcome, entry.applied = error.code, False
        return error_reply(target.protocol, target.service, error, request_id)

    def _carry_out(
        self,
        request: HttpRequest,
        target: _Target,
        call: Call,
        entry: Request,
        request_id: str,
        verdict: Verdict,
    ) -> Reply:
        backend_type: type[Backend] | None = self._world.registry.get(target.service)
        handler = backend_type.operations.get(target.operation) if backend_type else None
        model = operation_model(target.service, target.operation) if handler else None
        if backend_type is None:
            return self._elsewhere(request, target, call, entry, verdict)
        if handler is None or model is None:
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

    def _elsewhere(
        self, request: HttpRequest, target: _Target, call: Call, entry: Request, verdict: Verdict
    ) -> Reply:
        """A service that is not ours. Faults in what moto holds are its answers' only: it has no past."""
        from apollo.testing.others.answer import answer, without_next_page

        if target.service in self._world.registry or target.service == "unknown":
            raise NotSimulated(f"{target.service}:{target.operation}")
        model = operation_model(target.service, target.operation) if target.protocol == "query" else None
        if model is not None:
            entry.params = query.decode(target.payload, model.input_shape)
        entry.applied = True
        self._world.news.look()
        if target.service in ("events", "logs"):
            self._world.news.start()
        reply = answer(self._world, request, call, target.payload, entry)
        if entry.mutating and entry.applied:
            self._world.version += 1
        if "lost_page" in verdict.spoiled:
            without_next_page(reply)
        if verdict.spoiled and entry.outcome == "OK":
            entry.outcome = verdict.spoiled[-1]
        return reply


def _credential(request: HttpRequest) -> str:
    """Where it says who asks: in a header, or in the query of an address that was signed beforehand."""
    if "authorization" in request.headers:
        return request.headers["authorization"]
    text = urlsplit(request.path).query
    if "X-Amz-Credential" in text:
        return parse_qs(text).get("X-Amz-Credential", [""])[0]
    if "AWSAccessKeyId" in text:
        # The older way of signing addresses, which only S3 knows, says nothing of the region.
        return f"{parse_qs(text).get('AWSAccessKeyId', [''])[0]}/00000000/{DEFAULT_REGION}/s3/aws4_request"
    return ""


def _load_json(body: bytes) -> Any:
    try:
        payload = json.loads(body or b"{}")
        if b"\\ud" in body.lower():
            json.dumps(payload, ensure_ascii=False).encode()  # half of a pair of surrogates is no character
    except (ValueError, RecursionError):
        raise ApiError("SerializationException", "The request body is not valid JSON") from None
    if not isinstance(payload, dict):
        raise ApiError("SerializationException", "Start of structure or map expected")
    return payload

"""An error in the shape of the protocol in which it was asked."""

import json

from apollo.testing.errors import ApiError
from apollo.testing.http import Reply
from apollo.testing.wire import cbor, query
from apollo.testing.wire.models import known_services, service_model
from apollo.testing.wire.query import escape


def error_reply(protocol: str, service: str, error: ApiError, request_id: str) -> Reply:
    """https://smithy.io/2.0/aws/protocols/index.html; S3 and EC2 have shapes of their own:
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
    """
    code, message = escape(error.code), escape(error.message)
    if service == "s3":
        told = f"<Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        text = f"<Error>{told}</Error>"
        return Reply(error.status, text.encode(), "application/xml")
    if protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        return Reply(error.status, text.encode(), "text/xml")
    if protocol in ("query", "rest-xml"):
        metadata = service_model(service).metadata if service in known_services() else {}
        raw = query.encode_error(error, metadata.get("xmlNamespace", ""), request_id)
        return Reply(error.status, raw, "text/xml")
    # Both `message` and `Message` occur in AWS's JSON answers; ECS uses the lower case.
    document = {"__type": error.code, "message": error.message, **error.fields}
    if protocol == "cbor":
        return Reply(
            error.status, cbor.dumps(document), "application/cbor", {"smithy-protocol": "rpc-v2-cbor"}
        )
    kind = "application/json" if protocol == "rest-json" else "application/x-amz-json-1.1"
    return Reply(error.status, json.dumps(document).encode(), kind, {"x-amzn-errortype": error.code})

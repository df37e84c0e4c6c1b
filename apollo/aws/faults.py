"""What botocore raises, as errors of Apollo.

The exceptions are told apart by the names of their classes, so that this module needs no botocore; what
matters most is whether the request had left the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from apollo.aws.classify import classify, error, plain
from apollo.aws.operations import is_mutating
from apollo.aws.redact import redact, report_without_values, sensitive
from apollo.errors import AwsError, Category

__all__ = ["translate"]


@frozen
class _Fault:
    category: Category
    code: str
    text: str
    lasting: bool = False
    sent: bool = False
    """The request was on its way: a changing call may have been done."""


_NO_REGION: Final = "no AWS region is known"
_SSO: Final = "the sign-in to AWS has expired or is missing"

# Looked up along the class's ancestors, so a more special name wins.
_FAULTS: Final[Mapping[str, _Fault]] = {
    "NoCredentialsError": _Fault("credentials", "APO-AWS-010", "no AWS credentials were found"),
    "NoAuthTokenError": _Fault("credentials", "APO-AWS-010", "no AWS credentials were found"),
    "PartialCredentialsError": _Fault(
        "credentials", "APO-AWS-011", "the AWS credentials are incomplete: {error}"
    ),
    "CredentialRetrievalError": _Fault(
        "credentials", "APO-AWS-011", "the AWS credentials cannot be read: {error}"
    ),
    "MetadataRetrievalError": _Fault(
        "credentials", "APO-AWS-011", "the AWS credentials cannot be read: {error}"
    ),
    "ConfigParseError": _Fault("credentials", "APO-AWS-011", "{error}", lasting=True),
    "ConfigNotFound": _Fault("credentials", "APO-AWS-011", "{error}", lasting=True),
    "InvalidConfigError": _Fault("credentials", "APO-AWS-011", "{error}", lasting=True),
    "UnknownCredentialError": _Fault("credentials", "APO-AWS-011", "{error}", lasting=True),
    "RefreshWithMFAUnsupportedError": _Fault(
        "credentials", "APO-AWS-017", "the profile asks for an MFA code, which a program cannot type"
    ),
    "ProfileNotFound": _Fault("credentials", "APO-AWS-016", "{error}", lasting=True),
    "TokenRetrievalError": _Fault("credentials", "APO-AWS-017", _SSO),
    "SSOError": _Fault("credentials", "APO-AWS-017", _SSO),
    "SSOTokenLoadError": _Fault("credentials", "APO-AWS-017", _SSO),
    "UnauthorizedSSOTokenError": _Fault("credentials", "APO-AWS-017", _SSO),
    "LoginError": _Fault("credentials", "APO-AWS-017", _SSO),
    "NoRegionError": _Fault("credentials", "APO-AWS-015", _NO_REGION, lasting=True),
    "InvalidRegionError": _Fault("credentials", "APO-AWS-015", "{error}", lasting=True),
    "UnknownRegionError": _Fault("credentials", "APO-AWS-015", "{error}", lasting=True),
    "EndpointResolutionError": _Fault("credentials", "APO-AWS-015", "{error}", lasting=True),
    "EndpointProviderError": _Fault("credentials", "APO-AWS-015", "{error}", lasting=True),
    "UnknownServiceError": _Fault("invalid", "APO-AWS-035", "boto3 knows no service {service}", lasting=True),
    "UnknownEndpointError": _Fault("invalid", "APO-AWS-035", "{error}", lasting=True),
    "EndpointConnectionError": _Fault("unavailable", "APO-AWS-005", "{error}"),
    "ConnectTimeoutError": _Fault("unavailable", "APO-AWS-005", "{error}"),
    "ProxyConnectionError": _Fault("unavailable", "APO-AWS-005", "{error}"),
    "SSLError": _Fault("unavailable", "APO-AWS-006", "{error}", sent=True),
    "ReadTimeoutError": _Fault("unavailable", "APO-AWS-003", "AWS did not answer in time", sent=True),
    "ConnectionClosedError": _Fault(
        "unavailable", "APO-AWS-003", "the connection was lost before AWS answered", sent=True
    ),
    "HTTPClientError": _Fault(
        "unavailable", "APO-AWS-003", "the connection failed before AWS answered", sent=True
    ),
    "ConnectionError": _Fault("unavailable", "APO-AWS-005", "{error}"),
    "ResponseParserError": _Fault("unavailable", "APO-AWS-003", "the answer is not readable", sent=True),
    "MalformedAnswer": _Fault("unavailable", "APO-AWS-003", "the answer is not readable", sent=True),
    "ChecksumError": _Fault("unavailable", "APO-AWS-003", "the answer is damaged", sent=True),
}


def translate(
    raised: BaseException, service: str, operation: str, params: Mapping[str, Any] | None = None
) -> AwsError:
    """The Apollo error that an exception of boto3 stands for; never holds a secret."""
    if isinstance(raised, AwsError):
        return raised
    names = [cls.__name__ for cls in type(raised).__mro__]
    if "ClientError" in names:
        return _answered(raised, service, operation, params)
    if "ParamValidationError" in names:
        report = str(getattr(raised, "kwargs", {}).get("report", ""))
        text = plain(redact(report_without_values(report), *sensitive(params)))
        return error(
            f"{service}:{operation} was not sent: {text}",
            service=service,
            operation=operation,
            category="invalid",
            code="APO-AWS-034",
            lasting=True,
        )
    fault = next((_FAULTS[name] for name in names if name in _FAULTS), None)
    text = plain(redact(str(raised), *sensitive(params))).rstrip(".")
    if fault is None:
        # Nobody knows this one, so nobody knows whether the call was done; its text may hold anything.
        fault = _Fault("unavailable", "APO-AWS-003", f"boto3 raised {type(raised).__name__}", sent=True)
    category, code = fault.category, fault.code
    said = fault.text.format(error=text, service=service)
    if fault.sent and is_mutating(service, operation) and "CERTIFICATE_VERIFY_FAILED" not in str(raised):
        category, code = "lost-answer", "APO-AWS-004"
    if category in ("unavailable", "lost-answer"):
        said = f"{service}:{operation}: {said}"
    return error(
        said,
        service=service,
        operation=operation,
        category=category,
        code=code,
        lasting=fault.lasting,
        aws_code=type(raised).__name__,
    )


def _answered(
    raised: BaseException, service: str, operation: str, params: Mapping[str, Any] | None
) -> AwsError:
    response: Mapping[str, Any] = getattr(raised, "response", {})
    answer = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    asked = str(getattr(raised, "operation_name", operation))
    found = classify(
        service if asked == operation else "sts",
        asked,
        str(answer.get("Code", "")),
        str(answer.get("Message", "")),
        status=int(meta.get("HTTPStatusCode", 400)),
        request_id=str(meta.get("RequestId", "")),
        params=params if asked == operation else None,
    )
    if asked == operation or found.category in ("credentials", "throttled", "unavailable"):
        return found
    # Raised while credentials were fetched on the way to the call, which itself was not sent.
    return error(
        f"no credentials through {asked}: {found.message}",
        service=service,
        operation=operation,
        category="credentials",
        code="APO-AWS-018",
        aws_code=found.aws_code,
        request_id=found.request_id,
    )

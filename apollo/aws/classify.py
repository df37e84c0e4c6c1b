"""What an error of AWS means for Apollo: by operation, code and message, as a code alone says too little.

``InvalidParameterException`` may be a typing mistake, a role that IAM has not spread yet, or a service that
is still draining. The rules are data; the first that matches decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from apollo.aws.codes import CODES
from apollo.aws.operations import is_mutating
from apollo.aws.redact import redact, sensitive
from apollo.errors import AccessDenied, AwsError, AwsTerminal, AwsTransient, Category

__all__ = ["classify", "error", "plain"]

_LONGEST: Final = 2000


@frozen
class _Rule:
    """:ivar lasting: trying again cannot help until somebody changes something.
    :ivar codes: AWS's error codes, empty for any. :ivar said: must be found in the message."""

    category: Category
    code: str
    codes: tuple[str, ...] = ()
    said: str = ""
    services: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    lasting: bool = False

    def matches(self, service: str, operation: str, code: str, message: str) -> bool:
        return (
            (not self.codes or code in self.codes)
            and (not self.services or service in self.services)
            and (not self.operations or operation in self.operations)
            and (not self.said or re.search(self.said, message, re.IGNORECASE) is not None)
        )


_ECS, _ELB, _SCALING = ("ecs",), ("elbv2",), ("application-autoscaling",)
_PARAMETER = ("InvalidParameterException", "ClientException", "InvalidParameter")

_THROTTLING = (
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "ThrottlingError",
    "TooManyRequestsException",
)
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "NotAuthorized",
    "UnauthorizedOperation",
)
_SERVER = (
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "InternalServiceException",
    "ServerException",
)

# Sources: the ECS, ELBv2 and Application Auto Scaling API references, and the messages that the Terraform
# provider retries (internal/service/ecs/service.go, internal/service/appautoscaling/target.go).
_RULES: Final[tuple[_Rule, ...]] = (
    # Rate. Some services put it under a code that otherwise means a quota.
    _Rule("throttled", "APO-AWS-002", _THROTTLING),
    _Rule("throttled", "APO-AWS-002", said=r"^rate exceeded|request rate (?:is )?exceeded"),
    # Application Auto Scaling asks CloudWatch for a policy's alarms, and was itself refused for its rate.
    _Rule("throttled", "APO-AWS-002", ("FailedResourceAccessException",), r"rate exceeded", _SCALING),
    # Credentials.
    _Rule(
        "credentials",
        "APO-AWS-012",
        ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
    ),
    _Rule(
        "credentials",
        "APO-AWS-013",
        (
            "AuthFailure",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "OptInRequired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
    ),
    _Rule("credentials", "APO-AWS-018", _DENIED, services=("sts",), operations=("AssumeRole",)),
    # Permissions.
    _Rule("access-denied", "APO-AWS-022", _DENIED, said=r"explicit deny", lasting=True),
    _Rule("access-denied", "APO-AWS-021", _DENIED, said=r"iam:PassRole", lasting=True),
    _Rule("access-denied", "APO-AWS-020", _DENIED, lasting=True),
    _Rule("access-denied", "APO-AWS-020", said=r"is not authorized to perform:? ", lasting=True),
    # Not ready yet: IAM spreads slowly, load balancers are attached by a neighbour of the same commit.
    _Rule("not-ready", "APO-AWS-032", said=r"unable to assume the service linked role"),
    _Rule("not-ready", "APO-AWS-032", said=r"verify that the ECS service role being passed has the proper"),
    _Rule("not-ready", "APO-AWS-032", said=r"does not have an associated load ?balancer", services=_ECS),
    _Rule("not-ready", "APO-AWS-032", _PARAMETER, r"still draining", _ECS),
    _Rule("not-ready", "APO-AWS-032", _PARAMETER, r"cannot be stopped while deployments are active", _ECS),
    _Rule("not-ready", "APO-AWS-032", _PARAMETER, r"has a dependent object", _ECS),
    _Rule("not-ready", "APO-AWS-032", _PARAMETER, r"^role is not valid", _ECS, ("RegisterTaskDefinition",)),
    _Rule("not-ready", "APO-AWS-032", _PARAMETER, r"unable to assume (?:the )?role", _ECS),
    _Rule("not-ready", "APO-AWS-032", ("UpdateInProgressException",), services=_ECS),
    _Rule("not-ready", "APO-AWS-032", said=r"ECS service doesn'?t exist", services=_SCALING),
    _Rule("not-ready", "APO-AWS-032", said=r"unable to assume IAM role", services=_SCALING),
    _Rule("not-ready", "APO-AWS-032", ("FailedResourceAccessException",), services=_SCALING),
    # Conflicts.
    _Rule("conflict", "APO-AWS-031", said=r"creation of service was not idempotent", services=_ECS),
    _Rule("conflict", "APO-AWS-031", said=r"too many concurrent attempts to create a new revision"),
    _Rule(
        "conflict",
        "APO-AWS-031",
        (
            "ConcurrentModificationException",
            "ConcurrentUpdateException",
            "ConflictException",
            "DuplicateListener",
            "DuplicateTargetGroupName",
            "IdempotentParameterMismatch",
            "IdempotentParameterMismatchException",
            "OperationInProgress",
            "PriorityInUse",
            "ResourceInUse",
            "ResourceInUseException",
            "TransactionInProgressException",
        ),
    ),
    # Quotas.
    _Rule(
        "limit",
        "APO-AWS-033",
        (
            "LimitExceeded",
            "LimitExceededException",
            "QuotaExceededException",
            "ResourceLimitExceeded",
            "ServiceQuotaExceededException",
            "TargetGroupAssociationLimit",
        ),
        lasting=True,
    ),
    # Absent. AWS may have it a minute later without a commit, so these are tried again.
    _Rule("not-found", "APO-AWS-030", ("ServiceNotActiveException",), services=_ECS),
    _Rule(
        "not-found",
        "APO-AWS-030",
        _PARAMETER,
        r"unable to describe task definition|task ?definition (?:not found|is inactive|does not exist)"
        r"|specified task definition (?:does not exist|is inactive)",
        _ECS,
    ),
    # Servers.
    _Rule("unavailable", "APO-AWS-003", ("ServiceUnavailable", "ServiceUnavailableException", "Unavailable")),
    _Rule("unavailable", "APO-AWS-003", ("RequestTimeTooSkewed",)),
)

_NUMBERED = re.compile(r"TooMany[A-Z]\w*|\w+LimitExceeded\w*|\w+QuotaExceeded\w*")
_ABSENT = re.compile(r"[\w.]*(?:NotFound|NoSuch\w*|DoesNotExist|NonExistent\w*)(?:Exception|Fault)?")
_WHAT = re.compile(
    r"(?:(?P<principal>arn:[\w-]+:(?:sts|iam)::\S+?)\s+)?"
    r"is not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on resource:? [\"']?(?P<resource>[^\s\"',]+))?"
)


def classify(
    service: str,
    operation: str,
    aws_code: str,
    message: str,
    *,
    status: int = 400,
    request_id: str = "",
    params: Mapping[str, Any] | None = None,
) -> AwsError:
    """The error that an answer of AWS stands for.

    A server error on a changing call means ``lost-answer``: it may have been done all the same.

    :param service: boto3's name. :param operation: AWS's name. :param aws_code: e.g. ``ClientException``.
    :param status: the HTTP status. :param params: of the call; values in them that may be secret are masked
        where the message quotes them.
    """
    text = plain(redact(message, *sensitive(params))) or "no message"
    aws_code = plain(aws_code)
    for rule in _RULES:
        if rule.matches(service, operation, aws_code, message):
            category, code, lasting = rule.category, rule.code, rule.lasting
            break
    else:
        category, code, lasting = _otherwise(service, operation, aws_code, status)
    hint = CODES[code].remedy
    if category == "access-denied":
        text, hint = _denied(service, operation, text, hint)
    elif category == "credentials":
        text = f"{CODES[code].meaning.rstrip('.')} ({aws_code} from {service}:{operation})"
        if code == "APO-AWS-018" and params and params.get("RoleArn"):
            text = f"the role {params['RoleArn']} cannot be assumed: AWS denies sts:AssumeRole"
    else:
        text = f"{service}:{operation} failed: {text} ({aws_code or f'HTTP {status}'})"
    return error(
        text,
        service=service,
        operation=operation,
        category=category,
        code=code,
        lasting=lasting,
        aws_code=aws_code,
        request_id=request_id,
        hint=hint,
    )


def plain(text: str) -> str:
    """One printable line of bounded length: what AWS, or who answers for it, sends may hold anything."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text[:_LONGEST]).split())
    return line if len(text) <= _LONGEST else f"{line} …"


def error(
    text: str,
    *,
    service: str,
    operation: str,
    category: Category,
    code: str,
    lasting: bool = False,
    aws_code: str = "",
    request_id: str = "",
    hint: str | None = None,
) -> AwsError:
    """An error of this room. ``hint`` defaults to the remedy of ``code``."""
    kind: type[AwsError] = AwsTerminal if lasting else AwsTransient
    if category == "access-denied":
        kind = AccessDenied
    return kind(
        text,
        service=service,
        operation=operation,
        category=category,
        aws_code=aws_code,
        request_id=request_id,
        code=code,
        hint=CODES[code].remedy if hint is None else hint,
    )


def _otherwise(service: str, operation: str, aws_code: str, status: int) -> tuple[Category, str, bool]:
    """No rule knows it: what its form tells."""
    if status == 429:
        return "throttled", "APO-AWS-002", False
    if status == 503:
        return "unavailable", "APO-AWS-003", False
    if status >= 500 or aws_code in _SERVER:
        if is_mutating(service, operation):
            return "lost-answer", "APO-AWS-004", False
        return "unavailable", "APO-AWS-003", False
    if aws_code.isdigit() or not aws_code or aws_code == "Unknown":
        # Every error of AWS has a code; this came from something in between.
        return "unavailable", "APO-AWS-003", False
    if _NUMBERED.fullmatch(aws_code):
        return "limit", "APO-AWS-033", True
    if _ABSENT.fullmatch(aws_code):
        return "not-found", "APO-AWS-030", False
    return "invalid", "APO-AWS-001", True


def _denied(service: str, operation: str, text: str, hint: str) -> tuple[str, str]:
    """Names the missing action, the resource and the role, wherever AWS put them."""
    found = _WHAT.search(text)
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    action = parts.get("action") or f"{service}:{operation}"
    who = _role(parts.get("principal")) or "the credentials in use"
    resource = (parts.get("resource") or "").rstrip(".")
    where = f" on {resource}" if resource and resource != "*" else ""
    return f"{who} may not {action}{where} (asked by {service}:{operation})", hint


def _role(principal: str | None) -> str:
    """The role behind an assumed-role session, since that is what has to be changed."""
    if principal is None:
        return ""
    assumed = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", principal)
    if assumed:
        return f"role {assumed[3]} of account {assumed[2]}"
    return principal

"""What AWS's errors mean: by operation, code and message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.aws import CODES, classify
from apollo.aws.faults import translate
from apollo.errors import AccessDenied, AwsTerminal, AwsTransient, Terminal, Transient

SHORT = {"scaling": "application-autoscaling", "PARAMETER": "InvalidParameterException", "-": ""}
# asked | AWS's code | HTTP status | AWS's message | what it is | whether trying again may help
TABLE = """
    ecs:DescribeServices | ThrottlingException | 400 | Rate exceeded | throttled | passes
    elbv2:DescribeRules | Throttling | 400 | Rate exceeded | throttled | passes
    ecs:CreateService | ClientException | 400 | Rate exceeded | throttled | passes
    ecs:UpdateService | ThrottlingException | 400 | Rate exceeded | throttled | passes
    sqs:GetQueueUrl | Strange | 429 | slow | throttled | passes
    ecs:DescribeServices | ServerException | 500 | oops | unavailable | passes
    ecs:UpdateService | ServerException | 500 | oops | lost-answer | passes
    elbv2:CreateRule | InternalFailure | 500 | oops | lost-answer | passes
    ecs:UpdateService | - | 502 | Bad gateway | lost-answer | passes
    ecs:UpdateService | ServiceUnavailable | 503 | - | unavailable | passes
    ecs:DescribeServices | 403 | 403 | <html>blocked</html> | unavailable | passes
    ecs:DescribeServices | ExpiredTokenException | 400 | expired | credentials | passes
    ecs:DescribeServices | UnrecognizedClientException | 400 | invalid | credentials | passes
    ecs:DescribeServices | InvalidSignatureException | 400 | canonical… | credentials | passes
    elbv2:DescribeRules | InvalidClientTokenId | 403 | invalid | credentials | passes
    sts:AssumeRole | AccessDenied | 403 | not authorized | credentials | passes
    ecs:UpdateService | ServiceNotFoundException | 400 | Service not found. | not-found | passes
    ecs:UpdateService | ServiceNotActiveException | 400 | Service was not ACTIVE. | not-found | passes
    ecs:DescribeServices | ClusterNotFoundException | 400 | Cluster not found. | not-found | passes
    ecs:DescribeTaskDefinition | ClientException | 400 | Unable to describe task definition. | not-found | passes
    ecs:UpdateService | ClientException | 400 | TaskDefinition not found. | not-found | passes
    ecs:UpdateService | ClientException | 400 | TaskDefinition is inactive | not-found | passes
    elbv2:ModifyRule | RuleNotFound | 400 | One or more rules were not found | not-found | passes
    scaling:PutScalingPolicy | ObjectNotFoundException | 400 | No scalable target | not-found | passes
    sqs:GetQueueUrl | QueueDoesNotExist | 400 | no such queue | not-found | passes
    sqs:GetQueueUrl | AWS.SimpleQueueService.NonExistentQueue | 400 | no such queue | not-found | passes
    ecs:CreateService | PARAMETER | 400 | Invalid launch type. | invalid | lasts
    ecs:CreateService | PARAMETER | 400 | Creation of service was not idempotent. | conflict | passes
    ecs:CreateService | PARAMETER | 400 | Unable to Start a service that is still Draining. | not-ready | passes
    ecs:CreateService | PARAMETER | 400 | Unable to assume the service linked role. Please verify … | not-ready | passes
    ecs:CreateService | PARAMETER | 400 | Please verify that the ECS service role being passed has the proper permissions. | not-ready | passes
    ecs:UpdateService | PARAMETER | 400 | The target group with targetGroupArn arn:… does not have an associated load balancer. | not-ready | passes
    ecs:DeleteService | PARAMETER | 400 | The service cannot be stopped while deployments are active. | not-ready | passes
    ecs:RegisterTaskDefinition | ClientException | 400 | Role is not valid | not-ready | passes
    ecs:RegisterTaskDefinition | ClientException | 400 | No Fargate configuration exists | invalid | lasts
    ecs:RegisterTaskDefinition | ClientException | 400 | Too many concurrent attempts to create a new revision of … | conflict | passes
    scaling:RegisterScalableTarget | ValidationException | 400 | ECS service doesn't exist: service/green/web | not-ready | passes
    scaling:RegisterScalableTarget | ValidationException | 400 | Unable to assume IAM role: arn:aws:iam::1:role/x | not-ready | passes
    scaling:RegisterScalableTarget | ValidationException | 400 | Maximum capacity must be greater than minimum | invalid | lasts
    scaling:PutScalingPolicy | ConcurrentUpdateException | 400 | busy | conflict | passes
    scaling:DescribeScalingPolicies | FailedResourceAccessException | 400 | Unable to retrieve alarms for scaling policy arn:… due to reason: Rate exceeded (Service: AmazonCloudWatch; Status Code: 400; Error Code: Throttling) | throttled | passes
    scaling:PutScalingPolicy | FailedResourceAccessException | 400 | Unable to create alarms for scaling policy cpu due to reason: Rate exceeded (Service: AmazonCloudWatch; Error Code: Throttling) | throttled | passes
    scaling:PutScalingPolicy | FailedResourceAccessException | 400 | Unable to create alarms for scaling policy cpu | not-ready | passes
    ecs:UpdateService | ConflictException | 400 | … | conflict | passes
    elbv2:CreateRule | PriorityInUse | 400 | Priority '10' is in use | conflict | passes
    elbv2:CreateRule | TooManyRules | 400 | … | limit | lasts
    ecs:CreateService | LimitExceededException | 400 | too many services | limit | lasts
    ecs:CreateService | LimitExceededException | 400 | Rate exceeded | throttled | passes
"""  # noqa: E501


def cases() -> list[list[str]]:
    found = []
    for line in TABLE.strip().splitlines():
        asked, *rest = [SHORT.get(cell.strip(), cell.strip()) for cell in line.split(" | ")]
        service, operation = asked.split(":")
        found.append([SHORT.get(service, service), operation, *rest])
    return found


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "message", "category", "lasting"), cases()
)
def test_each_error_has_its_class(
    service: str, operation: str, code: str, status: str, message: str, category: str, lasting: str
) -> None:
    found = classify(service, operation, code, message, status=int(status), request_id="r-1")
    kind = {"passes": AwsTransient, "lasts": AwsTerminal}[lasting]
    assert (found.category, type(found)) == (category, kind)
    assert (found.service, found.operation, found.aws_code) == (service, operation, code)
    assert found.request_id == "r-1"
    assert found.hint == CODES[found.code].remedy


DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/deploy/apollo-acme-stage is not authorized to perform: "
    "{action} on resource: {resource} {why}"
)


@pytest.mark.parametrize(
    ("action", "resource", "why", "code", "expected"),
    [
        (
            "ecs:UpdateService",
            "arn:aws:ecs:eu-west-1:123456789012:service/green/web",
            "because no identity-based policy allows the ecs:UpdateService action",
            "APO-AWS-020",
            "role deploy of account 123456789012 may not ecs:UpdateService on arn:aws:ecs:eu-west-1:",
        ),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/task",
            "because no identity-based policy allows the iam:PassRole action",
            "APO-AWS-021",
            "may not iam:PassRole on arn:aws:iam::123456789012:role/task (asked by ecs:UpdateService)",
        ),
        (
            "ecs:UpdateService",
            "*",
            "with an explicit deny in a service control policy",
            "APO-AWS-022",
            "may not ecs:UpdateService (asked",
        ),
    ],
)
def test_a_missing_permission_names_action_resource_and_role(
    action: str, resource: str, why: str, code: str, expected: str
) -> None:
    message = DENIED.format(action=action, resource=resource, why=why)
    for aws_code in ("AccessDeniedException", "AccessDenied"):
        found = classify("ecs", "UpdateService", aws_code, message)
        assert isinstance(found, AccessDenied)
        assert found.category == "access-denied"
        assert found.code == code
        assert expected in str(found)
        assert "apollo iam-policy" in found.hint


def test_a_denial_without_words_still_names_the_operation() -> None:
    found = classify("ecs", "UpdateService", "AccessDeniedException", "")
    assert "ecs:UpdateService" in str(found)
    assert isinstance(found, AccessDenied)


def test_what_aws_quotes_of_secret_parameters_is_masked() -> None:
    params = {
        "containerDefinitions": [
            {
                "environment": [{"name": "PASSWORD", "value": "hunter2!"}],
                "logConfiguration": {"options": {"splunk-token": "s3cr3t-splunk"}},
            }
        ],
        "actions": [{"authenticateOidcConfig": {"clientSecret": "oidc-s3cret"}}],
        "family": "web-service",
        "clientToken": "not-secret",
    }
    quoted = "PASSWORD=hunter2! s3cr3t-splunk oidc-s3cret web-service not-secret"
    found = classify("ecs", "RegisterTaskDefinition", "ClientException", quoted, params=params)
    for secret in ("hunter2", "s3cr3t", "oidc"):
        assert secret not in str(found)
    assert "web-service not-secret" in str(found)


@pytest.mark.parametrize("operation", ["DescribeServices", "UpdateService"])
@given(
    code=st.text(max_size=30),
    message=st.one_of(st.text(max_size=200), st.just("a" * 10_000)),
    status=st.integers(100, 599),
    service=st.sampled_from(["ecs", "elbv2", "application-autoscaling", "sts", "acme"]),
)
def test_whatever_aws_says_becomes_one_clear_error(
    operation: str, code: str, message: str, status: int, service: str
) -> None:
    found = classify(service, operation, code, message, status=status)
    assert isinstance(found, Transient) != isinstance(found, Terminal)
    assert str(found).isprintable()
    assert len(str(found)) < 3000
    assert found.code in CODES
    assert found.hint
    assert found.category != "lost-answer" or operation == "UpdateService"


def raised(name: str, **kwargs: Any) -> Exception:
    import botocore.exceptions

    error: Exception = getattr(botocore.exceptions, name)(**kwargs)
    return error


@pytest.mark.parametrize(
    ("name", "kwargs", "read", "write", "code"),
    [
        ("NoCredentialsError", {}, "credentials", "credentials", "APO-AWS-010"),
        (
            "PartialCredentialsError",
            {"provider": "env", "cred_var": "x"},
            "credentials",
            "credentials",
            "APO-AWS-011",
        ),
        (
            "CredentialRetrievalError",
            {"provider": "p", "error_msg": "m"},
            "credentials",
            "credentials",
            "APO-AWS-011",
        ),
        ("NoRegionError", {}, "credentials", "credentials", "APO-AWS-015"),
        ("ProfileNotFound", {"profile": "x"}, "credentials", "credentials", "APO-AWS-016"),
        (
            "TokenRetrievalError",
            {"provider": "sso", "error_msg": "m"},
            "credentials",
            "credentials",
            "APO-AWS-017",
        ),
        ("SSOTokenLoadError", {"error_msg": "m"}, "credentials", "credentials", "APO-AWS-017"),
        ("UnauthorizedSSOTokenError", {}, "credentials", "credentials", "APO-AWS-017"),
        ("EndpointConnectionError", {"endpoint_url": "u"}, "unavailable", "unavailable", "APO-AWS-005"),
        ("ConnectTimeoutError", {"endpoint_url": "u"}, "unavailable", "unavailable", "APO-AWS-005"),
        (
            "ProxyConnectionError",
            {"proxy_url": "http://u:pw@p"},
            "unavailable",
            "unavailable",
            "APO-AWS-005",
        ),
        ("ReadTimeoutError", {"endpoint_url": "u"}, "unavailable", "lost-answer", None),
        ("ConnectionClosedError", {"endpoint_url": "u"}, "unavailable", "lost-answer", None),
        ("HTTPClientError", {"error": "x"}, "unavailable", "lost-answer", None),
        (
            "SSLError",
            {"endpoint_url": "u", "error": "CERTIFICATE_VERIFY_FAILED"},
            "unavailable",
            "unavailable",
            "APO-AWS-006",
        ),
        ("SSLError", {"endpoint_url": "u", "error": "EOF"}, "unavailable", "lost-answer", None),
    ],
)
def test_what_botocore_raises_has_its_class(
    name: str, kwargs: Any, read: str, write: str, code: str | None
) -> None:
    for operation, category in (("DescribeServices", read), ("UpdateService", write)):
        found = translate(raised(name, **kwargs), "ecs", operation)
        assert found.category == category
        assert code is None or found.code == code
        assert "u:pw" not in str(found)


def test_an_unknown_exception_in_a_write_may_have_been_done_and_its_text_stays_inside() -> None:
    found = translate(RuntimeError("hunter2"), "ecs", "UpdateService")
    assert found.category == "lost-answer"
    assert "hunter2" not in str(found)
    assert "RuntimeError" in str(found)


def test_credentials_that_fail_on_the_way_say_so_and_the_write_was_not_sent() -> None:
    import botocore.exceptions

    answer = {"Error": {"Code": "ValidationError", "Message": "bad role"}}
    error = botocore.exceptions.ClientError(answer, "AssumeRole")  # type: ignore[arg-type]
    found = translate(error, "ecs", "UpdateService")
    assert (found.category, found.code, found.operation) == ("credentials", "APO-AWS-018", "UpdateService")
    assert "AssumeRole" in str(found)


def test_every_code_has_a_meaning_and_a_remedy() -> None:
    for code, explanation in CODES.items():
        assert code.startswith("APO-AWS-")
        assert explanation.meaning.endswith(".")
        assert explanation.remedy.endswith(".")

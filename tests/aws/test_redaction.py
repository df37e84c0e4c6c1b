"""No secret leaves the room in a message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.aws import redact
from apollo.aws.redact import MASK, report_without_values, sensitive

KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key AKIAIOSFODNN7EXAMPLE is bad", "AKIAIOSFODNN7EXAMPLE"),
        ("key ASIAIOSFODNN7EXAMPLE is bad", "ASIAIOSFODNN7EXAMPLE"),
        (f"aws_secret_access_key = {KEY}", KEY),
        (f'"SecretAccessKey": "{KEY}"', KEY),
        (f"I was given {KEY} by somebody", KEY),
        ("x-amz-security-token:IQoJb3JpZ2luX2VjEJr%2F end", "IQoJb3JpZ2luX2VjEJr"),
        ("token IQoJ" + "b3JpZ2luX2Vj" * 8, "b3JpZ2luX2Vj"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=abc/20260101/eu-west-1/ecs, Signature=deadbeef",
            "deadbeef",
        ),
        ("'Authorization': 'Bearer abcdef'", "abcdef"),
        ("https://ecs.amazonaws.com/?X-Amz-Signature=0123456789abcdef&x=1", "0123456789abcdef"),
        ("fetch https://user:hunter2@git.example.com/x.git failed", "hunter2"),
        ("proxy http://hunter2@proxy:3128", "hunter2"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijkl"),
        ("password=hunter2, next", "hunter2"),
        ("client_secret: 'hunter 2'", "hunter 2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----", "hunter2"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sigsigsig", "eyJzdWIi"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    found = redact(text)
    assert secret not in found
    assert MASK in found


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:ecs:eu-west-1:123456789012:service/green/web",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/6d0ecf831eec9f09",
        "RequestId: 7d2c9c4e-3f0c-4f43-b0c8-6f2b8a3f9c11",
        "image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "Could not connect to the endpoint URL: https://sts.eu-west-1.amazonaws.com/",
        "arn:aws:sts::123456789012:assumed-role/deploy/a is not authorized to perform: ecs:UpdateService",
        "The Systems Manager parameter name specified for secret DB_PASSWORD is invalid",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.text(min_size=4), st.text())
def test_known_secrets_never_stay(before: str, secret: str, after: str) -> None:
    assert secret in MASK or secret not in redact(before + secret + after, secret).replace(MASK, "\0")


@given(st.text())
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_the_values_that_may_be_secret_are_found_wherever_they_stand() -> None:
    params = {
        "family": "web",
        "clientToken": "a" * 32,
        "containerDefinitions": [
            {
                "name": "app",
                "environment": [
                    {"name": "A", "value": "one"},
                    {"name": "B"},
                    {"name": "R", "value": "eu-west-1"},
                ],
                "secrets": [{"name": "C", "valueFrom": "arn:aws:ssm:::parameter/x"}],
                "repositoryCredentials": {"credentialsParameter": "arn:aws:secretsmanager:::x"},
                "logConfiguration": {
                    "logDriver": "splunk",
                    "options": {"splunk-token": "two", "awslogs-group": "g"},
                },
            }
        ],
        "overrides": {"containerOverrides": [{"environment": [{"name": "D", "value": "three"}]}]},
        "clientSecret": "four",
    }
    assert set(sensitive(params)) == {"one", "two", "three", "four"}
    assert list(sensitive(None)) == []


def test_values_in_a_json_text_among_the_parameters_are_sensitive_too() -> None:
    overrides = {"containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": 'on"e two'}]}]}
    params = {"Name": "nightly", "Target": {"Arn": "arn:aws:ecs:x", "Input": json.dumps(overrides)}}
    assert set(sensitive(params)) == {'on"e two', 'on\\"e two'}
    refused = f"Invalid input {params['Target']['Input']}"  # type: ignore[index]
    assert "e two" not in redact(refused, *sensitive(params))
    assert list(sensitive({"Input": "{not JSON", "Other": "[" * 100_000})) == []


@given(st.text())
def test_a_report_never_repeats_a_value(value: str) -> None:
    from botocore.validate import ValidationErrors

    errors = ValidationErrors()
    secret = f"hunter2{value}hunter2"
    errors.report(".a.b", "invalid type", param=secret, valid_types=["<class 'int'>"])
    errors.report(".a.c", "invalid length", param=0, min_allowed=1)
    errors.report(".a", "missing required field", required_name="d", user_params={})
    report = report_without_values(errors.generate_report())
    assert "hunter2" not in report
    assert report.startswith("Invalid type for parameter a.b, valid types: int")
    assert 'Missing required parameter in a: "d"' in report

"""No difference that is shown holds a secret."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Change, marker
from apollo.compare import SENSITIVE, UNKNOWN, redact, redacted, secrets_in

A = "/containerDefinitions/app/"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (A + "environment/PASSWORD/value", "hunter2"),
        (A + "environment/LOG_LEVEL/value", "hunter2"),
        (A + "environment/X", {"name": "X", "value": "hunter2"}),
        (A + "environment", [{"name": "X", "value": "hunter2"}]),
        ("/containerDefinitions/app", {"name": "app", "environment": [{"name": "X", "value": "hunter2"}]}),
        ("/containerDefinitions", [{"name": "app", "environment": [{"name": "X", "value": "hunter2"}]}]),
        (A + "logConfiguration/options/splunk-token", "hunter2"),
        (A + "logConfiguration", {"logDriver": "splunk", "options": {"splunk-url": "hunter2"}}),
        (A + "firelensConfiguration/options/anything", "hunter2"),
        ("/serviceConnectConfiguration/logConfiguration/options/x", "hunter2"),
        ("/actions/0/authenticateOidcConfig/clientSecret", "hunter2"),
        ("/actions", [{"type": "authenticate-oidc", "authenticateOidcConfig": {"clientSecret": "hunter2"}}]),
        ("", {"Actions": [{"AuthenticateOidcConfig": {"ClientSecret": "hunter2"}}]}),
        (A + "dockerLabels/com.example.api-key", "hunter2"),
        (A + "dockerLabels", {"db_password": "hunter2"}),
        ("/masterUserPassword", "hunter2"),
        ("/config/DB_PASSWORD", "hunter2"),
        ("/auth", {"apiKey": "hunter2", "user": "u"}),
        ("/secretString", "hunter2"),
        ("/tags", [{"key": "deploy-token", "value": "hunter2"}]),
        ("", {"tags": [{"key": "deploy-token", "value": "hunter2"}]}),
        ("/volumes/v/dockerVolumeConfiguration/driverOpts/o", "addr=10.0.0.1,username=u,password=hunter2"),
        (A + "command", ["serve", "--db-password", "hunter2"]),
        (A + "command", ["sh", "-c", "TOKEN=hunter2 serve --secret-key=hunter2"]),
        (A + "entryPoint", ["postgres://user:hunter2@db:5432/x"]),
        (A + "healthCheck/command", ["CMD-SHELL", "curl -H 'x-api-key: hunter2' localhost"]),
    ],
)
def test_what_may_be_secret_is_masked(path: str, value: Any) -> None:
    shown = redacted(Change(path, value, value))
    assert "hunter2" not in repr(shown)
    assert SENSITIVE in repr(shown)
    assert "hunter2" not in repr(redact(value, path))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (A + "image", "web:1.4.2"),
        (A + "cpu", 256),
        (A + "secrets/DB_PASSWORD/valueFrom", "arn:aws:ssm:eu-west-1:123456789012:parameter/db"),
        (A + "secrets", [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}]),
        (A + "logConfiguration/secretOptions/splunk-token/valueFrom", "arn:x"),
        (A + "repositoryCredentials/credentialsParameter", "arn:x"),
        (A + "dockerLabels/author", "green"),
        (A + "command", ["serve", "--port", "8080", "--verbose"]),
        ("/tags", [{"key": "team", "value": "green"}]),
        ("/actions/0/authenticateOidcConfig/tokenEndpoint", "https://id.example.com/token"),
        ("/actions/0/authenticateOidcConfig/useExistingClientSecret", True),
        ("/masterUserSecret", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
        ("/clientToken", "web-1"),
        ("/passwordLength", 16),
        ("/loadBalancers", []),
        ("/desiredCount", None),
    ],
)
def test_the_rest_is_shown_as_it_is(path: str, value: Any) -> None:
    assert redacted(Change(path, value, None)) == Change(path, value, None)


def test_the_name_of_a_masked_variable_is_shown_and_that_it_comes_or_goes() -> None:
    added = redacted(Change(A + "environment/X", None, {"name": "X", "value": "hunter2"}))
    assert added == Change(A + "environment/X", None, {"name": "X", "value": SENSITIVE})


def test_what_is_not_known_yet_is_said_so() -> None:
    image = f"{marker('Repository', 'web', 'uri')}:1"
    assert redacted(Change(A + "image", "web:1", image)).after == UNKNOWN
    assert redact({"loadBalancers": [{"targetGroupArn": marker("TargetGroup", "w", "arn")}]}) == {
        "loadBalancers": [{"targetGroupArn": UNKNOWN}]
    }


def test_a_reference_to_a_secret_is_shown_whole() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-AbCdEf:KEY::"
    assert redact({"secrets": [{"name": "API_KEY", "valueFrom": arn}]}) == {
        "secrets": [{"name": "API_KEY", "valueFrom": arn}]
    }
    assert redact(f"API_TOKEN={arn}") == f"API_TOKEN={arn}"


def test_the_secrets_themselves_are_found() -> None:
    spec = {
        "environment": [{"name": "A", "value": "one"}],
        "command": ["serve", "--api-token", "two", "--db-password=three", "https://u:four@h/"],
        "entryPoint": ["sh", "-c", "export SECRET_KEY=five; exec"],
        "dockerLabels": {"db-password": "six", "team": "green"},
        "logConfiguration": {"options": {"splunk-token": "seven", "awslogs-group": "g"}},
        "AuthenticateOidcConfig": {"ClientSecret": "eight"},
        "Tags": [{"Key": "api-token", "Value": "nine"}],
        "image": "repo/web:1",
        "secrets": [{"name": "B", "valueFrom": "arn:aws:secretsmanager:eu-west-1:1:secret:b"}],
    }
    found = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
    assert set(secrets_in(spec)) == found

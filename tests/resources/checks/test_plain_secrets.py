"""A secret in plain sight is seen; what only sounds like one is left alone."""

from __future__ import annotations

import pytest

from apollo.resources.checks.plain_secrets import why

# Put together here, so that nothing that scans this repository takes them for real.
TOKENS = [
    "AKIA" + "QYZK7ABCDEF2WXYZ",
    "ghp_" + "a1B2" * 9,
    "glpat-" + "x1Y2z3A4b5C6d7E8f9G0",
    "xoxb-" + "123456789012-abcdefghijkl",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N",
    "postgres://app:" + "pa55word@db.internal/app",
    "redis://:" + "hunter22@cache:6379",
]


@pytest.mark.parametrize("value", TOKENS)
def test_a_token_is_known_by_its_form(value: str) -> None:
    assert why("ANYTHING", value)


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "apiKey", "stripe.secret-key", "CLIENT_SECRET", "AUTH_TOKEN"]
)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert why(name, "xK9qqZ2vv81w")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOMEPAGE", "https://example.com/a?b=c"),
        ("DATABASE_URL", "postgres://app@db.internal/app"),
        ("DATABASE_URL", "postgres://app:${DB_PASSWORD}@db.internal/app"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
        ("DB_PASSWORD", "{{ ssm `/db/password` }}"),
        ("DB_PASSWORD", "<DB_PASSWORD>"),
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", "********"),
        ("DB_PASSWORD", "DB_PASSWORD_PROD"),
        ("DB_SECRET", "prod/db/password"),
        ("PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("TOKEN_TTL", "3600000"),
        ("ENABLE_TOKEN", "disabled"),
        ("USE_SECRET", "true"),
        ("TOKEN_URL", "https://login.example.com/oauth2/token"),
        ("PASSWORDLESS", "everywhere-and-always"),
        ("MONKEY", "xK9qqZ2vv81w"),
        ("PUBLIC_KEY_ID", "xK9qqZ2vv81w"),
        ("PWD", "/srv/app"),
        ("FEATURE_FLAGS", "checkout-v2,dark-mode"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7" + "EXAMPLE"),
        ("LIBRARY", "sk-learn"),
        ("BUILD", "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"),
    ],
)
def test_what_only_sounds_like_one_is_left_alone(name: str, value: str) -> None:
    assert why(name, value) == ""

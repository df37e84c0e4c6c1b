"""Secrets that stand in plain sight in environment values: a warning, by the value's form or by its name.

Rather silent than wrong: a reference, a switch, a path, a URL without a password are none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import items, text, warning

__all__ = ["problems", "why"]

_TOKENS = {
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a webhook of Slack": r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
    "a key of Stripe": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a key of Google": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a key of SendGrid": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "a key of OpenAI or Anthropic": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a password in a URL": r"\b[a-z][a-z0-9+.-]*://[^\s:/@]*:(?!\$|\{|<|%|\*+@)[^\s/@]{3,}@[^\s/@]",
}
_HINTS = (
    "AKIA",
    "ASIA",
    "-----BEGIN",
    "gh",
    "github_pat_",
    "glpat-",
    "xox",
    "slack",
    "k_",
    "AIza",
    "SG.",
    "sk-",
    "npm_",
    "pypi-",
    "eyJ",
    "://",
)
_NAMES = (
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESSKEY",
    "ACCESS_KEY",
    "SECRETKEY",
    "SECRET_KEY",
    "PRIVATEKEY",
    "PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "CREDENTIAL",
    "CREDENTIALS",
)
_REFERENCES = ("arn:", "/", "~", ".", "$", "%", "<", "{", "vault:", "ssm:", "secretsmanager:", "file:")
_HARMLESS = frozenset(
    [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "nil",
        "undefined",
        "empty",
        "changeme",
        "change-me",
        "replaceme",
        "replace-me",
        "example",
        "dummy",
        "test",
        "todo",
        "placeholder",
        "required",
        "optional",
        "enabled",
        "disabled",
        "default",
    ]
)


@cache
def _known() -> re.Pattern[str]:
    """Made when the first value has a trace of one: most runs find none."""
    return re.compile("|".join(f"(?P<t{n}>{one})" for n, one in enumerate(_TOKENS.values())))


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    for container, path in items(declared, "containerDefinitions"):
        for variable, where in items(container, "environment", path):
            name, value = text(variable, "name"), text(variable, "value")
            if name and value and (what := why(name, value)):
                yield warning(
                    "APO-TD-041",
                    f"{name} looks like {what}, readable for all who may see git or the task definition",
                    f"{where}/value",
                    "keep it in Secrets Manager or Parameter Store and name it under secrets",
                )


def why(name: str, value: str) -> str:
    """What a value looks like; empty when it is no secret."""
    if len(value) < 6:
        return ""
    if any(hint in value for hint in _HINTS):
        found = _known().search(value)
        # AWS's own documentation has keys that say EXAMPLE.
        if found is not None and "EXAMPLE" not in found[0]:
            return list(_TOKENS)[int(str(found.lastgroup)[1:])]
    return "a secret" if _secret_name(name) and _secret(value) else ""


def _secret_name(name: str) -> bool:
    """``DB_PASSWORD``, ``apiKey``, ``stripe.secret-key``; not ``TOKEN_TTL``, nor ``PASSWORDLESS``."""
    upper = name.upper().replace("-", "_").replace(".", "_").removesuffix("_BASE64")
    if not upper.endswith(_NAMES):
        return False
    for word in _NAMES:
        if upper.endswith(word):
            before = name[: len(upper) - len(word)]
            first = name[len(before)]
            return not before or before[-1] in "_-." or (first.isupper() and before[-1].islower())
    return False


def _secret(value: str) -> bool:
    """Whether the value of something called a secret is one, rather than a name or a switch."""
    plain = value.strip()
    lower = plain.lower()
    if lower in _HARMLESS or lower.startswith(_REFERENCES) or "://" in plain or " " in plain:
        return False
    if "/" in plain and plain == lower:  # the name of one: prod/db/password
        return False
    if any(mark in plain for mark in ("{{", "${", "$$", "<", "EXAMPLE")) or set(lower) <= set("*x-_."):
        return False
    if plain.isdigit() and len(plain) < 8:
        return False
    if plain.isupper() and "_" in plain and plain.replace("_", "").isalnum():  # the name of a variable
        return False
    return _entropy(plain) >= 2.5 or len(plain) >= 12


def _entropy(value: str) -> float:
    """Shannon's, in bits per character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())

"""What somebody, or another tool, was to fill in and did not: AWS takes the text as it stands.

The dialects: templates (``{{ must_env `X` }}``), angle brackets (``<IMAGE1_NAME>``), the shell
(``$IMAGE``, ``${TAG}``), CloudFormation (``${AWS::Region}``), ``$$$X$$$``, ``%(x)s``, plain words
(``REPLACE_ME``). Shells, log formats and HTML use some of these marks with right, so that text which a
container reads is judged less strictly than what AWS itself reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from apollo.errors import Problem
from apollo.manifest.pointers import named_pointer

__all__ = ["placeholders", "unfilled"]

_SIGNS = ("{{", "<", "$", "%(", "REPLACE", "PLACEHOLDER", "CHANGE", "{your", "ACCOUNT_ID", "XXXX", "xxxx")
_READ_BY_AWS = frozenset(
    {
        "image",
        "cpu",
        "memory",
        "family",
        "cluster",
        "serviceName",
        "service",
        "subnets",
        "securityGroups",
        "credentialsParameter",
        "fileSystemId",
        "platformVersion",
        "awslogs-group",
        "awslogs-region",
        "resourceId",
    }
)
"""Fields, beside those called …Arn and values that are ARNs."""


class _Patterns(NamedTuple):
    anywhere: re.Pattern[str]
    whole: re.Pattern[str]
    strict: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Made when the first value has a sign of one: most runs find none."""
    return _Patterns(
        re.compile(
            r"""\{\{-?\s*(?: (?:must_)?env\b | ssm\b | tfstatef?\b | secretsmanager_arn\b
                           | \.encryptedSecrets\b | \.attachment\b ).*?\}\}
              | (?<!\$)\$\$\$\$?[A-Z_][A-Z0-9_]*\$\$\$\$?
              | \$\{AWS::\w+\}
              | <[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+>
              | \{your[-_][\w-]+\}
              | \b(?:REPLACE_WITH_[A-Z0-9_]+|[A-Z0-9_]+_PLACEHOLDER)\b""",
            re.VERBOSE | re.DOTALL,
        ),
        re.compile(r"<[A-Za-z][\w .-]*> | \b(?:REPLACE|CHANGE)[_-]?ME\b", re.VERBOSE),
        re.compile(
            r"""\{\{.*?\}\} | \b(?:X{4,}|x{4,})\b
              | <[A-Za-z][\w .-]*> | \$\{[^}]*\} | \$[A-Za-z_]\w* | %\(\w+\)s
              | \b(?:AWS_)?ACCOUNT_ID\b | \b(?:REPLACE|CHANGE)[_-]?ME\b""",
            re.VERBOSE | re.DOTALL,
        ),
    )


def unfilled(value: str, field: str) -> str:
    """The placeholder that a value holds, by the name of its field; empty when there is none."""
    if not any(sign in value for sign in _SIGNS):
        return ""
    patterns = _patterns()
    found = patterns.anywhere.search(value) or patterns.whole.fullmatch(value.strip())
    if found is None and (
        field in _READ_BY_AWS or field.endswith(("Arn", "ARN")) or value.startswith("arn:")
    ):
        found = patterns.strict.search(value)
    return "" if found is None else found[0]


def placeholders(canonical: str, declared: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[Problem]:
    """Findings about every value of a spec. ``canonical``: the whole spec as text, for a quick look."""
    if not any(sign in canonical for sign in _SIGNS):
        return
    for path, field, value in _values(declared, named, "", "", ""):
        if mark := unfilled(value, field):
            shown = mark if len(mark) <= 60 else f"{mark[:59]}…"
            yield Problem(
                "APO-LOAD-044",
                f"the placeholder {shown} was never filled in; AWS would take it as it stands",
                path=path,
                hint="write the value, or ${{ var.NAME }} and the variable in apollo.yaml",
                severity="warning",
            )


def _values(
    value: Any, named: Mapping[str, str], path: str, steps: str, field: str
) -> Iterator[tuple[str, str, str]]:
    """Every text with its pointer and the name of its field."""
    if isinstance(value, str):
        yield path, field, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            label = str(name).replace("~", "~0").replace("/", "~1")
            yield from _values(item, named, f"{path}/{label}", f"{steps}/{name}", str(name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            label = named_pointer(item, index, named.get(steps, "name"))
            yield from _values(item, named, f"{path}/{label}", f"{steps}/*", field)

"""Keeping secrets out of every text that leaves this room."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from apollo.compare import secrets_in

__all__ = ["MASK", "redact", "report_without_values", "sensitive"]

MASK: Final = "[redacted]"

# A name that says that what follows is secret, then `=` or `:` or JSON punctuation, then the value.
_NAMED = re.compile(
    r"(?i)((?:aws[_-]?)?(?:secret[_-]?access[_-]?key|secret[_-]?key|session[_-]?token|security[_-]?token"
    r"|(?:x-amz-)?signature|client[_-]?secret|password|passwd|api[_-]?key|access[_-]?token|auth[_-]?token)"
    r"[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&\"'}]+)"
)
_HEADER = re.compile(r"(?i)((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"'}]+")
_BARE = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,124}\b", 0),  # access keys, and ids that name their owners
        (r"\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=_-]{40,}", 0),  # session tokens
        (r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}", 0),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", 0),  # JSON web tokens
    )
)
# The shape of a secret access key: 40 characters with digits and both cases, standing alone.
_KEY = re.compile(
    r"(?<![\w/+=.-])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])"
    r"[A-Za-z0-9/+]{40}(?![\w/+=.-])"
)
_URL_USER = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@]+@")

# Parameters of AWS calls whose values are never repeated, wherever they stand.
_SECRET_MEMBERS = re.compile(r"(?i)secret|password|token|credential|private.?key")
_SECRET_MAPS = frozenset({"options", "driverOpts", "labels", "dockerLabels"})
_SECRET_PAIRS = frozenset({"environment", "systemControls"})
# Values that protect nothing; masking them would only make messages unreadable.
_PLAIN = re.compile(r"(?i)true|false|enabled|disabled|\d{1,5}|[a-z]{2}(?:-[a-z]+){1,2}-\d|arn:.*")


def redact(text: str, *values: str) -> str:
    """``text`` without credentials: access keys, session tokens, signatures, Authorization headers, passwords
    in URLs, private keys; and without any of ``values``, which are known to be secret.

    ARNs, account ids and request ids stay: they are needed to find out what went wrong.
    """
    for value in sorted((value for value in values if len(value) >= 4), key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    text = _URL_USER.sub(rf"\1{MASK}@", text)
    for pattern in (*_BARE, _KEY):
        text = pattern.sub(MASK, text)
    return text


def sensitive(params: Any) -> Iterator[str]:
    """The values in a call's parameters that may be secret: environment variables, log options, client
    secrets, and whatever a plan masks. AWS sometimes quotes what it refuses."""
    yield from _members(params)
    yield from (text for text in secrets_in(params) if not _PLAIN.fullmatch(text))
    for document in _documents(params):
        for text in sensitive(document):
            yield text
            written = json.dumps(text)[1:-1]  # as it stands in the document's own text
            if written != text:
                yield written


def _documents(params: Any) -> Iterator[Any]:
    """The JSON texts among a call's parameters, such as the overrides in the input of a schedule."""
    if isinstance(params, str):
        if params.lstrip().startswith(("{", "[")):
            with contextlib.suppress(ValueError, RecursionError):
                yield json.loads(params)
    elif isinstance(params, Mapping):
        for value in params.values():
            yield from _documents(value)
    elif isinstance(params, Iterable) and not isinstance(params, bytes):
        for item in params:
            yield from _documents(item)


def _members(params: Any, *, inside: bool = False) -> Iterator[str]:
    if isinstance(params, str):
        if inside and not _PLAIN.fullmatch(params):
            yield params
    elif isinstance(params, Mapping):
        for name, value in params.items():
            if name in _SECRET_PAIRS and isinstance(value, list | tuple):
                for pair in value:
                    if isinstance(pair, Mapping):
                        yield from _members(pair.get("value"), inside=True)
            else:
                secret = name in _SECRET_MAPS or (
                    isinstance(value, str) and bool(_SECRET_MEMBERS.search(str(name)))
                )
                # The token that makes a create idempotent opens nothing, nor does where logs go.
                public = name == "clientToken" or str(name).startswith("awslogs-")
                yield from _members(value, inside=(inside or secret) and not public)
    elif isinstance(params, Iterable) and not isinstance(params, bytes):
        for item in params:
            yield from _members(item, inside=inside)


_FINDING = re.compile(r"^(?=(?:Invalid|Missing|Unknown|Must set|More than one)\b)", re.MULTILINE)
_VALUE = re.compile(r", value: .*, (?=valid (?:min|max|types))", re.DOTALL)
_NOT_JSON = re.compile(r"(must be json serializable): .*", re.DOTALL)


def report_without_values(report: str) -> str:
    """botocore's list of what is wrong with the parameters, without the values it repeats."""
    findings = []
    for finding in _FINDING.split(report):
        text = _NOT_JSON.sub(r"\1", _VALUE.sub(", ", finding)).strip()
        if text:
            findings.append(re.sub(r"<class '([\w.]+)'>", r"\1", text))
    return "; ".join(findings)

"""What of a difference may be shown: values that may be secret become ``(sensitive)``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import evolve

from apollo.api import Change, is_unknown
from apollo.compare.pointers import split

__all__ = ["SENSITIVE", "UNKNOWN", "redact", "redacted", "secrets_in"]

SENSITIVE: Final = "(sensitive)"
UNKNOWN: Final = "(known after apply)"

_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credential|authorization",
    re.IGNORECASE,
)
_SECRET_FIELDS = frozenset({"clientsecret"})
_SECRET_FIELD = re.compile(
    r".*(?:password|passwd|passphrase)|(?:.*[-_])?(?:secret|token)|.*credentials?"
    r"|.*(?:secret|auth|access|api|private|signing|encryption)[-_]?(?:string|value|key|token)"
)
"""Fields of other packages' kinds; AWS's own for the built-in ones do not look so."""
_SECRET_MAPS = frozenset({"options"})
"""Log and router options: tokens of log services stand there under any name."""
_FREE_NAMES = frozenset(
    {"authenticationrequestextraparams", "dockerlabels", "driveropts", "labels", "properties", "tags"}
)
"""Maps and lists whose names users choose: masked where the name looks like a secret's."""
_ASSIGNED = re.compile(
    # What follows a colon or a slash is a part of an ARN or of a path.
    r"(?<![\w:/.-])([\w.-]{0,80}(?:passw|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)[\w.-]*"
    r"[\"']?\s*[=:]\s*)(?![\"']?arn:)([^\s,;&]+)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_IN_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_FLAG = re.compile(r"--?[\w-]*(?:passw|secret|token|api-?key|access-?key|private-?key)[\w-]*", re.IGNORECASE)


def redacted(change: Change) -> Change:
    """The change as it may be shown: what may be secret is masked, what is not known yet says so."""
    path = split(change.path)
    return evolve(change, before=_shown(change.before, path), after=_shown(change.after, path))


def redact(value: Any, path: str = "") -> Any:
    """A value below ``path`` of a spec (or of a call's parameters), as it may be shown.

    Masked are values of environment variables, log options, client secrets, what stands under a name that
    looks like a secret's in labels, tags and the like, and secrets that are written into commands and URLs.
    References to secrets (``secrets``, ``secretOptions``) are not secret.
    """
    return _shown(value, split(path))


def _shown(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        name = value.get("name", value.get("key", value.get("Key")))
        inside = (*path, name) if isinstance(name, str) and path[-1:] != (name,) else path
        return {key: _shown(item, (*inside, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        shown = [_shown(item, path) for item in value]
        for index in range(1, len(shown)):
            if isinstance(value[index - 1], str) and _FLAG.fullmatch(value[index - 1]):
                shown[index] = SENSITIVE
        return shown
    if value is None or isinstance(value, bool):
        return value
    if is_unknown(value):
        return UNKNOWN
    if _sensitive(path) or _named(path, value):
        return SENSITIVE
    if isinstance(value, str):
        return _IN_URL.sub(rf"\1{SENSITIVE}@", _ASSIGNED.sub(rf"\1{SENSITIVE}", value))
    return value


def secrets_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every text below ``path`` that `redact` masks: what must not stand in any other text either."""
    if isinstance(value, Mapping):
        name = value.get("name", value.get("key", value.get("Key")))
        inside = (*path, name) if isinstance(name, str) and path[-1:] != (name,) else path
        for key, item in value.items():
            yield from secrets_in(item, (*inside, str(key)))
    elif isinstance(value, list | tuple):
        before: Any = None
        for item in value:
            if isinstance(item, str) and isinstance(before, str) and _FLAG.fullmatch(before):
                yield item
            yield from secrets_in(item, path)
            before = item
    elif isinstance(value, str) and not is_unknown(value):
        secret = _sensitive(path) or _named(path, value)
        if secret and not path[-1].startswith("awslogs-"):  # where logs go is no secret
            yield value
        yield from _PASSWORD.findall(value)
        yield from (found[1].strip("\"'{}[]()") for found in _ASSIGNED.findall(value))


def _named(path: tuple[str, ...], value: object) -> bool:
    """Whether a field's own name says that its value is secret; a reference to a secret is none."""
    if not path or (isinstance(value, str) and value.startswith("arn:")):
        return False
    return _SECRET_FIELD.fullmatch(path[-1].lower()) is not None


def _sensitive(path: tuple[str, ...]) -> bool:
    if not path:
        return False
    parts = [part.lower() for part in path]
    last = parts[-1]
    if last in _SECRET_FIELDS or ("environment" in parts and last == "value"):
        return True
    if len(parts) > 1 and parts[-2] in _SECRET_MAPS:
        return True
    for index, part in enumerate(parts[:-1]):
        if part in _FREE_NAMES and last not in ("name", "key"):
            return _SECRET_NAME.search(parts[index + 1]) is not None
    return False

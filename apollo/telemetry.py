"""What Apollo says about itself: log lines with their context, safe to print and free of secrets."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal, TextIO
from urllib.parse import quote

from apollo.errors import ApolloError

__all__ = [
    "FIELDS",
    "Format",
    "JsonFormatter",
    "TextFormatter",
    "answered",
    "bind",
    "escape",
    "hide",
    "last_request",
    "redact",
    "setup",
]

Format = Literal["auto", "text", "json"]

FIELDS: Final = ("environment", "app", "key", "commit", "reconcile", "request_id", "code")
"""What a line may carry beside its message, from `bind` or from ``extra=``. ``reconcile`` names one look at
a group and what came of it, ``request_id`` a request to AWS, as CloudTrail does; ``code`` is an error's."""

MASK: Final = "***"

# ── what must not be seen ────────────────────────────────────────────────────────────────────────────────

_NAME = (
    r"[\w.-]{0,80}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|signature)[\w.-]{0,80}+"
)
_VALUE = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|[^\s,;&"'})\]]+)"""
_SECRETS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), mask)
    for pattern, mask in (
        # PEM blocks, to their end or to the end of the text
        (r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", MASK),
        (r"(?<=://)(?!git@)[^\s/]*@", f"{MASK}@"),  # user and password of a URL
        (r"\b(authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"',}]+", rf"\1{MASK}"),
        (r"\b(Bearer|Basic)\s+[A-Z0-9+/=._~-]{8,}", rf"\1 {MASK}"),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", MASK),  # JWT
        (r"(?-i:\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)", MASK),  # AWS access key ids
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|AGE-SECRET-KEY-)[\w-]{10,}", MASK),
        # {"name": "DB_PASSWORD", "value": …}: how ECS writes environment variables
        (
            rf"""(\bname["']?\s*[:=]\s*["']?{_NAME}["']?\s*,\s*["']?value["']?\s*[:=]\s*){_VALUE}""",
            rf"\1{MASK}",
        ),
        # DB_PASSWORD=…, "apiKey": …, token: …; but an ARN after or around the name is only a reference
        (rf"""(?<![\w:/.-])({_NAME}["']?\s*[:=]\s*)(?!["']?arn:){_VALUE}""", rf"\1{MASK}"),
    )
)
_hidden: set[str] = set()


def hide(secret: str) -> None:
    """From now on no log line shows this value (a git credential, say), as it is or as part of a URL."""
    if len(secret) >= 4:
        _hidden.update({secret, quote(secret, safe="")})


def redact(text: str) -> str:
    """``text`` without what is hidden and without what looks like a secret."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text


_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def escape(text: str) -> str:
    """``text`` on one line and harmless to a terminal: control characters, line ends and the characters that
    turn the direction of writing are written out as ``\\x1b`` or ``\\u202e``."""
    return _UNPRINTABLE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    character = found.group()
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if short:
        return short
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


_LONGEST: Final = 8_000
"""Characters of one text in a line at most: CloudWatch cuts what is too long into pieces that are no JSON."""


def _safe(value: object) -> str:
    # Redacted as a whole, so that no cut goes through a secret.
    text = escape(redact(str(value)))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more characters)"


# ── context ──────────────────────────────────────────────────────────────────────────────────────────────

_context: ContextVar[Mapping[str, object]] = ContextVar("apollo_log_context", default={})  # noqa: B039


@contextlib.contextmanager
def bind(**fields: object) -> Iterator[None]:
    """Every line logged inside, by whatever this task starts, carries these `FIELDS`. None takes one away."""
    merged = {name: value for name, value in {**_context.get(), **fields}.items() if value is not None}
    token = _context.set(merged)
    try:
        yield
    finally:
        _context.reset(token)


_request: ContextVar[str] = ContextVar("apollo_aws_request", default="")


def answered(request_id: str) -> None:
    """AWS answered a request of this task; an empty text forgets it."""
    _request.set(request_id)


def last_request() -> str:
    """AWS's id of the request that this task got an answer to, for the line that tells of it."""
    return _request.get()


def _fields(record: logging.LogRecord) -> dict[str, str]:
    context = _context.get()
    found = {name: record.__dict__.get(name, context.get(name)) for name in FIELDS}
    error = record.exc_info[1] if record.exc_info else None
    if found["code"] is None and isinstance(error, ApolloError):
        found["code"] = error.code
    if found["request_id"] is None:
        found["request_id"] = getattr(error, "request_id", None)
    return {name: _safe(value) for name, value in found.items() if value not in (None, "")}


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a wrong argument in a log call must not cost the line
        return f"{record.msg} {record.args}"


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


class JsonFormatter(logging.Formatter):
    """One JSON object per line: ``ts`` (UTC), ``level``, ``logger``, ``msg``, the `FIELDS`, ``error``, and
    ``trace`` for errors that Apollo did not raise on purpose."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "ts": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": _safe(_message(record)),
            **_fields(record),
        }
        error = _error(record)
        if error is not None:
            line["error"] = _safe(f"{type(error).__name__}: {error}")
            if not isinstance(error, ApolloError):
                frames = "".join(traceback.format_exception(error)).rstrip().split("\n")
                line["trace"] = [_safe(frame) for frame in frames]
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """``12:00:01 INFO  [stage Service/web 1a2b3c4] message``: for people, in local time.

    :param traces: whether errors that Apollo did not raise on purpose show their stack.
    """

    def __init__(self, *, traces: bool = False) -> None:
        super().__init__()
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        fields = _fields(record)
        names = ("environment", "app") if "key" not in fields else ("environment", "key")
        where = [fields[name] for name in names if name in fields]
        if "commit" in fields:
            where.append(fields["commit"][:7])
        line = f"{at:%H:%M:%S} {record.levelname:<7} "
        line += f"[{' '.join(where)}] " if where else ""
        line += _safe(_message(record))
        error = _error(record)
        if error is not None:
            line += f": {_safe(error) or type(error).__name__}"
        if "code" in fields:
            line += f" [{fields['code']}]"
        if isinstance(error, ApolloError):
            line += f"\n  hint: {_safe(error.hint)}" if error.hint else ""
        elif error is not None and self._traces:
            frames = "".join(traceback.format_exception(error)).rstrip().split("\n")
            line += "".join(f"\n  {_safe(frame)}" for frame in frames)
        return line


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that `setup` finds it again. A closed pipe or a full disk below the log stops nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        pass


def setup(
    level: int | str = "INFO",
    format: Format = "auto",  # noqa: A002
    stream: TextIO | None = None,
) -> None:
    """Send log lines to ``stream`` (default: stderr). For a process of our own: an application that embeds
    Apollo configures logging itself.

    :param level: of Apollo's loggers; other libraries are heard from WARNING on.
    :param format: ``auto`` is text on a terminal and JSON elsewhere.
    :raises ValueError: for a level that does not exist.
    """
    stream = stream if stream is not None else sys.stderr
    root, ours = logging.getLogger(), logging.getLogger("apollo")
    ours.setLevel(level.upper() if isinstance(level, str) else level)
    text = format == "text" or (format == "auto" and stream.isatty())
    handler = _Handler(stream)
    handler.setFormatter(TextFormatter(traces=ours.level <= logging.DEBUG) if text else JsonFormatter())
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)

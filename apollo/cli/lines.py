"""What a command says where stderr is a log of JSON lines: one event a line, its end included."""

from __future__ import annotations

import logging
import sys
from typing import Literal

from attrs import evolve

from apollo.cli.text import tell
from apollo.errors import ApolloError, LoadError, Problem

__all__ = ["are_json", "log_error", "said", "say_line"]

_log = logging.getLogger("apollo.cli")


def are_json(log_format: Literal["auto", "text", "json"]) -> bool:
    """Whether log lines are JSON, as `apollo.telemetry.setup` decides."""
    return log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())


def say_line(text: str, *, lines: bool) -> None:
    """A remark: a line of the log, or plain text on a terminal."""
    if lines:
        _log.info("%s", text)
    else:
        tell(text)


def log_error(error: BaseException) -> int:
    """Write why the command ends; its exit code."""
    if isinstance(error, LoadError) and error.problems:
        for problem in error.problems:
            _log.error("%s", _problem(problem), extra={"code": problem.code})
    elif isinstance(error, ApolloError):
        _log.error("%s", said(error), extra={"code": error.code})
    elif isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        _log.error("%s%s", where, error.strerror, extra={"code": "APO-CLI-002"})
    else:
        _log.error("internal error", exc_info=error, extra={"code": "APO-CLI-003"})
    return 1


def said(error: ApolloError) -> str:
    """An error on one line."""
    if isinstance(error, LoadError) and error.problems:
        return "; ".join(map(_problem, error.problems))
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _problem(problem: Problem) -> str:
    text = str(evolve(problem, excerpt="", hint=""))
    return f"{text} ({problem.hint})" if problem.hint else text

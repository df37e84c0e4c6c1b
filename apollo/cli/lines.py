"""What a command says where stderr is a log of JSON lines: one event a line, its end included."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Literal

from attrs import evolve

from apollo.cli.text import tell
from apollo.errors import ApolloError, LoadError, Problem

__all__ = ["are_json", "log_error", "said", "say_line", "take_all"]

_log = logging.getLogger("apollo.cli")


def are_json(log_format: Literal["auto", "text", "json"]) -> bool:
    """Whether log lines are JSON, as `apollo.telemetry.setup` decides."""
    return log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())


def take_all() -> None:
    """Lines of the log, too: Python's warnings, and what ends a thread or is raised where nobody can hear it.
    Python would print them over several lines."""
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unheard


def _thread_ended(what: threading.ExceptHookArgs) -> None:
    if what.exc_type is not SystemExit:
        name = what.thread.name if what.thread is not None else "?"
        _log.error("an error ended the thread %s", name, exc_info=what.exc_value)


def _unheard(what: sys.UnraisableHookArgs) -> None:
    _log.error("an error that nobody could hear of: %s", what.err_msg or "-", exc_info=what.exc_value)


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

"""The one place where an error becomes an exit code and a few lines that a person can act on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from apollo.cli.text import Paint, clean, clean_lines, paint_for, say, silence, tell

__all__ = ["INTERRUPTED", "State", "guarded", "show_problem"]

INTERRUPTED = 130


class State:
    """What the boundary must know of a command line even when it failed half-way through."""

    def __init__(self) -> None:
        self.output = "text"
        self.debug = bool(os.environ.get("APOLLO_DEBUG", "") not in ("", "0"))
        self.lines = False
        """Whether stderr is a log of JSON lines: then an error is one of them."""
        self.profile: str | None = None
        self.region: str | None = None


def guarded(state: State, action: Callable[[], Any]) -> int:
    """Run a command; its exit code, whatever happens. Nothing but ``SystemExit`` leaves this function."""
    try:
        code = action()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _usage(state, error)
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted")
        return INTERRUPTED
    except BaseExceptionGroup as group:
        return _failed(state, _innermost(group))
    except Exception as error:
        return _failed(state, error)


def _innermost(group: BaseException) -> BaseException:
    """The error to report out of a task group's groups: one raised on purpose, if there is any."""
    from apollo.errors import ApolloError

    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, ApolloError)), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _usage(state: State, error: click.ClickException) -> int:
    # click would exit with 2, which here means "there are changes".
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        tell(clean_lines(error.format_message()))
        return 1
    paint = paint_for(sys.stderr)
    message = " ".join(error.format_message().split())
    tell(f"{paint.red('error:')} {clean(message)}")
    context = getattr(error, "ctx", None)
    if context is not None:
        tell(f"  hint: {context.command_path} --help")
    _machine(state, [_entry("APO-CLI-001", message, "")])
    return 1


def _failed(state: State, error: BaseException) -> int:
    from apollo.errors import ApolloError, LoadError

    paint = paint_for(sys.stderr)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        tell("interrupted")
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        return _usage(state, error)
    if state.lines:
        from apollo.cli.lines import log_error

        log_error(error)
    out = _nothing if state.lines else tell
    if isinstance(error, LoadError) and error.problems:
        for problem in error.problems:
            out(show_problem(problem, paint))
        if len(error.problems) > 1:
            out(f"{len(error.problems)} problems")
        from apollo.engine.plan import problem_dict

        _machine(state, [problem_dict(problem) for problem in error.problems])
    elif isinstance(error, ApolloError):
        out(f"{paint.red('error:')} {clean_lines(error.message)} {paint.dim(f'[{error.code}]')}")
        if error.hint:
            out(f"  hint: {clean_lines(error.hint)}")
        _machine(state, [_entry(error.code, error.message, error.hint)])
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
        try:
            sys.stdout.flush()
        except OSError:
            text = f"the output cannot be written: {text}"
            silence(sys.stdout)
        out(f"{paint.red('error:')} {clean(text)} {paint.dim('[APO-CLI-002]')}")
        _machine(state, [_entry("APO-CLI-002", text, "")])
    else:
        text = f"internal error: {type(error).__name__}: {error}"
        out(f"{paint.red(clean(text))}")
        out("  hint: this is a bug in Apollo: please report it, with the output of --debug")
        _machine(state, [_entry("APO-CLI-003", text, "report this with the output of --debug")])
    if state.debug:
        import traceback

        out(clean_lines("".join(traceback.format_exception(error))))
    return 1


def _nothing(text: str = "") -> None:
    return None


def show_problem(problem: Any, paint: Paint) -> str:
    """One finding in a user's file: place, message, code, the line with a caret, the remedy."""
    where = ":".join(str(part) for part in (problem.file, problem.line or "", problem.column or "") if part)
    label = paint.yellow("warning:") if problem.severity == "warning" else paint.red("error:")
    head = f"{paint.bold(clean(where))}: " if where else ""
    path = f"{clean(problem.path)}: " if problem.path else ""
    text = f"{head}{label} {path}{clean_lines(problem.message)} {paint.dim(f'[{problem.code}]')}"
    if problem.excerpt:
        text += "\n" + clean_lines(problem.excerpt)
    if problem.hint:
        text += f"\n  hint: {clean_lines(problem.hint)}"
    return text


def _entry(code: str, message: str, hint: str) -> dict[str, str]:
    return {"code": code, "message": message, "hint": hint}


def _machine(state: State, errors: list[Any]) -> None:
    """With ``-o json|yaml`` a program reads stdout: it gets the error as data, too."""
    if state.output not in ("json", "yaml"):
        return
    from apollo.cli.output import as_json

    # JSON is YAML: one writer serves both, and needs nothing that may be what failed.
    say(as_json({"apiVersion": "apollo/v1", "kind": "Error", "errors": errors}))

"""Command lines that cannot be run here are read as `apollo` would read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from apollo.cli.main import cli
from tests.docs.blocks import ROOT

__all__ = ["problem_of", "simple_commands"]

_SEPARATORS = {"&&", "||", ";", "|", "&", "(", ")"}


def simple_commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a shell line, without redirections, assignments and comments."""
    lexer = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    skip = False
    for token in lexer:
        if token in _SEPARATORS:
            if words:
                yield words
            words = []
        elif set(token) <= set("<>&"):
            skip = True
        elif skip:
            skip = False
        elif words or not re.fullmatch(r"[A-Z_]+=.*", token):
            words.append(token)
    if words:
        yield words


def problem_of(words: list[str], *, partly: bool = False) -> str:
    """Why a simple command cannot be meant so; empty when it can.

    :param partly: a mention in a sentence, which may leave arguments out.
    """
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        return "" if set(words[1:]) <= targets else f"there is no such target: {words[1:]}"
    return _apollo(words[1:], partly) if words[0] == "apollo" else ""


def _apollo(words: list[str], partly: bool) -> str:
    command: click.Command = cli
    context = click.Context(cli, info_name="apollo")
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"there is no command {rest[0]!r}"
        context = click.Context(found, parent=context, info_name=rest.pop(0))
        command = found
    try:
        if partly:
            known = {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
            unknown = [word for word in rest if word.startswith("-") and word.split("=")[0] not in known]
            return f"{context.command_path} has no option {unknown}" if unknown else ""
        if isinstance(command, click.Group) and rest[:1] in (["--help"], ["-h"], ["--version"], ["-V"]):
            return ""
        command.make_parser(context).parse_args(rest)
    except click.UsageError as error:
        return error.format_message()
    return ""

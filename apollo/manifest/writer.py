"""Plain data as YAML that every reader takes for the same: block style, and quotes wherever a reader of
YAML 1.1 or 1.2 might see something else than text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from apollo.manifest.scalars import ambiguous

__all__ = ["emit", "scalar"]

_PLAIN = re.compile(r"[A-Za-z0-9_./+$(*)^~;<=]?[A-Za-z0-9_./+$@(*)^~;<=>:,#%&!?|\\ -]*")
_FIRST = re.compile(r"[A-Za-z0-9_./$(+^~;<=]")
_INDENT = "  "
_LONG_KEY = 120
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def emit(documents: Iterable[Any] | Mapping[str, Any]) -> str:
    """YAML text of one mapping, or of a list of documents. Reads back as equal data (tuples as lists).

    :raises ValueError: for what no manifest can hold: a number that is not finite, a lone surrogate, a key
        that is not text.
    """
    every = [documents] if isinstance(documents, Mapping) else list(documents)
    texts = []
    for document in every:
        lines = _block(document, "")
        texts.append("\n".join(lines) + "\n")
    return "---\n".join(texts)


def _block(value: Any, indent: str) -> list[str]:
    """The lines of a value that stands on lines of its own."""
    if isinstance(value, Mapping) and value:
        lines = []
        for name, item in value.items():
            if not isinstance(name, str):
                raise ValueError(f"a key has to be text, not {name!r}")
            key = scalar(name)
            if len(key) > _LONG_KEY:
                lines += [f"{indent}? {key}", *_after(f"{indent}:", item, indent)]
            else:
                lines += _after(f"{indent}{key}:", item, indent)
        return lines
    if isinstance(value, list | tuple) and value:
        lines = []
        for item in value:
            if isinstance(item, Mapping | list | tuple) and item:
                below = _block(item, indent + _INDENT)
                lines += [f"{indent}- {below[0][len(indent) + 2 :]}", *below[1:]]
            else:
                lines += _after(f"{indent}-", item, indent)
        return lines
    return _after(indent, value, indent[:-2])


def _after(head: str, value: Any, indent: str) -> list[str]:
    """``head`` with a value behind it or below it."""
    if isinstance(value, Mapping) and value:
        return [head, *_block(value, indent + _INDENT)]
    if isinstance(value, list | tuple) and value:
        return [head, *_block(value, indent + _INDENT)]
    space = " " if head.strip() else ""
    if isinstance(value, str) and "\n" in value and _literal(value):
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        chomp = "-" if ends == 0 else "" if ends == 1 else "+"
        lines = [f"{indent}{_INDENT}{line}" if line else "" for line in body.split("\n")]
        return [f"{head}{space}|{chomp}", *lines, *[""] * (ends - 1)]
    return [f"{head}{space}{scalar(value)}"]


def _literal(text: str) -> bool:
    """Whether a text of several lines can stand as it is in a block."""
    lines = text.split("\n")
    return (
        bool(text.strip("\n"))
        and not lines[0].startswith((" ", "\t"))
        and bool(lines[0])
        and all(line == line.rstrip() and all(char.isprintable() for char in line) for line in lines)
    )


def scalar(value: Any) -> str:
    """One value on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number that is not finite has no place in a manifest")
        text = repr(value)
        mantissa, exponent, power = text.partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}" if exponent else text
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise ValueError(f"{type(value).__name__} has no place in a manifest")


def _text(text: str) -> str:
    if _is_plain(text):
        return text
    if all(char.isprintable() for char in text):
        return "'" + text.replace("'", "''") + "'" if "\\" in text or "'" not in text else _double(text)
    return _double(text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and bool(text)
        and _FIRST.match(text) is not None
        and text == text.strip()
        and ": " not in text
        and not text.endswith(":")
        and " #" not in text
        and not text.startswith(("<<", "..."))
        and not ambiguous(text)
    )


def _double(text: str) -> str:
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        elif 0xD800 <= ord(char) <= 0xDFFF:
            raise ValueError("a lone surrogate has no place in a manifest")
        elif ord(char) > 0xFFFF:
            out.append(f"\\U{ord(char):08X}")
        else:
            out.append(f"\\u{ord(char):04X}")
    return '"' + "".join(out) + '"'

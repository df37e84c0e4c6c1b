"""What a plain scalar means: the core schema of YAML 1.2, and nothing else.

No timestamps, no ``yes``/``on``, no octal ``010``, no base sixty: those are text (``010`` is ten where a
number is wanted). Text is kept beside the value, because the field decides which of the two it takes.
"""

from __future__ import annotations

import re

__all__ = ["Scalar", "ambiguous", "resolve"]

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")

_YAML_11 = re.compile(
    r"""(?:y|n|yes|no|on|off)                               # booleans
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?    # base sixty
      | [-+]?0b[01_]+ | [-+]?0x[0-9a-f_]+ | [-+]?0o?[0-7_]+
      | [-+]?[0-9][0-9_,]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)? | [-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?
      | \d{4}-\d\d?-\d\d?.*                                 # dates and times
      | = | <<
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. May be an infinite float or an int of any size up to 4,000 digits; a
    longer one comes back as an infinite float, since nothing that counts is that large."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS:
        return text
    if _INT.fullmatch(text):
        return int(text) if len(text) <= 4000 else float("inf")
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OTHER_INT.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _INF.fullmatch(text):
        return float("-inf") if text[0] == "-" else float("inf")
    if _NAN.fullmatch(text):
        return float("nan")
    return text


def ambiguous(text: str) -> bool:
    """Whether a reader of YAML 1.1 or 1.2 would take this plain scalar for something else than text."""
    return not isinstance(resolve(text), str) or _YAML_11.fullmatch(text) is not None

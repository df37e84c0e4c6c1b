"""The values of a rule's conditions: how many there may be, and of which letters.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.compare.listener_rule import CONFIGS
from apollo.resources.checks.values import error, unrendered

__all__ = ["problems"]

_MOST = 5
"""Values of one rule, and wildcards of one rule."""
_LEGACY = ("host-header", "path-pattern")
_WILD = ("host-header", "path-pattern", "http-header", "query-string")
_LETTERS = {
    "host-header": re.compile(r"[A-Za-z0-9.*?-]{1,128}"),
    "path-pattern": re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*?-]{1,128}"),
    "http-request-method": re.compile(r"[A-Z_-]{1,40}"),
}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")


def problems(conditions: Any) -> Iterator[Problem]:
    total, wild, regex = 0, 0, False
    for index, condition in enumerate(conditions if isinstance(conditions, list | tuple) else ()):
        field = condition.get("field") if isinstance(condition, Mapping) else None
        name = CONFIGS.get(field) if isinstance(field, str) else None
        if not isinstance(field, str) or is_unknown(field):
            continue
        path = f"/conditions/{index}"
        if name is None:
            hint = f"one of {', '.join(CONFIGS)}"
            yield error("APO-RULE-003", f"there are no conditions on '{field}'", f"{path}/field", hint)
            continue
        if any(other in condition for other in CONFIGS.values() if other != name):
            continue  # a finding of its own
        config = condition.get(name)
        config = config if isinstance(config, Mapping) else {}
        plain = condition.get("values")
        if plain and field not in _LEGACY:
            yield error("APO-RULE-008", f"values of a condition on {field} go into {name}", f"{path}/values")
        if plain and config:
            yield error("APO-RULE-008", f"values and {name} exclude each other", f"{path}/values")
        where = f"{path}/{name}" if config else path
        given = config.get("values") if config else plain
        patterns = config.get("regexValues") or condition.get("regexValues") or ()
        if not given and not patterns and not config.get("ipAddressType"):
            yield error("APO-RULE-008", f"the condition on {field} has no values", where)
        if given and patterns:
            message = "values and regexValues exclude each other"
            yield error("APO-RULE-008", message, f"{where}/regexValues")
        regex = regex or bool(patterns)
        members = [*(given if isinstance(given, list | tuple) else ()), *patterns]
        total += len(members) + bool(config.get("ipAddressType"))
        if field in _WILD:
            wild += sum(len(re.findall(r"(?<!\\)[*?]", text)) for text in _texts(given))
        yield from _letters(field, config, given, where)
    if total > _MOST:
        message = f"a rule has at most {_MOST} values in all its conditions, not {total}"
        yield error("APO-RULE-009", message, "/conditions", "make two rules of it")
    if wild > _MOST and not regex:
        message = f"a rule has at most {_MOST} wildcards in all its conditions, not {wild}"
        yield error("APO-RULE-009", message, "/conditions", "make two rules of it")


def _texts(given: Any) -> Iterator[str]:
    for one in given if isinstance(given, list | tuple) else ():
        parts = one.values() if isinstance(one, Mapping) else (one,)
        yield from (text for text in parts if isinstance(text, str) and not is_unknown(text))


def _letters(field: str, config: Mapping[str, Any], given: Any, where: str) -> Iterator[Problem]:
    letters = _LETTERS.get(field)
    if field == "http-header":
        header = config.get("httpHeaderName")
        if not header:
            yield error("APO-RULE-010", "a condition on a header says which: httpHeaderName", where)
        elif isinstance(header, str) and not is_unknown(header):
            if not _HEADER.fullmatch(header):
                yield error(
                    "APO-RULE-010", f"'{header[:60]}' is no name of a header", f"{where}/httpHeaderName"
                )
            elif header.lower() == "host":
                hint = "field: host-header, with hostHeaderConfig"
                message = "the header Host has a condition of its own"
                yield error("APO-RULE-010", message, f"{where}/httpHeaderName", hint)
    for index, text in enumerate(given if isinstance(given, list | tuple) else ()):
        if not isinstance(text, str) or is_unknown(text) or unrendered(text):
            continue
        at = f"{where}/values/{index}"
        if letters is not None and not letters.fullmatch(text):
            yield error("APO-RULE-010", f"'{text[:60]}' cannot be a value of {field}", at, _hint(field, text))
        elif field == "source-ip" and not _block(text):
            yield error(
                "APO-RULE-010", f"'{text[:60]}' is no block of addresses", at, "10.0.0.0/16, 10.1.2.3/32"
            )
        elif letters is None and not 1 <= len(text) <= 128:
            yield error("APO-RULE-010", "a value has 1 to 128 characters", at)


def _hint(field: str, text: str) -> str:
    if field == "host-header" and "://" in text:
        return "the host alone, without https:// and path"
    return "methods are in capital letters" if field == "http-request-method" else ""


def _block(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text

"""What a controller may answer: an answer of another form is the plugin's fault, and is said to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from apollo.api import (
    Call,
    Denied,
    Forecast,
    Health,
    Identity,
    Ignored,
    Key,
    Owned,
    Problem,
    Ref,
    Step,
    Terminal,
    Wait,
)

__all__ = ["checked", "checked_owned"]

Check = Callable[[str, Any], Any]


def _wrong(wanted: str, got: object) -> TypeError:
    return TypeError(f"{wanted} is expected, and it answered {_shown(got)}")


def _shown(got: object) -> str:
    return "None" if got is None else f"an object of type {type(got).__name__}"


def _one(*types: type, none: bool = True) -> Check:
    names = " or ".join([*(one.__name__ for one in types), *(["None"] if none else [])])

    def check(kind: str, got: Any) -> Any:
        if isinstance(got, types) or (none and got is None):
            return got
        raise _wrong(names, got)

    return check


def _many(type_: type) -> Check:
    def check(kind: str, got: Any) -> Any:
        if got is None or isinstance(got, str | bytes | Mapping) or not isinstance(got, Iterable):
            raise _wrong(f"several {type_.__name__}", got)
        found = tuple(got)
        for one in found:
            if not isinstance(one, type_):
                raise _wrong(f"several {type_.__name__}", one)
        return found

    return check


def _mapping(key: type, value: type) -> Check:
    def check(kind: str, got: Any) -> Any:
        if not isinstance(got, Mapping):
            raise _wrong("a mapping", got)
        for name, item in got.items():
            if not isinstance(name, key) or not isinstance(item, value):
                raise _wrong(f"a mapping of {key.__name__} to {value.__name__}", item)
        return dict(got)

    return check


def _steps(kind: str, got: Any) -> Any:
    found = _many(Step)(kind, got)
    for step in found:
        call = step.call
        named = isinstance(call, Call) and isinstance(call.service, str) and isinstance(call.operation, str)
        if not named or not isinstance(call.params, Mapping):
            raise _wrong("steps with a Call of service, operation and parameters", call)
        if not isinstance(step.target, Key) or step.target.kind != kind:
            raise TypeError(f"a step of it is for {step.target}, which is none of its own")
    return found


_CHECKS: Final[Mapping[str, Check]] = {
    "identity": _one(Identity),
    "references": _many(Ref),
    "provides": _many(str),
    "requires": _many(str),
    "check": _many(Problem),
    "check_beside": _many(Problem),
    "diff": _steps,
    "diff_group": _steps,
    "conflicts": _mapping(Key, Denied),
    "outputs": _mapping(str, str),
    "lasting": _mapping(str, str),
    "owner": _one(str),
    "settled": _one(Wait),
    "health": _one(Health, none=False),
    "rejected": _one(str),
    "ignored": _many(Ignored),
    "forecast": _one(Forecast),
    "group": _one(str),
    "act": _one(Mapping, none=False),
    "durations": _many(float),
    "owned": _many(Owned),
    "verify": _many(Problem),
}


def checked(origin: str, kind: str, method: str, got: Any) -> Any:
    """An answer in the form the contract names.

    :raises Terminal: reason ``PluginFault``.
    """
    check = _CHECKS.get(method)
    if check is None:
        return got
    try:
        return check(kind, got)
    except Exception as error:  # iterating over it may run the plugin's code
        raise Terminal(
            f"kind {kind} of {origin}: {method} is broken: {error}",
            code="APO-PLUGIN-011",
            hint="report this to the author of the kind",
            reason="PluginFault",
        ) from None


def checked_owned(origin: str, kind: str, got: Any) -> tuple[Owned, ...]:
    """What is listed as ours must be of the kind that lists it: it may be pruned."""
    found: tuple[Owned, ...] = checked(origin, kind, "owned", got)
    strange = next((one for one in found if one.key.kind != kind), None)
    if strange is not None:
        raise Terminal(
            f"kind {kind} of {origin}: owned lists {strange.key}, which is none of its own",
            code="APO-PLUGIN-011",
            hint="report this to the author of the kind",
            reason="PluginFault",
        )
    return found

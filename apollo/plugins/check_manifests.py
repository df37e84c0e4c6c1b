"""A kind tried on example manifests, without AWS: what has to be pure is, and its calls can be sent."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from apollo.api import Controller, Key, Resource, Step
from apollo.aws.models import iam_action, wrong_with
from apollo.plugins.check_findings import Finding, judged

__all__ = ["examples", "granted"]

_TOUCHED: Final[Mapping[str, str]] = {
    "open": "opens a file",
    "socket.connect": "opens a connection",
    "socket.getaddrinfo": "asks for an address",
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "time.sleep": "sleeps",
}


class _Purity:
    """Notices what leaves the process while a function runs in this thread. An audit hook cannot be taken
    out again, so there is one, and it looks only while somebody watches."""

    def __init__(self) -> None:
        self._watched = threading.local()
        self._hooked = False

    def watch(self, function: Callable[[], Any]) -> tuple[Any, list[str]]:
        """What a function returns, and what it touched."""
        if not self._hooked:
            sys.addaudithook(self._heard)
            self._hooked = True
        touched: list[str] = []
        self._watched.touched = touched
        try:
            return function(), touched
        finally:
            self._watched.touched = None

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        touched = getattr(self._watched, "touched", None)
        if touched is not None and event in _TOUCHED:
            touched.append(f"{_TOUCHED[event]} ({', '.join(map(str, arguments[:1]))})")


_purity: Final = _Purity()


def granted(action: str, permissions: frozenset[str]) -> bool:
    """Whether IAM actions, perhaps with wildcards, allow this one."""
    return any(fnmatchcase(action.lower(), one.lower()) for one in permissions)


def examples(controller: Controller[Any, Any], resources: list[Resource[Any]]) -> Iterator[Finding]:
    """The checks of one kind, over its resources of the example manifests."""
    kind = controller.kind
    pure = "it is asked often and in any order: AWS is asked in observe, and nothing else"
    where: list[str] = []
    steps: list[Step] = []
    wrong: dict[str, list[str]] = {"identity": [], "diff": []}
    for resource in resources:
        key = str(resource.key)
        identity = _twice(wrong["identity"], key, _identity(controller, resource))
        where.append(f"{key} is {identity}" if identity is not None else f"{key} has the name that AWS gives")
        planned = _twice(wrong["diff"], key, _creation(controller, resource))
        steps += planned or ()
        if planned is not None and not planned:
            wrong["diff"].append(f"{key}: nothing would be done to make it")
    yield judged(kind, "identity is pure and stable", wrong["identity"], pure, "; ".join(where[:3]))
    foreign = [f"a step for {step.target}" for step in steps if step.target.kind != kind]
    said = ", ".join(dict.fromkeys(step.call.operation for step in steps))
    yield judged(kind, "diff makes it", [*wrong["diff"], *foreign], pure, said)
    yield judged(
        kind,
        "calls can be sent",
        _unsendable(steps),
        "the parameters are AWS's own, as boto3 takes them",
        said,
    )
    yield judged(
        kind,
        "calls are permitted",
        _unpermitted(controller, steps),
        "add the action to permissions and write_permissions",
        "by permissions and write_permissions",
    )


def _identity(controller: Controller[Any, Any], resource: Resource[Any]) -> Callable[[], Any]:
    return lambda: controller.identity(resource.spec, resource.env)


def _creation(controller: Controller[Any, Any], resource: Resource[Any]) -> Callable[[], Any]:
    return lambda: list(controller.diff(resource, None))


def _twice(wrong: list[str], key: str, function: Callable[[], Any]) -> Any:
    """What a pure function answers; twice the same, and from memory."""
    try:
        first = function()  # it may still import something
        second, touched = _purity.watch(function)
    except Exception as error:  # a stranger's code
        wrong.append(f"{key}: {type(error).__name__}: {error}")
        return None
    if first != second:
        wrong.append(f"{key}: asked twice it answers {_brief(first)} and {_brief(second)}")
    wrong += [f"{key}: it {what}" for what in dict.fromkeys(touched)]
    return first


def _brief(value: Any) -> str:
    """Short enough for a line; a plan's parameters may hold secrets and are not shown."""
    return str(value) if not isinstance(value, list) else f"{len(value)} steps"


def _unsendable(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        why = wrong_with(step.call.service, step.call.operation, step.call.params)
        if why:
            yield f"{_named(step.target)}{step.call.operation}: {why}"


def _unpermitted(controller: Controller[Any, Any], steps: list[Step]) -> Iterator[str]:
    for step in steps:
        action = iam_action(step.call.service, step.call.operation)
        if action is None:
            continue
        if not granted(action, controller.permissions):
            yield f"{action} is not among permissions"
        elif not granted(action, controller.write_permissions):
            yield f"{action} is not among write_permissions"


def _named(key: Key) -> str:
    return f"{key}: "

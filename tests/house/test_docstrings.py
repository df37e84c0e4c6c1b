"""Whoever imports Apollo finds out from the code what a name means."""

from __future__ import annotations

import importlib
import inspect

import pytest

STILL_SILENT = {"Fault.matches", "Faults.judge"}
"""Methods that only the local AWS itself calls. May only become fewer."""


@pytest.mark.parametrize(
    "module", ["apollo.api", "apollo.compare", "apollo.reads", "apollo.testing", "apollo.errors"]
)
def test_public_names_say_what_they_mean(module: str) -> None:
    room = importlib.import_module(module)
    silent = []
    for name in room.__all__:
        item = getattr(room, name)
        if not (inspect.isclass(item) or inspect.isfunction(item)):
            continue
        if not inspect.getdoc(item):
            silent.append(name)
        if not inspect.isclass(item) or not item.__module__.startswith("apollo"):
            continue
        for method, value in vars(item).items():
            function = value.fget if isinstance(value, property) else value
            if (
                method.startswith("_")
                or not inspect.isfunction(function)
                or "__attrs" in function.__qualname__
            ):
                continue
            if not inspect.getdoc(getattr(item, method)) and not _speaks_for_itself(function):
                silent.append(f"{name}.{method}")
    assert [name for name in silent if name not in STILL_SILENT] == []


def _speaks_for_itself(function: object) -> bool:
    """A property or method of one line whose name and type say all: ``port -> int``, ``env -> Env``."""
    lines, _ = inspect.getsourcelines(function)  # type: ignore[arg-type]
    return len([line for line in lines if line.strip() and not line.strip().startswith("@")]) <= 9


@pytest.mark.parametrize(
    "module", ["apollo", "apollo.api", "apollo.compare", "apollo.reads", "apollo.testing"]
)
def test_public_rooms_say_what_is_public(module: str) -> None:
    room = importlib.import_module(module)
    if module != "apollo":
        assert room.__all__
    assert room.__doc__

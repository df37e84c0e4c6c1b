"""Ports and links of containers, by the network mode of their task.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.resources.checks.values import error, items, number, templated, text, warning

__all__ = ["problems"]

_PORT_NAME = r"[a-z0-9_][a-z0-9_-]{0,63}"
_RANGE = r"(\d{1,5})-(\d{1,5})"


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    mode = declared.get("networkMode") or "bridge"
    if is_unknown(mode):
        mode = ""
    names: dict[str, str] = {}
    shared: dict[tuple[object, str], str] = {}
    for container, path in items(declared, "containerDefinitions"):
        called = str(container.get("name"))
        mappings = items(container, "portMappings", path, "")
        if mode == "none" and mappings:
            message = "networkMode none leaves no network to map ports into"
            yield error("APO-TD-024", message, f"{path}/portMappings")
        if mode in ("awsvpc", "host") and container.get("links"):
            hint = "in one task, containers reach each other at localhost" if mode == "awsvpc" else ""
            yield error("APO-TD-024", f"there are no links with networkMode {mode}", f"{path}/links", hint)
        own: set[tuple[object, str]] = set()
        for port, where in mappings:
            yield from _port(port, where, mode)
            yield from _name(port, where, names, called)
            key = (_host_side(port, mode), str(port.get("protocol") or "tcp"))
            if key[0] is None:
                continue
            if key in own:
                what = "host port" if mode == "bridge" else "port"
                yield error("APO-TD-025", f"container {called} maps {what} {key[0]}/{key[1]} twice", where)
            elif key in shared:
                message = f"{shared[key]} and {called} both take port {key[0]}/{key[1]} of the same network"
                yield warning("APO-TD-026", message, where, "only the first to start will get it")
            own.add(key)
            shared.setdefault(key, called)


def _host_side(port: Mapping[str, Any], mode: str) -> object:
    """What only one container can have; None when ECS finds a free one."""
    taken = port.get("hostPort") if mode == "bridge" else port.get("containerPort")
    return taken if isinstance(taken, int) and taken else None


def _port(port: Mapping[str, Any], where: str, mode: str) -> Iterator[Problem]:
    inside, outside = number(port, "containerPort"), number(port, "hostPort")
    span = text(port, "containerPortRange")
    for field, value in (("containerPort", inside), ("hostPort", outside)):
        if value is not None and not 0 <= value <= 65535:
            yield error("APO-TD-023", f"a port is 0 to 65535, not {value}", f"{where}/{field}")
    if inside is None and port.get("containerPortRange") is None:
        yield error("APO-TD-023", "a port mapping needs containerPort or containerPortRange", where)
    if span is not None and not templated(span):
        bounds = re.fullmatch(_RANGE, span)
        if bounds is None or not 0 < int(bounds[1]) <= int(bounds[2]) <= 65535:
            yield error(
                "APO-TD-023", f"'{span}' is no range of ports", f"{where}/containerPortRange", "8080-8090"
            )
        if inside is not None or outside is not None:
            message = "containerPortRange stands alone, without containerPort and hostPort"
            yield error("APO-TD-023", message, f"{where}/containerPortRange")
    if mode in ("awsvpc", "host") and outside and inside is not None and outside != inside:
        yield error(
            "APO-TD-023",
            f"with networkMode {mode} hostPort is containerPort ({inside}), not {outside}",
            f"{where}/hostPort",
            "leave out hostPort",
        )


def _name(port: Mapping[str, Any], where: str, names: dict[str, str], called: str) -> Iterator[Problem]:
    """Names of ports are for Service Connect, which finds them in the whole task."""
    name = text(port, "name")
    if name is None or templated(name):
        return
    if not re.fullmatch(_PORT_NAME, name):
        yield error(
            "APO-TD-027",
            f"'{name[:64]}' is no name of a port",
            f"{where}/name",
            "at most 64 lower-case letters, digits, '_' and '-'; no '-' at the start",
        )
    elif name in names:
        yield error("APO-TD-027", f"a port of {names[name]} is called {name}, too", f"{where}/name")
    names.setdefault(name, called)

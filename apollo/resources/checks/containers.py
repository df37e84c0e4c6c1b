"""The containers of a task definition, one by one and among each other.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import (
    error,
    flag,
    items,
    mapping,
    nearest,
    number,
    repeated,
    templated,
    text,
    texts,
    warning,
)

__all__ = ["problems"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_MOST = 10
"""Containers of one task definition; a quota that cannot be raised.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"""
_HEALTH = (("interval", 5, 300), ("timeout", 2, 120), ("retries", 1, 10), ("startPeriod", 0, 300))
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""
_FORMS = ("CMD", "CMD-SHELL", "NONE")


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    every = items(declared, "containerDefinitions")
    if not every:
        yield error("APO-TD-001", "a task definition needs at least one container", "/containerDefinitions")
        return
    if len(every) > _MOST:
        message = f"a task definition has at most {_MOST} containers, not {len(every)}"
        yield error("APO-TD-011", message, f"/containerDefinitions/{_MOST}")
    names = [container.get("name") for container, _ in every]
    for index, name in repeated([name if isinstance(name, str) else None for name in names]):
        if name:
            yield error(
                "APO-TD-002",
                f"{names.count(name)} containers are called {name}",
                f"/containerDefinitions/{index}/name",
                "give each container a name of its own",
            )
    if all(flag(container, "essential") is False for container, _ in every):
        yield error(
            "APO-TD-003",
            "no container is essential, so nothing would keep the task running",
            "/containerDefinitions",
            "leave out essential: false at the container the task is there for",
        )
    for container, path in every:
        yield from _named(container, path)
        yield from _environment(container, path)
        yield from _health(container, path)
        yield from _rest(container, path)
    yield from _dependencies(every)
    proxy = text(mapping(declared, "proxyConfiguration"), "containerName")
    if proxy is not None and proxy not in names:
        known = [name for name in names if isinstance(name, str)]
        message = f"there is no container '{proxy}' for the proxy"
        yield warning("APO-TD-019", message, "/proxyConfiguration/containerName", nearest(proxy, known))


def _named(container: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for field in ("name", "image"):
        if not container.get(field):
            where = f"{path}/{field}" if field in container else path
            yield error("APO-TD-010", f"a container needs its {field}", where)
    name = text(container, "name")
    if name and not templated(name) and not _NAME.fullmatch(name):
        message = f"ECS takes 1 to 255 letters, digits, '_' and '-' as a container's name, not '{name[:60]}'"
        yield error("APO-TD-010", message, f"{path}/name")


def _environment(container: Mapping[str, Any], path: str) -> Iterator[Problem]:
    plain = items(container, "environment", path)
    for index, name in repeated([str(one.get("name")) for one, _ in plain]):
        message = f"the variable {name} is set twice: only one of the values counts"
        yield warning("APO-TD-018", message, f"{path}/environment/{index}/name", "keep one of them")
    # "The secret name must be unique and not shared with any new or existing environment variables" is a
    # ClientException: https://github.com/dagster-io/dagster/issues/11622,
    # https://github.com/turnerlabs/fargate/pull/41. Of secrets alone it is "Duplicate secret names found":
    # https://github.com/CircleCI-Public/aws-ecs-orb/issues/190
    taken = {one.get("name") for one, _ in plain if isinstance(one.get("name"), str)}
    for index, (secret, _) in enumerate(items(container, "secrets", path)):
        name = text(secret, "name")
        if name is not None and name in taken:
            message = f"the name of secret {name} is taken by another secret or variable of the container"
            yield error("APO-TD-018", message, f"{path}/secrets/{index}/name", "keep one of them")
        taken.add(name)


def _health(container: Mapping[str, Any], path: str) -> Iterator[Problem]:
    health = mapping(container, "healthCheck")
    if not health:
        return
    path += "/healthCheck"
    for field, low, high in _HEALTH:
        value = number(health, field)
        if value is not None and not low <= value <= high:
            yield error("APO-TD-020", f"{field} of a health check is {low} to {high}", f"{path}/{field}")
    command = health.get("command")
    if not isinstance(command, list | tuple) or not all(isinstance(one, str) for one in command):
        return
    path += "/command"
    example = 'command: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]'
    if not command or not command[0]:
        yield error("APO-TD-020", "the command of a health check is empty", path, example)
    elif command[0] not in _FORMS:
        if templated(command[0]):
            return
        message = "the command of a health check begins with CMD or CMD-SHELL; this one will not run"
        yield warning("APO-TD-021", message, f"{path}/0", example)
    elif command[0] != "NONE" and len(command) == 1:
        yield error("APO-TD-020", f"nothing stands behind {command[0]}", path, example)
    elif command[0] == "CMD-SHELL" and len(command) > 2:
        message = "CMD-SHELL takes one text; the shell runs the first, and loses the others"
        hint = "join them into one text, or begin with CMD"
        yield warning("APO-TD-021", message, f"{path}/2", hint)


def _rest(container: Mapping[str, Any], path: str) -> Iterator[Problem]:
    restart = mapping(container, "restartPolicy")
    period = number(restart, "restartAttemptPeriod")
    if period is not None and not 60 <= period <= 1800:
        message = "restartAttemptPeriod is 60 to 1800 (seconds)"
        yield error("APO-TD-022", message, f"{path}/restartPolicy/restartAttemptPeriod")
    codes = restart.get("ignoredExitCodes")
    if isinstance(codes, list | tuple) and len(codes) > 50:
        message = "at most 50 exit codes are ignored"
        yield error("APO-TD-022", message, f"{path}/restartPolicy/ignoredExitCodes/50")
    for limit, where in items(container, "ulimits", path):
        soft, hard = number(limit, "softLimit"), number(limit, "hardLimit")
        if soft is not None and hard is not None and soft > hard >= 0:
            message = f"softLimit {soft} is more than hardLimit {hard}: the container will not start"
            yield warning("APO-TD-022", message, f"{where}/softLimit")


# ── dependsOn ────────────────────────────────────────────────────────────────────────────────────────────


def _dependencies(every: list[tuple[Mapping[str, Any], str]]) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"""
    by_name = {name: one for one, _ in every if (name := text(one, "name")) is not None}
    for container, path in every:
        for dependency, where in items(container, "dependsOn", path, "containerName"):
            name, condition = text(dependency, "containerName"), text(dependency, "condition")
            if name is None:
                continue
            target = by_name.get(name)
            if target is None:
                message = f"there is no container '{name}' to depend on"
                yield error("APO-TD-016", message, f"{where}/containerName", nearest(name, by_name))
            elif condition == "HEALTHY" and not _checked(target):
                yield error(
                    "APO-TD-017",
                    f"{name} has no healthCheck, and so never becomes HEALTHY",
                    f"{where}/condition",
                    f"give {name} a healthCheck, or wait for START",
                )
            elif condition in ("COMPLETE", "SUCCESS") and flag(target, "essential") is not False:
                yield error(
                    "APO-TD-017",
                    f"{name} is essential: when it ends, the task ends, so {condition} cannot be waited for",
                    f"{where}/condition",
                    f"set essential: false at {name}",
                )
    if not any(one.get("dependsOn") for one, _ in every):
        return
    circle = _circle({name: _targets(one) & by_name.keys() for name, one in by_name.items()})
    if circle:
        path = next(path for one, path in every if one.get("name") == circle[0])
        message = f"containers wait for each other: {' → '.join(circle)}"
        yield error("APO-TD-016", message, f"{path}/dependsOn", "take one of them out")


def _checked(container: Mapping[str, Any]) -> bool:
    command = texts(mapping(container, "healthCheck"), "command")
    return bool(mapping(container, "healthCheck")) and command != ["NONE"]


def _targets(container: Mapping[str, Any]) -> set[str]:
    found = (text(one, "containerName") for one, _ in items(container, "dependsOn"))
    return {name for name in found if name is not None}


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One way round, its first member again at the end; empty when there is none."""
    done: set[str] = set()
    for start in graph:
        way: list[str] = []
        waiting: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(graph[start])))]
        while waiting:
            name, others = waiting[-1]
            if not way or way[-1] != name:
                way.append(name)
            other = next(others, None)
            if other is None:
                done.add(name)
                waiting.pop()
                way.pop()
            elif other in way:
                return [*way[way.index(other) :], other]
            elif other not in done:
                waiting.append((other, iter(sorted(graph[other]))))
    return []
